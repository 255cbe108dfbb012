import type { RefusalErrors, RefusalFilter, RefusedWebhook, TurnedAway } from '../contract/store.ts'
import { equal, range, whereOf } from '../shared/filters.ts'
import { queryOf, sql } from '../shared/sql.ts'
import { type Database, prepare } from './database.ts'
import { createRun, sqliteDialect } from './queries.ts'
import { createTallied } from './rollups.ts'

/** Refusals are counted by the hour. */
export const refusalHourMs = 3_600_000
/** So many refused webhooks of a source are kept one by one. */
const keptOfSource = 100

/** Webhooks that made no event: how many by hour and minute, and the last ones. */
export function createRefusals(database: Database) {
  const run = createRun(database)
  const tallied = createTallied(database)
  const addHour = prepare(
    database,
    `insert into refusals (source, code, hour, reason, count, first_at, last_at)
     values (:source, :code, :hour, :reason, :count, :firstAt, :lastAt)
     on conflict do update set reason = excluded.reason, count = count + excluded.count,
       first_at = min(first_at, excluded.first_at), last_at = max(last_at, excluded.last_at)`,
  )
  const insertRefused = prepare(
    database,
    'insert into refused (source, at, code, reason, address) values (:source, :at, :code, :reason, :address)',
  )
  const dropOldest = prepare(
    database,
    `delete from refused where source = :source and seq <= (
       select seq from refused where source = :source order by seq desc limit 1 offset ${keptOfSource})`,
  )

  function addTurnedAway({ refusals, counts, last }: TurnedAway): void {
    // What a power cut takes of it is a number for people.
    database.transact('unsynced', () =>
      tallied((tally) => {
        for (const { source, at, duplicate, refused } of counts) {
          tally.count('duplicate', at, source, duplicate)
          tally.count('refused', at, source, refused)
        }
        for (const { source, code, reason, count, firstAt, lastAt } of refusals) {
          const hour = Math.floor(lastAt / refusalHourMs) * refusalHourMs
          addHour.run({ source, code, hour, reason, count, firstAt, lastAt })
        }
        for (const { source, at, code, reason, address } of last)
          insertRefused.run({ source, at, code, reason, address })
        for (const source of new Set(last.map((one) => one.source))) dropOldest.run({ source })
      }),
    )
  }

  const selectRefused = prepare<RefusedWebhook>(
    database,
    'select source, at, code, reason, address from refused where source = ? order by seq desc',
  )

  function listRefusals(source: string): readonly RefusedWebhook[] {
    return selectRefused.all(source).map((row) => ({ ...row }))
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

  return { addTurnedAway, listRefusals, groupRefusals }
}
