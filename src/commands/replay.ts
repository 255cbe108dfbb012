import type { Environment } from '../config/substitute.ts'
import { defined } from '../plugins/present.ts'
import type { EventFilter, EventStatus, ReplayFilter } from '../store/store.ts'
import { type BulkOptions, describeBulk, failCancelled, presentBulk, runBulk } from './bulk.ts'
import { showDifferences } from './differences.ts'
import { print, UsageError } from './report.ts'
import { withStore } from './with-store.ts'

export interface EventOptions extends BulkOptions {
  readonly ids: readonly string[]
  readonly source?: string
  readonly status?: EventStatus
  readonly topic?: string
  readonly since?: number
  readonly until?: number
  readonly config?: string
  readonly env: Environment
}

export interface ReplayOptions extends EventOptions {
  /** Of all that match, the newest so many. */
  readonly last?: number
  readonly diff: boolean
}

/** Puts events back to pending; a running relay finds them within seconds. Needs a filter: nothing replays all by accident. */
export async function replay(options: ReplayOptions): Promise<void> {
  const { filter, limit } = selectionOf(options)
  if (options.diff) return showDifferences(options)
  const result = await withStore(options, (store) =>
    runBulk(options, {
      choose: () => store.chooseEvents('replay', filter, limit),
      all: () => store.replayEvents(filter, limit),
      some: (ids) => store.replayEvents({ ...filter, ids }, ids.length),
    }),
  )
  const text = () => describeBulk('events', 'go through the mapper again', result)
  print(presentBulk('replayed', result), { json: options.json, text })
  failCancelled('events', result)
}

/** Which events are replayed, and at most how many. `--last` is a filter, and a bound of its own. */
export function selectionOf({ last, ...options }: ReplayOptions): {
  readonly filter: ReplayFilter
  readonly limit: number
} {
  if (last === undefined) return { filter: eventFilterOf(options, ', --last'), limit: options.limit }
  return { filter: { ...filterOf(options), last }, limit: last }
}

/** Throws UsageError where nothing says which events. */
export function eventFilterOf(options: EventOptions, more = ''): EventFilter {
  const filter = filterOf(options)
  if (Object.keys(filter).length > 0) return filter
  throw new UsageError(`say which events: ids, or --source, --status, --topic, --since${more}`)
}

/** The filter that options make; empty where nothing says which events. */
export function filterOf({ ids, source, status, topic, since, until }: EventOptions): EventFilter {
  return defined({ ids: ids.length > 0 ? ids : undefined, source, status, topic, since, until })
}
