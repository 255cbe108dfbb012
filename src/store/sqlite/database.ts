import { statSync } from 'node:fs'
import { DatabaseSync, type SQLInputValue, type SQLOutputValue } from 'node:sqlite'
import { messageOf, RelayError } from '../../domain/errors.ts'
import { fillInMemory } from './blank.ts'
import { isDamage, relayErrorOf } from './errors.ts'
import { checkFiles, createForOwner, realPathOf } from './file.ts'
import { createKeeper, type Keeper, noKeeper } from './keeper.ts'
import { lockDatabase } from './lock.ts'
import { migrate } from './migrate.ts'
import { expectSameFile, expectWholeLog, readOpenMark } from './open-mark.ts'

export interface DatabaseOptions {
  /** For admin queries beside the writer. Never creates or migrates. */
  readonly readOnly?: boolean
  /** How long to wait for another process (a CLI beside a running relay) that is writing. */
  readonly busyTimeoutMs?: number
  /** An upper bound to the size of the file, in pages of 4 KB. */
  readonly maxPages?: number
  /** Read every page before anything is done, if the file is not too large for that. */
  readonly check?: boolean
  /** This process is the only relay on the file, see `lockDatabase`. */
  readonly isLocked?: boolean
  /** Before a transaction, the files are looked at if the last look is so long ago. */
  readonly lookEveryMs?: number
  /** Hears of every statement of the engine when it is prepared. */
  readonly onPrepare?: (sql: string) => void
}

/** One connection, its transactions and how durable they are. */
export interface Database {
  readonly db: DatabaseSync
  readonly path: string
  readonly onPrepare: ((sql: string) => void) | undefined
  /** Runs `work` in a write transaction: all of it or nothing. See `Durability` for what a power cut may take. */
  transact<T>(durability: Durability, work: () => T): T
  /** Another number once another connection has committed. Inside of a transaction it stays as it is. */
  version(): number
  /** Looks after the files of the database while a relay has it open. */
  readonly keeper: Keeper
  /** False if it had to be left open, see `Keeper`. */
  close(): boolean
}

/**
 * Every commit survives the death of the process. `synced` also survives a power cut: it fsyncs the write-ahead log,
 * and with it all that `unsynced` commits have appended before. `unsynced` is for work that is simply done again.
 */
export type Durability = 'synced' | 'unsynced'

/** Opens a database file, creating it and its folder if need be, and brings it to the newest schema. */
export function openDatabase(path: string, options: DatabaseOptions = {}): Database {
  const {
    readOnly = false,
    busyTimeoutMs = 5_000,
    maxPages,
    check = false,
    isLocked = false,
    lookEveryMs,
    onPrepare,
  } = options
  try {
    const isFile = path !== ':memory:'
    const real = isFile && !readOnly ? realPathOf(path) : path
    const mark = isFile && !readOnly ? readOpenMark(real) : null
    if (isFile && !readOnly) {
      checkFiles(real)
      if (mark) expectSameFile(real, mark)
      createForOwner(real) // what webhooks have brought is its owner's; the log beside it gets the permissions of the file
    }
    const db = new DatabaseSync(path, { timeout: busyTimeoutMs, readOnly, enableForeignKeyConstraints: true })
    try {
      configure(db, readOnly, maxPages)
      if (mark) expectWholeLog(db, real, mark)
      if (check) checkPages(db, path)
      if (!isFile) fillInMemory(db)
      else if (!readOnly) migrate(db, path, isLocked ? {} : { lock: () => lockAgainstOlder(path) })
      const keeper =
        isLocked && isFile
          ? createKeeper({ db, path, real, mark, ...(lookEveryMs !== undefined && { lookEveryMs }) })
          : noKeeper
      const close = () => keeper.close(() => db.close())
      return {
        db,
        path,
        onPrepare,
        transact: createTransact(db, path, keeper),
        version: createVersion(db),
        keeper,
        close,
      }
    } catch (error) {
      db.close()
      throw error
    }
  } catch (error) {
    throw isDamage(error) ? damaged(path, messageOf(error)) : relayErrorOf(error, path)
  }
}

/** An older relay that is at work would go on writing as it knows to, so no command migrates its database under it. */
function lockAgainstOlder(path: string): () => void {
  try {
    return lockDatabase(path)
  } catch (error) {
    if (!(error instanceof RelayError) || error.code !== 'conflict') throw error
    const text = `database ${path} is in use by an older cms-relay: stop it and start this one, which migrates the database`
    throw new RelayError('conflict', text, { cause: error })
  }
}

/** Larger files are not read through: a start must be quick. Bytes; from the cache some 0.3 s, else as the disk reads. */
const checkedMax = 256 * 1024 * 1024

/** Damage that would show one day, in the middle of the work, shows now. */
function checkPages(db: DatabaseSync, path: string): void {
  if (path === ':memory:' || statSync(path).size > checkedMax) return
  const [finding] = findingsOf(db, 'quick_check(1)')
  if (finding !== undefined) throw damaged(path, finding)
}

/** What a check of the whole database finds; nothing if it is sound. Throws if it can't even be read. */
export function findingsOf(db: DatabaseSync, check: 'quick_check(1)' | 'integrity_check(1)'): readonly string[] {
  const rows = db.prepare(`pragma ${check}`).all()
  const findings = rows.map((row) => String(Object.values(row)[0]).replace(/\s+/g, ' '))
  return findings.filter((text) => text !== 'ok')
}

function damaged(path: string, text: string): RelayError {
  const kind = /not a database/.test(text) ? 'not a database' : 'damaged'
  const advice = 'Keep the files and restore a backup (docs/recovery.md)'
  return new RelayError('unavailable', `database ${path} is ${kind}: ${text}. ${advice}`)
}

// 16 MB of log before the commit that reaches it copies the pages home: fewer, larger, mostly sequential writes.
const checkpointPages = 4_000
const cacheKb = 32_768

function configure(db: DatabaseSync, readOnly: boolean, maxPages: number | undefined): void {
  if (!readOnly) {
    // Before the first page: freed pages can be given back then, a few at a time. See docs/decisions/sqlite-thread.md.
    const { page_count: pages } = db.prepare('pragma page_count').get() as { page_count: number }
    if (pages === 0) db.exec('pragma auto_vacuum = incremental')
    db.exec('pragma journal_mode = wal')
  }
  db.exec(`
    pragma synchronous = full;
    pragma wal_autocheckpoint = ${checkpointPages};
    pragma journal_size_limit = ${checkpointPages * 4096 * 4};
    pragma cache_size = -${cacheKb};
    pragma temp_store = memory;
    pragma trusted_schema = off;
  `)
  if (maxPages !== undefined) db.exec(`pragma max_page_count = ${maxPages}`)
}

function createTransact(db: DatabaseSync, path: string, keeper: Keeper): Database['transact'] {
  let level: Durability = 'synced'
  const begin = db.prepare('begin immediate')
  const commit = db.prepare('commit')
  return function transact(durability, work) {
    try {
      keeper.beforeCommit()
      if (level !== durability) {
        // Takes effect when parsed, and only outside of a transaction.
        db.exec(`pragma synchronous = ${durability === 'synced' ? 'full' : 'normal'}`)
        level = durability
      }
      begin.run()
      const result = work()
      commit.run()
      return result
    } catch (error) {
      if (db.isTransaction) db.exec('rollback')
      throw relayErrorOf(error, path)
    }
  }
}

function createVersion(db: DatabaseSync): Database['version'] {
  const select = db.prepare('pragma data_version')
  select.setReturnArrays(true)
  return () => (select.get() as unknown as readonly [number])[0]
}

type Parameters = readonly SQLInputValue[] | readonly [Readonly<Record<string, SQLInputValue>>]

/** A prepared statement whose rows have a type. What the SQL selects and what `Row` says must agree. */
export interface Query<Row> {
  all(...parameters: Parameters): readonly Row[]
  get(...parameters: Parameters): Row | undefined
  iterate(...parameters: Parameters): Iterable<Row>
  run(...parameters: Parameters): { readonly changes: number; readonly lastInsertRowid: number }
}

export function prepare<Row = Readonly<Record<string, SQLOutputValue>>>(
  { db, onPrepare }: Database,
  sql: string,
): Query<Row> {
  onPrepare?.(sql)
  return db.prepare(sql) as unknown as Query<Row>
}
