import type { Refusal, RefusalErrors, RefusalFilter } from '../contract/store.ts'
import { equal, range, whereOf } from '../shared/filters.ts'
import { queryOf, sql } from '../shared/sql.ts'
import { type Database, prepare } from './database.ts'
import { createRun, sqliteDialect } from './queries.ts'

/** Refusals are counted by the hour. */
export const refusalHourMs = 3_600_000

/** What was refused of sources, counted by hour. */
export function createRefusals(database: Database) {
  const run = createRun(database)
  const add = prepare(
    database,
    `insert into refusals (source, code, hour, reason, count, first_at, last_at)
     values (:source, :code, :hour, :reason, :count, :firstAt, :lastAt)
     on conflict do update set reason = excluded.reason, count = count + excluded.count,
       first_at = min(first_at, excluded.first_at), last_at = max(last_at, excluded.last_at)`,
  )

  function addRefusals(refusals: readonly Refusal[]): void {
    // What a power cut takes of it is a number for people.
    database.transact('unsynced', () => {
      for (const one of refusals) {
        const { source, code, reason, count, firstAt, lastAt } = one
        add.run({
          source,
          code,
          hour: Math.floor(lastAt / refusalHourMs) * refusalHourMs,
          reason,
          count,
          firstAt,
          lastAt,
        })
      }
    })
  }

  function groupRefusals({ source, since, until }: RefusalFilter, limit: number): readonly RefusalErrors[] {
    // Beside max(), SQLite takes the other columns from the row that has it.
    const statement = sql`
      select source, code, 'refused' as status, reason as error, sum(count) as count, min(first_at) as firstAt,
        max(last_at) as lastAt
      from refusals${whereOf([...equal('source', source), ...range('last_at', since, until)])}
      group by source, code order by count desc, lastAt desc limit ${limit}`
    return run(
      queryOf(sqliteDialect, statement, (rows: Iterable<RefusalErrors>) =>
        Array.from(rows, (row) => ({ ...row, example: null })),
      ),
    )
  }

  return { addRefusals, groupRefusals }
}
