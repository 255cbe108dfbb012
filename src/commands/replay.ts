import type { Environment } from '../config/substitute.ts'
import { defined } from '../plugins/present.ts'
import type { EventStatus } from '../store/store.ts'
import { print, UsageError } from './report.ts'
import { withStore } from './with-store.ts'

export interface ReplayOptions {
  readonly ids: readonly string[]
  readonly source?: string
  readonly status?: EventStatus
  readonly topic?: string
  readonly since?: number
  readonly until?: number
  readonly limit: number
  readonly config?: string
  readonly json: boolean
  readonly env: Environment
}

/** Puts events back to pending; a running relay finds them within seconds. Needs a filter: nothing replays all by accident. */
export async function replay(options: ReplayOptions): Promise<void> {
  const { ids, source, status, topic, since, until } = options
  const filter = defined({ ids: ids.length > 0 ? ids : undefined, source, status, topic, since, until })
  if (Object.keys(filter).length === 0)
    throw new UsageError('say which events: ids, or --source, --status, --topic, --since')
  const replayed = await withStore(options, (store) => store.replayEvents(filter, options.limit))
  print({ replayed }, { json: options.json, text: () => `${replayed} events will go through the mapper again` })
}
