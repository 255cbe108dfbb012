import type { Proof } from '../../domain/proof.ts'
import { readVersion } from '../../domain/version.ts'
import type { Draft } from '../mapper.ts'
import { FieldError } from './field.ts'
import type { Findings } from './findings.ts'

/** What can be written by others than the signer, and so is not read if it would change what a body means. */
export const readsRequest = (text: string) => /\$(headers|query|path|method)\b/.test(text)
export const readsTopic = (text: string) => /\$topic\b/.test(text)

/** Why a removal is not done. It is never skipped: somebody has to look. */
export function unprovenError(what: string): FieldError {
  return new FieldError(
    `${what} is told by headers, query or path alone, which the proof does not cover, and the body does not show it: ` +
      'nothing was changed. If it is true, take the item away yourself, and let the sender put the event into the body',
  )
}

/**
 * Findings of a record that was chosen by something that the proof does not cover. Anybody who holds the body can have chosen it.
 * `shown`: the body has the shape of just this record, so it is believed. Else the time that the sender signed is the version:
 * an old recording is older than what is known. Without a time a removal is not believed.
 */
export function unprovenFindings(findings: Findings, proof: Proof, shown: boolean): Findings {
  const version = proof.at === undefined ? null : readVersion(new Date(proof.at).toISOString())
  function add(draft: Draft): void {
    const isTimed = version !== null && (!shown || draft.version === null)
    if (isTimed) findings.add({ ...draft, version, unproven: true })
    else if (draft.kind === 'upsert' || shown) findings.add(draft)
    else findings.problem(`record '${draft.record}'`, unprovenError(`the removal of '${draft.id}'`))
  }
  return { ...findings, add }
}
