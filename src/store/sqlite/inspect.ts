import { existsSync, realpathSync, statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { openDatabase } from './database.ts'
import { countPending } from './migrate.ts'

/** What a database looks like from outside. */
export interface StoreState {
  readonly path: string
  readonly exists: boolean
  /** Whether a relay process works on it now. */
  readonly isInUse: boolean
  /** Migrations that the next start runs. */
  readonly pendingMigrations: number
  /** Bits of its permissions; 0 if it is not there. */
  readonly mode: number
  /** SQLite's own version. */
  readonly engine: string
}

/** Looks at a database and its lock, and leaves both as they are. Throws RelayError for what can't be read, or is not ours. */
export function inspectSqlite(path: string): StoreState {
  const engine = process.versions.sqlite ?? ''
  if (!existsSync(path)) return { path, exists: false, isInUse: false, pendingMigrations: 0, mode: 0, engine }
  const { mode } = statSync(path)
  const { db, close } = openDatabase(path, { readOnly: true })
  try {
    const pendingMigrations = countPending(db, path)
    return { path, exists: true, isInUse: isLocked(path), pendingMigrations, mode: mode & 0o777, engine }
  } finally {
    close()
  }
}

/** Whether another process holds the lock of relays. It is only read, so that a relay which starts now gets it. */
function isLocked(path: string): boolean {
  const file = `${realpathSync(path)}-lock`
  if (!existsSync(file)) return false
  const lock = new DatabaseSync(file, { readOnly: true, timeout: 0 })
  try {
    lock.prepare('select count(*) from sqlite_schema').get()
    return false
  } catch {
    return true
  } finally {
    lock.close()
  }
}
