export type { ItemKey } from '../../domain/item-change.ts'

/** One request to the CMS's API. */
export interface Fetch {
  readonly at: number
  readonly durationMs: number
  readonly method: string
  /** Below the base url of the source, without credentials. */
  readonly url: string
  /** HTTP status; null if there was no answer. */
  readonly status: number | null
  readonly outcome: string
  readonly error: string | null
}

export type EventStatus = 'pending' | 'waiting' | 'processed' | 'skipped' | 'failed'

export type ItemStatus = 'pending' | 'delivered' | 'dead'

export interface EventFilter {
  readonly ids?: readonly string[]
  readonly source?: string
  readonly status?: EventStatus
  readonly topic?: string
  /** Received at or after. */
  readonly since?: number
  /** Received before. */
  readonly until?: number
}

export interface ItemFilter {
  readonly seqs?: readonly number[]
  readonly destination?: string
  readonly source?: string
  readonly type?: string
  readonly id?: string
  readonly status?: ItemStatus
  readonly held?: boolean
  /** Changed at or after. */
  readonly since?: number
  readonly until?: number
}
