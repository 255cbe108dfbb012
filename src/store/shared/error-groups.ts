import { errorPatternOf } from '../../domain/error-pattern.ts'
import { eventIdOf } from '../../domain/event-id.ts'
import type { EventErrors, EventFilter, ItemErrors, ItemFilter } from '../contract/store.ts'
import { eventConditions, eventsOf, itemConditions, itemsOf, whereOf } from './filters.ts'
import { type Dialect, plain, type Query, queryOf, sql } from './sql.ts'

interface Group {
  readonly error: string
  readonly count: number
  readonly firstAt: number
  readonly lastAt: number
  readonly example: unknown
}

/** Errors for people: those of one cause are one line, the most frequent first. */
export function createErrorGroups(dialect: Dialect) {
  return {
    ofEvents(filter: EventFilter, limit: number): Query<readonly EventErrors[]> {
      const where = whereOf([
        ...eventConditions(filter, dialect),
        // The condition of a partial index, word for word.
        ...(filter.status ? [] : [plain("status in ('failed', 'waiting') and status <> 'processed'")]),
        plain('error is not null'),
      ])
      const statement = sql`
        select source, status, error, count(*) as count, min(received_at) as "firstAt", max(received_at) as "lastAt",
          max(seq) as example
        from ${eventsOf(filter, dialect)}${where} group by source, status, error`
      return queryOf(
        dialect,
        statement,
        (rows: Iterable<Omit<EventErrors, 'example'> & { readonly example: number }>) =>
          grouped(rows, limit).map((row) => ({ ...row, example: eventIdOf(row.example) })),
      )
    },
    ofItems(filter: ItemFilter, limit: number): Query<readonly ItemErrors[]> {
      const where = whereOf([
        ...itemConditions(filter, dialect),
        ...(filter.status ? [] : [plain("status in ('dead', 'pending')")]),
        plain('error is not null'),
      ])
      const statement = sql`
        select destination, status, error, count(*) as count, min(changed_at) as "firstAt", max(changed_at) as "lastAt",
          max(id) as example
        from ${itemsOf(filter, dialect)}${where} group by destination, status, error`
      return queryOf(dialect, statement, (rows: Iterable<ItemErrors>) => grouped(rows, limit))
    },
  }
}

/** Groups of one cause as one, with the example of the newest. */
function grouped<Row extends Group>(rows: Iterable<Row>, limit: number): readonly Row[] {
  const groups = new Map<string, Row>()
  for (const row of rows) {
    const { error: text, count, firstAt, lastAt, example: _, ...key } = row
    const error = errorPatternOf(text)
    const name = JSON.stringify([error, key])
    const known = groups.get(name)
    groups.set(name, {
      ...row,
      ...(known && known.lastAt > lastAt && known),
      error,
      count: count + (known?.count ?? 0),
      firstAt: Math.min(firstAt, known?.firstAt ?? firstAt),
      lastAt: Math.max(lastAt, known?.lastAt ?? lastAt),
    })
  }
  return [...groups.values()].sort((a, b) => b.count - a.count || b.lastAt - a.lastAt).slice(0, limit)
}
