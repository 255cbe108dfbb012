import { type Database, prepare } from './database.ts'

/** What a clock that was set back leaves behind: times that lie too far off. */
export function createDueTimes(database: Database) {
  const bringItemsForward = prepare(
    database,
    `update items set due_at = :at where seq in (
       select seq from items where status = 'pending' and batch_seq is null and destination = :destination
         and kind = :kind and due_at > :latest)`,
  )
  // What has changed while a batch holds it waits for its time once the batch is over.
  const bringHeldForward = prepare(
    database,
    `update items set due_at = :at where due_at > :latest and seq in (
       select item_seq from batch_items where batch_seq in (
         select seq from batches where destination = :destination and status in ('claimed', 'open')))`,
  )
  const bringBatchesForward = prepare(
    database,
    `update batches set next_at = :at
     where destination = :destination and status = 'open' and status in ('claimed', 'open') and next_at > :latest`,
  )
  const nextSource = prepare<{ source: string | null }>(
    database,
    'select min(source) as source from event_fetches where source > ?',
  )
  const bringFetchesForward = prepare(
    database,
    'update event_fetches set due_at = :at where source = :source and due_at > :latest',
  )
  const selectDestinations = prepare<{ destination: string }>(
    database,
    'select distinct destination from item_counts order by destination',
  )

  /** What is due after `latest` is due at `at`. */
  function bringForward(at: number, latest: number): void {
    for (const { destination } of selectDestinations.all()) {
      for (const kind of ['upsert', 'delete']) bringItemsForward.run({ at, latest, destination, kind })
      bringHeldForward.run({ at, latest, destination })
      bringBatchesForward.run({ at, latest, destination })
    }
    // From one source to the next: the index knows no other way to what is due late.
    for (let { source } = nextSource.get('')!; source !== null; { source } = nextSource.get(source)!) {
      bringFetchesForward.run({ at, latest, source })
    }
  }

  // Of several, because the newest may have come after the clock was set back.
  const selectNewest = prepare<{ newest: number | null }>(
    database,
    `select max(at) as newest from (
       select max(received_at) as at from (select received_at from events order by seq desc limit 100)
       union all select max(received_at) from (select received_at from inbox order by first_seq desc limit 20)
       union all select max(changed_at) from items
       union all select max(at) from (select at from executions order by seq desc limit 100))`,
  )

  function newestTime(): number | null {
    return selectNewest.get()!.newest
  }

  return { bringForward, newestTime }
}

export type DueTimes = ReturnType<typeof createDueTimes>
