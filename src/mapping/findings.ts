import { compareVersions } from '../domain/version.ts'
import { FieldError } from './field.ts'
import type { Draft, Mapping } from './mapper.ts'
import type { Findings } from './record.ts'

/** Gathers what the records of a mapper give. Of several drafts of one item the newest stays; without versions the last. */
export function createFindings(mapper: string): Findings & { result(nothing: string): Mapping } {
  const drafts = new Map<string, Draft>()
  const reasons: string[] = []
  const problems: string[] = []
  return {
    add(draft) {
      const { type, id } = draft.kind === 'upsert' ? draft.fields : draft
      const key = `${type}\n${id}`
      const order = compareVersions(draft.version, drafts.get(key)?.version ?? null)
      if (order !== null && order < 0) return // senders of batches do not sort them
      drafts.delete(key) // the last one also takes the last place
      drafts.set(key, draft)
    },
    skip(reason) {
      if (!reasons.includes(reason)) reasons.push(reason)
    },
    problem(where, error) {
      if (!(error instanceof FieldError)) throw error
      problems.push(`mapper '${mapper}', ${where}: ${error.message}`)
    },
    result(nothing) {
      const isEmpty = drafts.size === 0 && problems.length === 0
      const skipped = isEmpty ? reasons.join('; ') || nothing : null
      return { drafts: [...drafts.values()], skipped, problems }
    },
  }
}
