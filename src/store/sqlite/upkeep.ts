import type { DestinationStats, Stats } from '../contract/store.ts'
import { type Database, prepare } from './database.ts'
import { refusalHourMs } from './refusals.ts'
import { createRollups } from './rollups.ts'

/** So much of the file may be free: what comes next finds room without growing it. */
const freeShare = 0.25
const freeMin = 4_096
/** Of the batches of one step, on average. */
const itemsPerBatch = 4
/** Pages that one step gives back, 1 MB: it costs a few milliseconds. */
const shrinkPages = 256

/** What keeps a relay healthy and known: numbers, old rows removed, a look at whether the disk can be written. */
export function createUpkeep(database: Database) {
  // `status <> 'processed'` says nothing new to a person, but tells SQLite that the partial index has these events.
  const countEvents = prepare<EventCounts>(
    database,
    `select (select count(*) from events where status = 'pending' and status <> 'processed')
         + (select coalesce(sum(count), 0) from inbox) as pending,
       (select count(*) from events where status = 'waiting' and status <> 'processed') as waiting,
       (select count(*) from events where status = 'failed' and status <> 'processed') as failed,
       (select min(received_at) from events where status = 'pending' and status <> 'processed') as oldest,
       (select received_at from inbox order by first_seq limit 1) as oldestInbox,
       (select min(received_at) from events where status = 'waiting' and status <> 'processed') as oldestWaiting`,
  )
  const countItems = prepare<
    Omit<DestinationStats, 'pending' | 'delivered' | 'dead' | 'held'> & Record<string, number>
  >(
    database,
    `select c.destination,
       sum(count) filter (where status = 'pending') as pending,
       sum(count) filter (where status = 'delivered') as delivered,
       sum(count) filter (where status = 'dead') as dead,
       (select count(*) from items i where i.destination = c.destination and i.held = 1) as held,
       (select count(*) from batches b
         where b.destination = c.destination and b.status = 'open' and b.status in ('claimed', 'open')) as openBatches,
       (select min(received_at) from items i
         where i.destination = c.destination and i.status = 'pending') as oldestPendingAt
     from item_counts c group by c.destination order by c.destination`,
  )

  function readStats(): Stats {
    const { pending, waiting, failed, oldest, oldestInbox, oldestWaiting } = countEvents.get()!
    const times = [oldest, oldestInbox, oldestWaiting].filter((at) => at !== null)
    const destinations = countItems.all().map((row) => ({
      destination: row.destination,
      pending: row['pending'] ?? 0,
      delivered: row['delivered'] ?? 0,
      dead: row['dead'] ?? 0,
      held: row['held'] ?? 0,
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

  // The index on `received_at` serves it: the oldest come first.
  const selectOldEvents = prepare<{ seq: number }>(
    database,
    `select seq from events where received_at < :before and settled_at < :before and status <> 'pending'
     order by received_at limit :limit`,
  )
  const selectOldBatches = prepare<{ seq: number; items: number }>(
    database,
    `select seq, item_count as items from batches
     where settled_at < :before and status in ('done', 'split') order by settled_at limit :limit`,
  )

  /** What `prune` would delete now. A batch goes with a row for each item that it held: with large batches it is fewer of them. */
  function pickOld(before: Before, limit: number): Old {
    const events = selectOldEvents.all({ before: before.events, limit }).map(({ seq }) => seq)
    const batches: number[] = []
    let rows = 0
    for (const { seq, items } of selectOldBatches.all({ before: before.attempts, limit })) {
      if (batches.length > 0 && rows + items > limit * itemsPerBatch) break
      batches.push(seq)
      rows += items
    }
    return { events, batches }
  }

  // An event may have been replayed since.
  const deleteEvent = prepare(
    database,
    "delete from events where seq = :seq and settled_at < :before and status <> 'pending'",
  )
  const deleteBatch = prepare(database, 'delete from batches where seq = ?')
  const { pruneRollups } = createRollups(database)
  const pruneRefusals = prepare(database, 'delete from refusals where hour <= ?') // a few rows for each source

  function prune({ events, batches }: Old, before: Before): number {
    return database.transact('unsynced', () => {
      let count = pruneRefusals.run(before.events - refusalHourMs).changes
      for (const seq of events) count += deleteEvent.run({ seq, before: before.events }).changes
      for (const seq of batches) count += deleteBatch.run(seq).changes
      pruneRollups(before.events)
      return count
    })
  }

  const sizes = prepare<{ pages: number; free: number; mode: number }>(
    database,
    `select page_count as pages, freelist_count as free, auto_vacuum as mode
     from pragma_page_count, pragma_freelist_count, pragma_auto_vacuum`,
  )
  const incremental = 2

  function shrink(): number {
    const { pages, free, mode } = sizes.get()!
    const spare = Math.floor(free - Math.max(freeMin, pages * freeShare))
    if (mode !== incremental || spare <= 0) return 0
    // Moves the last pages of the file into free ones; exec, since each step of the statement frees one page.
    database.transact('unsynced', () => database.db.exec(`pragma incremental_vacuum(${Math.min(spare, shrinkPages)})`))
    return free - sizes.get()!.free
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

  return { readStats, pickOld, prune, shrink, checkHealth }
}

interface EventCounts {
  readonly pending: number
  readonly waiting: number
  readonly failed: number
  readonly oldest: number | null
  readonly oldestInbox: number | null
  readonly oldestWaiting: number | null
}

interface Before {
  readonly events: number
  readonly attempts: number
}

/** Numbers of what is over. */
interface Old {
  readonly events: readonly number[]
  readonly batches: readonly number[]
}
