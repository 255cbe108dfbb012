import { RelayError } from '../../domain/errors.ts'
import { eventSeqOf } from '../../domain/event-id.ts'
import type { EventFilter, ItemFilter } from '../contract/store.ts'
import { type Dialect, plain, type Sql, sql } from './sql.ts'

const eventStatuses = ['pending', 'waiting', 'processed', 'skipped', 'failed'] as const
const itemStatuses = ['pending', 'delivered', 'dead'] as const

/** The conditions of an event filter, for any statement over `events`. Throws RelayError `invalid` for an unknown status. */
export function eventConditions(
  { ids, source, status, topic, since, until }: EventFilter,
  { among }: Dialect,
): readonly Sql[] {
  return [
    ...(ids
      ? [
          among(
            'seq',
            ids.map(eventSeqOf).filter((seq) => seq !== null),
          ),
        ]
      : []),
    ...equal('source', source),
    ...oneOf('status', status, eventStatuses),
    // The condition of a partial index: SQLite uses one only if it sees the condition word for word.
    ...(status === undefined || status === 'processed' ? [] : [plain("status <> 'processed'")]),
    ...equal('topic', topic),
    ...range('received_at', since, until),
  ]
}

/** The conditions of an item filter, for any statement over `items`. Throws RelayError `invalid` for an unknown status. */
export function itemConditions(
  { seqs, id, destination, source, type, status, held, since, until }: ItemFilter,
  { among }: Dialect,
): readonly Sql[] {
  return [
    ...(seqs ? [among('seq', seqs)] : []),
    ...equal('id', id),
    ...equal('destination', destination),
    ...equal('source', source),
    ...equal('type', type),
    ...oneOf('status', status, itemStatuses),
    ...(held === undefined ? [] : [plain(held ? 'held = 1' : 'held = 0')]),
    ...range('changed_at', since, until),
  ]
}

/** The table of a filter that may name its rows. */
export function eventsOf({ ids }: EventFilter, { byKey }: Dialect): Sql {
  return plain(ids ? byKey('events') : 'events')
}

/** The table of a filter that may name its rows. */
export function itemsOf({ seqs }: ItemFilter, { byKey }: Dialect): Sql {
  return plain(seqs ? byKey('items') : 'items')
}

/** A `where` in which all of them hold; nothing for none. */
export function whereOf(conditions: readonly Sql[]): Sql {
  return conditions.length > 0 ? sql` where ${allOf(conditions)}` : plain('')
}

/** Conditions as one. */
export function allOf(conditions: readonly Sql[]): Sql {
  return {
    sql: conditions.map((condition) => condition.sql).join(' and '),
    values: conditions.flatMap(({ values }) => values),
  }
}

export function equal(column: string, value: string | number | undefined): readonly Sql[] {
  return value === undefined ? [] : [sql`${plain(column)} = ${value}`]
}

/** Written into the SQL, so that partial indexes apply. */
export function oneOf<T extends string>(column: string, value: T | undefined, known: readonly T[]): readonly Sql[] {
  if (value === undefined) return []
  if (!known.includes(value)) throw new RelayError('invalid', `unknown ${column} '${value}'`)
  return [plain(`${column} = '${value}'`)]
}

/** From `since` on, and before `until`. */
export function range(column: string, since: number | undefined, until: number | undefined): readonly Sql[] {
  return [
    ...(since === undefined ? [] : [sql`${plain(column)} >= ${since}`]),
    ...(until === undefined ? [] : [sql`${plain(column)} < ${until}`]),
  ]
}
