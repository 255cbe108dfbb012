import { errorPatternOf } from '../../domain/error-pattern.ts'
import { eventIdOf } from '../../domain/event-id.ts'
import type { EventErrors, EventFilter, ItemErrors, ItemFilter } from '../contract/store.ts'
import { type Database, prepare } from './database.ts'
import { type Condition, eventConditions, itemConditions, whereOf } from './lists.ts'

interface Group {
  readonly error: string
  readonly count: number
  readonly firstAt: number
  readonly lastAt: number
}

/** Errors for people: those of one cause are one line. */
export function createErrorGroups(database: Database) {
  function grouped<Row extends Group>(sql: string, conditions: readonly Condition[], limit: number): readonly Row[] {
    const query = prepare<Row>(database, sql)
    const groups = new Map<string, Row>()
    for (const { error: text, count, firstAt, lastAt, ...rest } of query.iterate(
      ...conditions.flatMap(({ values }) => values),
    )) {
      const error = errorPatternOf(text)
      const { example: _, ...key } = rest as typeof rest & { example: unknown }
      const name = JSON.stringify([error, key])
      const known = groups.get(name)
      groups.set(name, {
        ...rest,
        // Of the newest, the example.
        ...(known && known.lastAt > lastAt && known),
        error,
        count: count + (known?.count ?? 0),
        firstAt: Math.min(firstAt, known?.firstAt ?? firstAt),
        lastAt: Math.max(lastAt, known?.lastAt ?? lastAt),
      } as unknown as Row)
    }
    return [...groups.values()].sort((a, b) => b.count - a.count || b.lastAt - a.lastAt).slice(0, limit)
  }

  function groupEventErrors(filter: EventFilter, limit: number): readonly EventErrors[] {
    const conditions = [
      ...eventConditions(filter),
      // Word for word what the index of what is not `processed` asks for.
      ...(filter.status ? [] : [{ sql: "status in ('failed', 'waiting') and status <> 'processed'", values: [] }]),
      { sql: 'error is not null', values: [] },
    ]
    const sql = `select source, status, error, count(*) as count, min(received_at) as firstAt, max(received_at) as lastAt,
        max(seq) as example from events${whereOf(conditions)} group by source, status, error`
    const rows = grouped<Omit<EventErrors, 'example'> & { example: number }>(sql, conditions, limit)
    return rows.map((row) => ({ ...row, example: eventIdOf(row.example) }))
  }

  function groupItemErrors(filter: ItemFilter, limit: number): readonly ItemErrors[] {
    const conditions = [
      ...itemConditions(filter),
      ...(filter.status ? [] : [{ sql: "status in ('dead', 'pending')", values: [] }]),
      { sql: 'error is not null', values: [] },
    ]
    const sql = `select destination, status, error, count(*) as count, min(changed_at) as firstAt, max(changed_at) as lastAt,
        max(id) as example from items${whereOf(conditions)} group by destination, status, error`
    return grouped<ItemErrors>(sql, conditions, limit)
  }

  return { groupEventErrors, groupItemErrors }
}
