import { noItems, presentItemCounts } from '../../api/destinations.ts'
import { timeOrNull } from '../../api/fields.ts'
import { escapeText } from '../../domain/printable.ts'
import { readCircuits } from '../../stages/deliver/shared-circuit.ts'
import { findUnconfigured, warningsOfUnconfigured } from '../../stages/upkeep/unconfigured.ts'
import type { CommandOptions } from '../shared/options.ts'
import { print } from '../shared/report.ts'
import { table } from '../shared/table.ts'
import { withStore } from '../shared/with-store.ts'
import { ageOf } from './age.ts'

/** Counts and circuits, read from the store: works beside a running relay and without one. */
export async function status({ json, ...options }: CommandOptions): Promise<void> {
  const report = await withStore(options, async (store, config) => {
    const [stats, circuits] = [await store.readStats(), await readCircuits(store)]
    const { destinations: others, sources } = await findUnconfigured(store, config)
    const known = new Map(stats.destinations.map((row) => [row.destination, row]))
    const names = new Set([...Object.keys(config.destinations), ...others.map(({ destination }) => destination)])
    return {
      events: {
        pending: stats.eventsPending,
        waiting: stats.eventsWaiting,
        failed: stats.eventsFailed,
        oldest_pending_at: timeOrNull(stats.oldestPendingEventAt),
      },
      destinations: [...names].map((name) => {
        const counts = presentItemCounts(known.get(name) ?? noItems)
        const circuit = circuits.get(name)?.circuit
        const settings = Object.hasOwn(config.destinations, name) ? config.destinations[name] : undefined
        const state = !settings ? 'unconfigured' : settings.enabled ? (circuit?.state ?? 'closed') : 'off'
        return { name, state, reason: circuit?.reason ?? null, ...counts }
      }),
      unconfigured_sources: sources.map(({ source: name, ...counts }) => ({ name, ...counts })),
      warnings: warningsOfUnconfigured({ destinations: others, sources }),
    }
  })
  print(report, { json, text: () => textOf(report, Date.now()) })
}

interface Report {
  readonly events: {
    readonly pending: number
    readonly waiting: number
    readonly failed: number
    readonly oldest_pending_at: string | null
  }
  readonly destinations: readonly (Record<string, unknown> & {
    readonly name: string
    readonly state: string
    readonly reason: string | null
  })[]
  readonly unconfigured_sources: readonly object[]
  readonly warnings: readonly string[]
}

function textOf({ events, destinations, warnings }: Report, now: number): string {
  const counts = ['name', 'state', 'pending', 'delivered', 'dead', 'held', 'open_batches']
  const rows = destinations.map((row) => {
    const oldest = row['oldest_pending_at']
    return [...counts.map((column) => String(row[column])), typeof oldest === 'string' ? ageOf(oldest, now) : '-']
  })
  return [
    `events: ${events.pending} pending, ${events.waiting > 0 ? `${events.waiting} waiting, ` : ''}${events.failed} failed`,
    '',
    table([['DESTINATION', 'STATE', 'PENDING', 'DELIVERED', 'DEAD', 'HELD', 'BATCHES', 'OLDEST'], ...rows]),
    ...destinations
      .filter(({ reason }) => reason !== null)
      .map(({ name, state, reason }) => `\n${name} is ${state}: ${escapeText(String(reason))}`),
    ...warnings.map((warning) => `\nwarning: ${escapeText(warning)}`),
  ].join('\n')
}
