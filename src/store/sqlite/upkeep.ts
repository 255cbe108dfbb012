import type { Circuit } from '../../domain/circuit.ts'
import type { DestinationStats, Stats } from '../store.ts'
import { type Database, prepare } from './database.ts'

/** What keeps a relay healthy and known: circuits, numbers, old rows removed, a look at whether the disk can be written. */
export function createUpkeep(database: Database) {
  const selectCircuits = prepare<{ destination: string; circuit: string }>(
    database,
    'select destination, circuit from circuits',
  )
  const putCircuit = prepare(
    database,
    'insert into circuits (destination, circuit) values (?, ?) on conflict do update set circuit = excluded.circuit',
  )

  function readCircuits(): ReadonlyMap<string, Circuit> {
    return new Map(selectCircuits.all().map(({ destination, circuit }) => [destination, JSON.parse(circuit)]))
  }

  function writeCircuit(destination: string, circuit: Circuit): void {
    // Synced: one that a person has opened or closed must stay so.
    database.transact('synced', () => putCircuit.run(destination, JSON.stringify(circuit)))
  }

  // `status <> 'processed'` says nothing new to a person, but tells SQLite that the partial index has these events.
  const countEvents = prepare<EventCounts>(
    database,
    `select (select count(*) from events where status = 'pending' and status <> 'processed')
         + (select coalesce(sum(count), 0) from inbox) as pending,
       (select count(*) from events where status = 'waiting' and status <> 'processed') as waiting,
       (select count(*) from events where status = 'failed' and status <> 'processed') as failed,
       coalesce((select min(received_at) from events where status = 'pending' and status <> 'processed'),
         (select received_at from inbox order by first_seq limit 1)) as oldest,
       (select min(received_at) from events where status = 'waiting' and status <> 'processed') as oldestWaiting`,
  )
  const countItems = prepare<Omit<DestinationStats, 'pending' | 'delivered' | 'dead'> & Record<string, number>>(
    database,
    `select c.destination,
       sum(count) filter (where status = 'pending') as pending,
       sum(count) filter (where status = 'delivered') as delivered,
       sum(count) filter (where status = 'dead') as dead,
       (select count(*) from batches b
         where b.destination = c.destination and b.status = 'open' and b.status in ('claimed', 'open')) as openBatches,
       (select min(received_at) from items i
         where i.destination = c.destination and i.status = 'pending') as oldestPendingAt
     from item_counts c group by c.destination order by c.destination`,
  )

  function readStats(): Stats {
    const { pending, waiting, failed, oldest, oldestWaiting } = countEvents.get()!
    const times = [oldest, oldestWaiting].filter((at) => at !== null)
    const destinations = countItems.all().map((row) => ({
      destination: row.destination,
      pending: row['pending'] ?? 0,
      delivered: row['delivered'] ?? 0,
      dead: row['dead'] ?? 0,
      openBatches: row.openBatches,
      oldestPendingAt: row.oldestPendingAt,
    }))
    return {
      eventsPending: pending,
      eventsWaiting: waiting,
      eventsFailed: failed,
      oldestPendingEventAt: times.length > 0 ? Math.min(...times) : null,
      destinations,
    }
  }

  const pruneEvents = prepare(
    database,
    `delete from events where seq in (
       select seq from events where received_at < :before and settled_at < :before and status <> 'pending'
       order by received_at limit :limit)`,
  )
  const pruneBatches = prepare(
    database,
    `delete from batches where seq in (
       select seq from batches where settled_at < :before and status in ('done', 'split') order by settled_at limit :limit)`,
  )

  function prune(before: { readonly events: number; readonly attempts: number }, limit: number): number {
    return database.transact('unsynced', () => {
      const events = pruneEvents.run({ before: before.events, limit }).changes
      return events + pruneBatches.run({ before: before.attempts, limit }).changes
    })
  }

  const fill = prepare(database, 'insert into health (filler) values (zeroblob(8192))')
  const clear = prepare(database, 'delete from health')

  /** Really takes pages and really commits: a full or read-only disk shows. */
  function checkHealth(): void {
    database.transact('synced', () => {
      fill.run()
      clear.run()
    })
  }

  return { readCircuits, writeCircuit, readStats, prune, checkHealth }
}

interface EventCounts {
  readonly pending: number
  readonly waiting: number
  readonly failed: number
  readonly oldest: number | null
  readonly oldestWaiting: number | null
}
