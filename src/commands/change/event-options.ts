import { defined } from '../../api/input.ts'
import type { EventFilter, EventStatus, ReplayFilter } from '../../store/contract/store.ts'
import type { Named } from '../shared/expect-known.ts'
import { UsageError } from '../shared/failure.ts'
import type { BulkOptions } from './bulk.ts'

export interface EventOptions extends BulkOptions {
  readonly ids: readonly string[]
  readonly source?: string
  readonly status?: EventStatus
  readonly topic?: string
  readonly since?: number
  readonly until?: number
}

export interface ReplayOptions extends EventOptions {
  /** Of all that match, the newest so many. */
  readonly last?: number
  readonly diff: boolean
}

/** Which events are replayed, and at most how many. `--last` is a filter, and a bound of its own. */
export function selectionOf({ last, ...options }: ReplayOptions): {
  readonly filter: ReplayFilter
  readonly limit: number
} {
  if (last === undefined) return { filter: eventFilterOf(options, ', --last'), limit: options.limit }
  return { filter: { ...filterOf(options), last }, limit: last }
}

/** What the options name, for `expectKnown`. */
export function namedIn({ ids, source }: EventOptions): Named {
  return defined({ source, events: ids })
}

/** Throws UsageError if nothing says which events. */
export function eventFilterOf(options: EventOptions, more = ''): EventFilter {
  const filter = filterOf(options)
  if (Object.keys(filter).length > 0) return filter
  throw new UsageError(`say which events: ids, or --source, --status, --topic, --since${more}`)
}

/** The filter that options make; empty if nothing says which events. */
export function filterOf({ ids, source, status, topic, since, until }: EventOptions): EventFilter {
  return defined({ ids: ids.length > 0 ? ids : undefined, source, status, topic, since, until })
}
