import type { DatabaseSync } from 'node:sqlite'
import { migrate } from './migrate.ts'

/** What a new database in memory holds, once one had its migrations in this thread. */
let blank: Uint8Array | undefined

/**
 * Brings a new database in memory to the newest schema. The first of a thread runs the migrations, the others are copies of it: tests
 * open hundreds, and migrations are more than half of that.
 */
export function fillInMemory(db: DatabaseSync): void {
  if (blank) db.deserialize(blank)
  else {
    migrate(db, ':memory:')
    blank = db.serialize?.() // since Node 24.16
  }
}
