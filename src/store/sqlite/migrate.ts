import type { DatabaseSync } from 'node:sqlite'
import { RelayError } from '../../domain/errors.ts'
import { countRun, type Migration, readFolder } from '../shared/migrations.ts'

const folder = new URL('./migrations/', import.meta.url)
const applicationId = 0x636d7372 // 'cmsr': tells our file from another program's

/** The migrations of this version of the relay, in order. */
export function readMigrations(): readonly Migration[] {
  return readFolder(folder)
}

export interface MigrateOptions {
  readonly migrations?: readonly Migration[]
  /** Keeps relays off the database of an older one while it is brought up to date; answers what ends that. */
  readonly lock?: () => () => void
}

/** Brings the database to the newest schema, in one transaction. Refuses a database that a newer relay has written. */
export function migrate(
  db: DatabaseSync,
  path: string,
  { migrations = readMigrations(), lock = () => () => {} }: MigrateOptions = {},
): void {
  const newest = newestOf(db, path, migrations)
  if (newest === migrations.length) return // nothing to write: a CLI need not wait for a lock
  const unlock = newest > 0 ? lock() : () => {}
  try {
    runMissing(db, path, migrations)
  } finally {
    unlock()
  }
}

function runMissing(db: DatabaseSync, path: string, migrations: readonly Migration[]): void {
  db.exec('begin immediate') // a second process waits here, and then finds the work done
  try {
    const newest = newestOf(db, path, migrations)
    db.exec(`
      create table if not exists migrations (number integer primary key, name text not null, checksum text not null) strict;
      pragma application_id = ${applicationId};
    `)
    const record = db.prepare('insert into migrations (number, name, checksum) values (?, ?, ?)')
    for (const { number, name, sql, checksum } of migrations.slice(newest)) {
      db.exec(sql)
      record.run(number, name, checksum)
    }
    db.exec('commit')
  } catch (error) {
    if (db.isTransaction) db.exec('rollback')
    throw error
  }
}

/** Refuses what is not a database of ours, or one that this version can't read. Answers the number of its newest migration. */
export function checkSchema(db: DatabaseSync, path: string): number {
  const newest = newestOf(db, path, readMigrations())
  if (newest === 0) throw new RelayError('unavailable', `database ${path} is empty`)
  return newest
}

/** How many migrations the next start would run. */
export function countPending(db: DatabaseSync, path: string): number {
  const all = readMigrations()
  return all.length - newestOf(db, path, all)
}

/** Throws RelayError `unavailable` if a start would have to migrate first. */
export function expectNewest(db: DatabaseSync, path: string): void {
  const all = readMigrations()
  if (newestOf(db, path, all) === all.length) return
  throw new RelayError('unavailable', `database ${path} is of an older version: the next start migrates it`)
}

/** The number of the newest migration that was run, after a look at whether they are ours; 0 for an empty file. */
function newestOf(db: DatabaseSync, path: string, migrations: readonly Migration[]): number {
  const { tables } = db.prepare('select count(*) as tables from sqlite_schema').get() as { tables: number }
  if (tables === 0) return 0
  const { application_id: found } = db.prepare('pragma application_id').get() as { application_id: number }
  if (found !== applicationId) throw new RelayError('unavailable', `database ${path} belongs to another program`)
  const rows = db.prepare('select number, name, checksum from migrations order by number').all()
  return countRun(rows as unknown as readonly Omit<Migration, 'sql'>[], migrations, `database ${path}`)
}
