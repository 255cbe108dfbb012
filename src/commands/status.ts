import type { Environment } from '../config/substitute.ts'
import { present } from '../plugins/present.ts'
import { print, table } from './report.ts'
import { withStore } from './with-store.ts'

export interface StatusOptions {
  readonly config?: string
  readonly json: boolean
  readonly env: Environment
}

/** Counts and circuits, read from the store: works beside a running relay and without one. */
export async function status({ json, ...options }: StatusOptions): Promise<void> {
  const report = await withStore(options, async (store, config) => {
    const [stats, circuits] = [await store.readStats(), await store.readCircuits()]
    const known = new Map(stats.destinations.map((row) => [row.destination, row]))
    const names = new Set([...Object.keys(config.destinations), ...known.keys()])
    return {
      events: {
        pending: stats.eventsPending,
        waiting: stats.eventsWaiting,
        failed: stats.eventsFailed,
        oldest_pending_at: timeOf(stats.oldestPendingEventAt),
      },
      destinations: [...names].map((name) => {
        const { destination: _name, ...counts } = known.get(name) ?? noCounts
        const circuit = circuits.get(name)
        const isOff = config.destinations[name]?.enabled === false
        const state = isOff ? 'off' : (circuit?.state ?? 'closed')
        return { name, state, reason: circuit?.reason ?? null, ...present(counts) }
      }),
    }
  })
  print(report, { json, text: () => textOf(report) })
}

const noCounts = { destination: '', pending: 0, delivered: 0, dead: 0, held: 0, openBatches: 0, oldestPendingAt: null }

interface Report {
  readonly events: {
    readonly pending: number
    readonly waiting: number
    readonly failed: number
    readonly oldest_pending_at: string | null
  }
  readonly destinations: readonly (Record<string, unknown> & { readonly name: string; readonly state: string })[]
}

function textOf({ events, destinations }: Report): string {
  const columns = [
    'name',
    'state',
    'pending',
    'delivered',
    'dead',
    'held',
    'open_batches',
    'oldest_pending_at',
    'reason',
  ]
  const rows = destinations.map((row) => columns.map((column) => String(row[column] ?? '-')))
  return [
    `events: ${events.pending} pending, ${events.waiting > 0 ? `${events.waiting} waiting, ` : ''}${events.failed} failed`,
    '',
    table([
      ['DESTINATION', 'STATE', 'PENDING', 'DELIVERED', 'DEAD', 'HELD', 'OPEN BATCHES', 'OLDEST PENDING', 'REASON'],
      ...rows,
    ]),
  ].join('\n')
}

function timeOf(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString()
}
