import type { SQLInputValue } from 'node:sqlite'
import { type Dialect, plain, type Query, sql } from '../shared/sql.ts'
import { type Database, prepare } from './database.ts'

/** What is asked of both engines, in SQLite's words. */
export const sqliteDialect: Dialect = {
  parameter: () => '?',
  among: (column, numbers) => sql`${plain(column)} in (select value from json_each(${JSON.stringify(numbers)}))`,
  // Without this, SQLite may go through all that one of the conditions has an index for.
  byKey: (table) => `${table} not indexed`,
}

/** Few shapes of a query are ever asked, so each is prepared once. */
const preparedMax = 200

/** Runs queries over one connection. */
export function createRun(database: Database): <T>(query: Query<T>) => T {
  const prepared = new Map<string, ReturnType<typeof prepare>>()
  return function run({ sql: text, values, read }) {
    let statement = prepared.get(text)
    if (!statement) {
      if (prepared.size >= preparedMax) prepared.clear()
      statement = prepare(database, text)
      prepared.set(text, statement)
    }
    return read(statement.iterate(...(values as readonly SQLInputValue[])))
  }
}
