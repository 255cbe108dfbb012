import { eventIdOf } from '../../domain/event-id.ts'
import type { Chosen, EventFilter, ItemFilter, ItemPurpose, ReplayFilter } from '../contract/store.ts'
import { type Database, prepare } from './database.ts'
import { type Condition, eventConditions, itemConditions, whereOf } from './lists.ts'
import { createKeepSentBody } from './sent-body.ts'

/** What someone has asked for: events through the mapper again, items to the destination again, or away with them. */
export function createAgain(database: Database) {
  /** How many rows a statement with these conditions would find, and the first of them. */
  function choose(table: 'events' | 'items', conditions: readonly Condition[], order: string, limit: number) {
    const values = conditions.flatMap((condition) => condition.values)
    const where = whereOf(conditions)
    const { matching } = prepare<{ matching: number }>(
      database,
      `select count(*) as matching from ${table}${where}`,
    ).get(...values)!
    const rows = prepare<{ seq: number }>(database, `select seq from ${table}${where} order by ${order} limit ?`)
    return { matching, seqs: rows.all(...values, limit).map(({ seq }) => seq) }
  }

  function chooseEvents(purpose: 'replay' | 'purge', filter: ReplayFilter, limit: number): Chosen<string> {
    const conditions = purpose === 'replay' ? replayable(filter) : purgeableEvents(filter)
    const { matching, seqs } = choose('events', conditions, 'received_at, seq', limit)
    return { matching, ids: seqs.map(eventIdOf) }
  }

  function chooseItems(purpose: ItemPurpose, filter: ItemFilter, limit: number, at: number): Chosen<number> {
    const conditions = {
      redeliver: redeliverable(filter, at),
      reset: resettable(filter, at),
      purge: purgeableItems(filter),
      'give up': givenUp(filter),
    }[purpose]
    const { matching, seqs } = choose('items', conditions, isAway(purpose) ? 'changed_at, seq' : 'seq', limit)
    return { matching, ids: seqs }
  }

  const dropClaims = prepare(database, 'delete from event_claims where seq in (select value from json_each(?))')
  const dropWaiting = prepare(database, 'delete from event_fetches where seq in (select value from json_each(?))')

  function replayEvents(filter: ReplayFilter, limit: number): number {
    const conditions = replayable(filter)
    const sql = `
      update events set status = 'pending', reason = null, error = null, settled_at = null, replays = replays + 1
      where seq in (select seq from events${whereOf(conditions)} order by received_at, seq limit ?)
      returning seq`
    const replay = prepare<{ seq: number }>(database, sql)
    return database.transact('synced', () => {
      const rows = replay.all(...conditions.flatMap(({ values }) => values), limit)
      // Whoever is fetching for one of them settles nothing any more.
      const seqs = JSON.stringify(rows.map(({ seq }) => seq))
      dropClaims.run(seqs)
      dropWaiting.run(seqs)
      return rows.length
    })
  }

  const keepSentBody = createKeepSentBody(database)
  // What a batch holds goes out once more after it: the new revision makes the batch's outcome count for the old one.
  const redeliverHeld = prepare(
    database,
    `update items set revision = revision + 1, forced = 1, due_at = :at, attempts = 0,
       next_since = coalesce(next_since, :at), next_received_at = coalesce(next_received_at, :at)
     where seq = :seq`,
  )
  // What was delivered counts no more: a change there and back before the next call must not take back what was asked for.
  const redeliverFree = prepare(
    database,
    `update items set status = 'pending', due_at = :at, attempts = 0, error = null,
       delivered_kind = iif(delivered_kind is null, null, 'unknown'), delivered_checksum = null,
       pending_since = coalesce(pending_since, :at), received_at = coalesce(received_at, :at)
     where seq = :seq`,
  )

  interface Row {
    readonly seq: number
    /** The batch that holds it has what is wanted now. */
    readonly fresh: number | null
    readonly batch: number | null
    readonly again: number
  }

  function redeliverChosen(conditions: readonly Condition[], limit: number, at: number, each?: (seq: number) => void) {
    const again = whole(redeliverable({}, at))
    const sql = `select seq, revision = batch_revision as fresh, batch_seq as batch, (${again.sql}) as again
      from items${whereOf(conditions)} order by seq limit ?`
    return database.transact('synced', () => {
      const values = conditions.flatMap((condition) => condition.values)
      const rows = prepare<Row>(database, sql).all(...again.values, ...values, limit)
      for (const row of rows) {
        if (row.again === 1) redeliver(row, at)
        each?.(row.seq)
      }
      return rows.length
    })
  }

  function redeliver({ seq, fresh, batch }: Row, at: number): void {
    if (fresh === 1) keepSentBody(batch, seq)
    if (batch === null) redeliverFree.run({ seq, at })
    else redeliverHeld.run({ seq, at })
  }

  function redeliverItems(filter: ItemFilter, limit: number, at: number): number {
    return redeliverChosen(redeliverable(filter, at), limit, at)
  }

  // Older than every event: whatever comes, replayed events too, is newer than what is known.
  const forgetVersion = prepare(
    database,
    `update items set version = null, version_counted = 0, bare_tombstone = 0, place = 0, as_of = null where seq = ?`,
  )
  const forgetNoted = prepare(
    database,
    `update held_changes set version = null, version_counted = 0, bare_tombstone = 0, place = 0, as_of = null
     where seq = ?`,
  )

  function resetItems(filter: ItemFilter, limit: number, at: number): number {
    return redeliverChosen(resettable(filter, at), limit, at, (seq) => {
      forgetVersion.run(seq)
      forgetNoted.run(seq)
    })
  }

  function purgeEvents(filter: EventFilter, limit: number): number {
    const conditions = purgeableEvents(filter)
    const sql = `delete from events where seq in (
      select seq from events${whereOf(conditions)} order by received_at, seq limit ?)`
    return database.transact('unsynced', () => {
      return Number(prepare(database, sql).run(...conditions.flatMap(({ values }) => values), limit).changes)
    })
  }

  function purgeItems(filter: ItemFilter, limit: number): number {
    const conditions = purgeableItems(filter)
    // The row stays: what was delivered, the version, and that it may exist at the destination are not to be forgotten.
    const sql = `update items set status = 'delivered', error = 'given up: ' || coalesce(error, '')
      where seq in (select seq from items${whereOf(conditions)} order by changed_at, seq limit ?)`
    return database.transact('synced', () => {
      return Number(prepare(database, sql).run(...conditions.flatMap(({ values }) => values), limit).changes)
    })
  }

  function giveUpItems(filter: ItemFilter, limit: number): number {
    const conditions = givenUp(filter)
    const sql = `update items set status = 'delivered', error = 'given up: ' || coalesce(error, 'its destination is not configured'),
        due_at = null, pending_since = null, received_at = null
      where seq in (select seq from items${whereOf(conditions)} order by changed_at, seq limit ?)`
    return database.transact('synced', () => {
      return Number(prepare(database, sql).run(...conditions.flatMap(({ values }) => values), limit).changes)
    })
  }

  return { giveUpItems, chooseEvents, chooseItems, replayEvents, redeliverItems, resetItems, purgeEvents, purgeItems }
}

function replayable({ last, ...filter }: ReplayFilter): readonly Condition[] {
  const conditions = [...eventConditions(filter), { sql: "status <> 'pending'", values: [] }]
  if (last === undefined) return conditions
  const { sql, values } = whole(conditions)
  const newest = `select seq from events where ${sql} order by received_at desc, seq desc limit ?`
  return [{ sql: `seq in (${newest})`, values: [...values, last] }]
}

/** Only what is over: not what waits for mapping or for the CMS. */
function purgeableEvents(filter: EventFilter): readonly Condition[] {
  return [...eventConditions(filter), { sql: "status in ('processed', 'skipped', 'failed')", values: [] }]
}

function redeliverable(filter: ItemFilter, at: number): readonly Condition[] {
  return [
    ...itemConditions(filter),
    { sql: 'may_exist + (kind = ?) > 0', values: ['upsert'] }, // not the tombstone of a draft that never was there
    // Not what this same request has done already: asked again with the same time, it comes to an end.
    { sql: "not (status = 'pending' and batch_seq is null and due_at <= ?)", values: [at] },
    { sql: 'forced = 0 and (delivered_at is null or delivered_at <= ?)', values: [at] },
  ]
}

/** What has a version to forget, and what can be sent again. */
function resettable(filter: ItemFilter, at: number): readonly Condition[] {
  const again = whole(redeliverable({}, at))
  const hasVersion = `place is not 0
    or exists (select 1 from held_changes where held_changes.seq = items.seq and held_changes.place is not 0)`
  return [...itemConditions(filter), { sql: `(${hasVersion} or (${again.sql}))`, values: again.values }]
}

/** Conditions as one. */
function whole(conditions: readonly Condition[]): Condition {
  return {
    sql: conditions.map(({ sql }) => sql).join(' and '),
    values: conditions.flatMap(({ values }) => values),
  }
}

function isAway(purpose: ItemPurpose): boolean {
  return purpose === 'purge' || purpose === 'give up'
}

/** At a destination that is not configured, where nobody will ever deliver it. */
function givenUp(filter: ItemFilter): readonly Condition[] {
  return [...itemConditions(filter), { sql: "status in ('pending', 'dead') and batch_seq is null", values: [] }]
}

function purgeableItems(filter: ItemFilter): readonly Condition[] {
  return [...itemConditions(filter), { sql: "status = 'dead' and batch_seq is null", values: [] }]
}
