import { type FetchRequest, fetchKeyOf, fetchText } from '../../domain/fetch.ts'
import { compareVersions } from '../../domain/version.ts'
import type { Draft, Mapping } from '../mapper.ts'
import { FieldError } from './field.ts'

/** What a mapping has come to so far. */
export interface Findings {
  add(draft: Draft): void
  /** Why a record gave nothing, though nothing is wrong. */
  skip(reason: string): void
  problem(where: string, error: unknown): void
  /** What has to be known first. */
  ask(request: FetchRequest): void
  /** A record that the CMS's API does not have yet as the webhook tells of it. */
  late(where: string, what: string): void
}

interface Result {
  /** Whether no record has had anything to say. */
  isEmpty(): boolean
  /** `nothing` is why, if that is so. */
  result(nothing: string): Mapping
}

/** Gathers what the records of a mapper give. Of several drafts of one item the newest stays; without versions the last. */
export function createFindings(mapper: string): Findings & Result {
  const drafts = new Map<string, Draft>()
  const reasons = new Set<string>()
  const problems: string[] = []
  const requests = new Map<string, FetchRequest>()
  const late: string[] = []
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
      reasons.add(reason)
    },
    problem(where, error) {
      if (!(error instanceof FieldError)) throw error
      problems.push(`mapper '${mapper}', ${where}: ${error.message}`)
    },
    ask(request) {
      requests.set(fetchKeyOf(request), request)
    },
    late(where, what) {
      late.push(`mapper '${mapper}', ${where}: ${what}`)
    },
    isEmpty: () => drafts.size === 0 && reasons.size === 0 && problems.length === 0 && requests.size === 0,
    result(nothing) {
      const isEmpty = drafts.size === 0 && problems.length === 0
      const skipped = isEmpty ? (waiting(requests, late) ?? (reasonOf(reasons) || nothing)) : null
      return { drafts: [...drafts.values()], skipped, problems, requests: [...requests.values()], late }
    },
  }
}

/** As many reasons as a person reads: each of very many records may have its own. */
const shownReasons = 10

function reasonOf(reasons: ReadonlySet<string>): string {
  const shown = [...reasons].slice(0, shownReasons).join('; ')
  return reasons.size > shownReasons ? `${shown}; and ${reasons.size - shownReasons} more` : shown
}

/** Why nothing came out yet; null if nothing is waited for. */
function waiting(requests: ReadonlyMap<string, FetchRequest>, late: readonly string[]): string | null {
  if (requests.size > 0) return `has to ask ${[...requests.values()].map(fetchText).join(', ')}`
  return late.length > 0 ? late.join('; ') : null
}
