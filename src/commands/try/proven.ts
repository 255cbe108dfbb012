import type { SourceConfig } from '../../config/schema.ts'
import type { InboundRequest } from '../../domain/inbound-request.ts'
import type { Proof } from '../../domain/proof.ts'
import type { Definition } from '../../mapping/library/bind.ts'
import { createCoverage } from '../../verify/coverage.ts'
import { verifySchema } from '../../verify/schema.ts'
import { moduleVerifyOf, verifyConfigOf } from '../../wiring/verify.ts'

interface Tried {
  readonly source: SourceConfig | undefined
  readonly definition: Definition
  readonly delivery: InboundRequest
  /** Where the CMS sends, if that is known. */
  readonly url?: string | undefined
  readonly now: number
}

/** What the proof would cover if the webhook had come in: a time that is not in the headers is now. */
export function provenOf({ source, definition, delivery, url, now }: Tried): Proof | null {
  const preset = definition.verify
  const config = source
    ? verifyConfigOf(source, preset, '', [], definition, url)
    : (moduleVerifyOf(definition, {}) ?? verifySchema.safeParse(preset).data ?? null)
  const proof = config && createCoverage(config)(delivery, delivery.body)
  return proof && 'at' in proof ? { ...proof, at: proof.at ?? now } : proof
}
