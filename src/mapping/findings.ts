import { FieldError } from './field.ts'
import type { Draft, Mapping } from './mapper.ts'
import type { Findings } from './record.ts'

interface Result {
  /** Whether no record has had anything to say. */
  isEmpty(): boolean
  /** `nothing` is why, where that is so. */
  result(nothing: string): Mapping
}

/** Gathers what the records of a mapper give. Of several drafts of one item the last one stays. */
export function createFindings(mapper: string): Findings & Result {
  const drafts = new Map<string, Draft>()
  const reasons: string[] = []
  const problems: string[] = []
  return {
    add(draft) {
      const { type, id } = draft.kind === 'upsert' ? draft.fields : draft
      const key = `${type}\n${id}`
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
    isEmpty: () => drafts.size === 0 && reasons.length === 0 && problems.length === 0,
    result(nothing) {
      const isEmpty = drafts.size === 0 && problems.length === 0
      const skipped = isEmpty ? reasons.join('; ') || nothing : null
      return { drafts: [...drafts.values()], skipped, problems }
    },
  }
}
