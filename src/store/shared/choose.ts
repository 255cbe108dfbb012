import { eventIdOf } from '../../domain/event-id.ts'
import type { EventFilter, ItemFilter, ItemPurpose, ReplayFilter } from '../contract/store.ts'
import { allOf, eventConditions, eventsOf, itemConditions, itemsOf, whereOf } from './filters.ts'
import { type Dialect, plain, type Query, queryOf, type Sql, sql } from './sql.ts'

/** Events that were chosen, as long as the filter still applies to them. */
export type ChosenEvents = Omit<ReplayFilter, 'last'> & { readonly ids: readonly string[] }
/** Items that were chosen, as long as the filter still applies to them. */
export type ChosenItems = ItemFilter & { readonly seqs: readonly number[] }

export type EventPurpose = 'replay' | 'purge'
/** What many items are taken for. */
export type ItemTaking = ItemPurpose | 'move'

/** Where a choice ends: time and number of its last row. */
export type Place = readonly [time: number, seq: number]

/** Some of what a filter takes, and from where to choose on; null at the end. */
export interface Picked<Id> {
  readonly ids: readonly Id[]
  readonly next: Place | null
}

/**
 * What a request for many would take, in an order that an index has: choosing reads no more rows than it looks at, sorts
 * none, and needs no lock. What has changed by the time that it is to be changed is looked at once more, see `createChanges`.
 */
export function createChoices(dialect: Dialect) {
  function pick<Id>(from: Sql, conditions: readonly Sql[], time: string, range: PickRange, idOf: (seq: number) => Id) {
    const { limit, after } = range
    const behind = after ? [sql`(${plain(time)}, seq) > (${after[0]}, ${after[1]})`] : []
    const where = whereOf([...conditions, ...behind])
    const statement = sql`select seq, ${plain(time)} as time from ${from}${where} order by ${plain(time)}, seq limit ${limit}`
    return queryOf(dialect, statement, (rows: Iterable<{ seq: number; time: number }>): Picked<Id> => {
      const all = [...rows]
      const last = all[limit - 1]
      return { ids: all.map(({ seq }) => idOf(seq)), next: last ? [last.time, last.seq] : null }
    })
  }

  function count(from: Sql, conditions: readonly Sql[]): Query<number> {
    const statement = sql`select count(*) as matching from ${from}${whereOf(conditions)}`
    return queryOf(dialect, statement, ([row]: Iterable<{ matching: number }>) => row!.matching)
  }

  return {
    pickEvents: (purpose: EventPurpose, filter: ReplayFilter, range: PickRange) =>
      pick(eventsOf(filter, dialect), eventsFor(purpose, filter, dialect), 'received_at', range, eventIdOf),
    countEvents: (purpose: EventPurpose, filter: ReplayFilter) =>
      count(eventsOf(filter, dialect), eventsFor(purpose, filter, dialect)),
    pickItems: (purpose: ItemTaking, filter: ItemFilter, at: number, range: PickRange) =>
      pick(itemsOf(filter, dialect), itemsFor(purpose, filter, at, dialect), 'changed_at', range, (seq) => seq),
    countItems: (purpose: ItemTaking, filter: ItemFilter, at: number) =>
      count(itemsOf(filter, dialect), itemsFor(purpose, filter, at, dialect)),
  }
}

export interface PickRange {
  readonly limit: number
  /** Only what comes behind; null from the first on. */
  readonly after: Place | null
}

/** Which events of a filter can be replayed or purged: only those that are over. */
export function eventsFor(purpose: EventPurpose, { last, ...filter }: ReplayFilter, dialect: Dialect): readonly Sql[] {
  if (purpose === 'purge') return over(filter, dialect)
  const conditions = [...eventConditions(filter, dialect), plain("status <> 'pending'")]
  if (last === undefined) return conditions
  const newest = sql`select seq from ${eventsOf(filter, dialect)}${whereOf(conditions)} order by received_at desc, seq desc limit ${last}`
  return [sql`seq in (${newest})`]
}

/** Not what waits for mapping or for the CMS. */
function over(filter: EventFilter, dialect: Dialect): readonly Sql[] {
  return [...eventConditions(filter, dialect), plain("status in ('processed', 'skipped', 'failed')")]
}

/** Which items of a filter can be redelivered, reset, purged, given up or moved. */
export function itemsFor(purpose: ItemTaking, filter: ItemFilter, at: number, dialect: Dialect): readonly Sql[] {
  return [...itemConditions(filter, dialect), ...takers[purpose](at)]
}

const isFree = plain('batch_seq is null')

const takers: Readonly<Record<ItemTaking, (at: number) => readonly Sql[]>> = {
  redeliver: redeliverable,
  /** What has a version to forget, and what can be sent again. */
  reset: (at) => [sql`(${hasVersion} or (${allOf(redeliverable(at))}))`],
  purge: () => [plain("status = 'dead'"), isFree],
  /** At a destination that is not configured, so nobody will ever deliver it. */
  'give up': () => [plain("status <> 'delivered'"), isFree],
  move: () => [isFree],
}

const hasVersion = plain(`place is distinct from 0
  or exists (select 1 from held_changes where held_changes.seq = items.seq and held_changes.place is distinct from 0)`)

function redeliverable(at: number): readonly Sql[] {
  return [
    plain("(may_exist = 1 or kind = 'upsert')"), // not the tombstone of a draft that never was there
    // Not what this same request has done already: asked again with the same time, it comes to an end.
    sql`not (status = 'pending' and batch_seq is null and due_at <= ${at})`,
    sql`forced = 0 and (delivered_at is null or delivered_at <= ${at})`,
  ]
}
