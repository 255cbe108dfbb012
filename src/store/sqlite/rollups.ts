import { bucketOf, latencyBuckets, percentileOf } from '../../domain/latency.ts'
import type { StatsPoint, StatsQuery } from '../contract/store.ts'
import { type Database, prepare } from './database.ts'

const minuteMs = 60_000
const stepMs = { '1m': minuteMs, '1h': 60 * minuteMs } as const

const prunedAtOnce = 500

const countNames = ['accepted', 'duplicate', 'refused', 'processed', 'skipped', 'failed', 'delivered', 'dead'] as const
type CountName = (typeof countNames)[number]
const bucketNames = Array.from({ length: latencyBuckets }, (_, bucket) => `b${bucket}`)
const columns: readonly string[] = [...countNames, ...bucketNames]
const placeOf = new Map(columns.map((name, place) => [name, place]))

/** Of no source, or of no destination. */
const none = ''

/** What happens in one transaction, gathered so that it costs one statement for each minute, source and destination. */
export interface Tally {
  /** Counts webhooks or events of a source. */
  count(what: CountName, at: number, source: string, by?: number): void
  dead(at: number, source: string, destination: string): void
  /** An item that has arrived, and when its oldest webhook had come in. */
  delivered(at: number, source: string, destination: string, receivedAt: number): void
}

interface Waiting {
  readonly source: string
  readonly destination: string
  readonly pending: number
  readonly oldest: number
}

export type Tallied = <T>(work: (tally: Tally) => T) => T

/** Runs work, then adds what it has counted: a row for each minute and source, or pair of a source and a destination. Within a transaction. */
export function createTallied(database: Database): Tallied {
  const add = prepare(
    database,
    `insert into rollups (minute, source, destination, ${columns.join(', ')})
     values (?, ?, ?, ${columns.map(() => '?').join(', ')})
     on conflict do update set ${columns.map((name) => `${name} = ${name} + excluded.${name}`).join(', ')}`,
  )

  return (work) => {
    const rows = new Map<string, { readonly key: readonly [number, string, string]; readonly counts: number[] }>()
    const bump = (at: number, source: string, destination: string, name: string, by: number) => {
      const minute = Math.floor(at / minuteMs) * minuteMs
      const id = `${minute}\n${source}\n${destination}`
      const row = rows.get(id) ?? { key: [minute, source, destination] as const, counts: columns.map(() => 0) }
      row.counts[placeOf.get(name)!]! += by
      rows.set(id, row)
    }
    const result = work({
      count: (what, at, source, by = 1) => bump(at, source, none, what, by),
      dead: (at, source, destination) => bump(at, source, destination, 'dead', 1),
      delivered(at, source, destination, receivedAt) {
        bump(at, source, destination, 'delivered', 1)
        bump(at, source, destination, bucketNames[bucketOf(at - receivedAt)]!, 1)
      },
    })
    for (const { key, counts } of rows.values()) add.run(...key, ...counts)
    return result
  }
}

/** What happened, by the minute, and what waited then. */
export function createRollups(database: Database) {
  // Each in the order of an index, but for what is in the inbox yet. Events that wait for the CMS's API have rows of their own.
  const waitingEvents = [
    "select source, count(*) as pending, min(received_at) as oldest from events where status = 'pending' group by priority, source",
    'select source, count(*) as pending, min(since) as oldest from event_fetches group by source',
    `select event.value ->> 0 as source, count(*) as pending, min(event.value ->> 3) as oldest
     from inbox, json_each(inbox.rows) event group by 1`,
  ].map((sql) => prepare<Pick<Waiting, 'source' | 'pending' | 'oldest'>>(database, sql))
  const waitingItems = prepare<Pick<Waiting, 'destination' | 'pending' | 'oldest'>>(
    database,
    `select destination, count as pending, (select min(received_at) from items i
       where i.destination = c.destination and i.status = 'pending') as oldest
     from item_counts c where status = 'pending' and count > 0`,
  )

  function readWaiting(): readonly Waiting[] {
    const bySource = new Map<string, Waiting>()
    for (const { source, pending, oldest } of waitingEvents.flatMap((query) => query.all())) {
      const known = bySource.get(source) ?? { pending: 0, oldest }
      const all = { pending: known.pending + pending, oldest: Math.min(known.oldest, oldest) }
      bySource.set(source, { source, destination: none, ...all })
    }
    return [...bySource.values(), ...waitingItems.all().map((row) => ({ ...row, source: none }))]
  }

  const note = prepare(
    database,
    `insert into rollups (minute, source, destination, pending, oldest_pending_ms) values (?, ?, ?, ?, ?)
     on conflict do update set pending = excluded.pending, oldest_pending_ms = excluded.oldest_pending_ms`,
  )

  function writeWaiting(waiting: readonly Waiting[], at: number): void {
    if (waiting.length === 0) return
    const minute = Math.floor(at / minuteMs) * minuteMs
    database.transact('unsynced', () => {
      for (const { source, destination, pending, oldest } of waiting) {
        note.run(minute, source, destination, pending, Math.max(0, at - oldest))
      }
    })
  }

  const seriesBy = (group: 'source' | 'destination') =>
    prepare<Record<string, number> & { readonly name: string }>(
      database,
      `select minute / cast(:step as integer) * cast(:step as integer) as at, ${group} as name, ${columns.map((name) => `sum(${name}) as ${name}`).join(', ')},
         coalesce(max(pending), 0) as pending, coalesce(max(oldest_pending_ms), 0) as oldestPendingMs
       from rollups
       where minute >= :since and minute < :until and ${group} <> '${none}'
       group by 1, 2 order by 1, 2`,
    )
  const series = { source: seriesBy('source'), destination: seriesBy('destination') }

  function readStatsSeries({ since, until, step, groupBy }: StatsQuery): readonly StatsPoint[] {
    const ms = stepMs[step]
    const begin = (at: number, round: (value: number) => number) => round(at / ms) * ms
    const range = { step: ms, since: begin(since, Math.floor), until: begin(until, Math.ceil) }
    return series[groupBy].all(range).map((row) => {
      const counts = bucketNames.map((name) => row[name]!)
      const point = Object.fromEntries(Object.entries(row).filter(([name]) => !bucketNames.includes(name)))
      return { ...point, p50Ms: percentileOf(counts, 0.5), p95Ms: percentileOf(counts, 0.95) } as unknown as StatsPoint
    })
  }

  const selectNext = prepare<{ minute: number }>(
    database,
    'select minute from rollups order by minute limit 1 offset ?',
  )
  const drop = prepare(database, 'delete from rollups where minute < ?')

  /** Deletes about as many rows as a step may, in whole minutes. Within the transaction that prunes. */
  function pruneRollups(before: number): void {
    const next = selectNext.get(prunedAtOnce)?.minute ?? before
    const oldest = selectNext.get(0)?.minute ?? before
    drop.run(Math.min(before, Math.max(next, oldest + 1)))
  }

  return { readWaiting, writeWaiting, readStatsSeries, pruneRollups }
}
