import {
  closeSync,
  fsyncSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import { RelayError } from '../../domain/errors.ts'
import { syncFile } from './file.ts'

// A relay that has a database open says so in a file beside it, and numbers what it writes. SQLite opens a database whose log was
// taken away, or that was replaced beside its log, as if nothing were missing; and any program that looks into it makes the log
// anew. So the number of the newest log stands in three places:
//
//     relay.db      bytes 60 to 63 (`pragma user_version`): the number that the last checkpoint brought home
//     relay.db-wal  the same field of the first page: always a newer number, so that the log is never without one
//     relay.db-open the newer number, for the next start. A relay that is closed well removes the file
//
// A number is a run, made up when a database is opened that was closed well, and a count, which only grows.

const runs = 2 ** 11
const counts = 2 ** 20

export interface OpenMark {
  /** The newest number that is in the database or its log. */
  readonly newest: number
  /** Whether a number of this run has come home to the database file. */
  readonly isHome: boolean
}

export function openMarkFile(path: string): string {
  return `${path}-open`
}

export function runOf(number: number): number {
  return Math.floor(number / counts)
}

/** The first number of a run that no other has, as good as ever; nought is what a database has that never had a relay. */
export function newRun(random: () => number = Math.random): number {
  return (1 + Math.floor(random() * (runs - 1))) * counts
}

/** The number after it. At the end of the counts it stays: what is then in the log alone goes unnoticed. */
export function numberAfter(number: number): number {
  return number % counts === counts - 1 ? number : number + 1
}

/** What a relay that was not closed well has left. Null if there is nothing, or nothing that can be read. */
export function readOpenMark(path: string): OpenMark | null {
  try {
    const { newest, isHome } = JSON.parse(readFileSync(openMarkFile(path), 'utf8'))
    return Number.isSafeInteger(newest) && typeof isHome === 'boolean' ? { newest, isHome } : null
  } catch {
    return null
  }
}

/** On disk when it returns, whole or not at all. */
export function writeOpenMark(path: string, mark: OpenMark): void {
  const file = openMarkFile(path)
  const part = `${file}.part`
  const descriptor = openSync(part, 'w', 0o600)
  try {
    writeSync(descriptor, `${JSON.stringify(mark)}\n`)
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
  renameSync(part, file)
  syncFile(file.slice(0, file.lastIndexOf('/') + 1) || '.')
}

export function removeOpenMark(path: string): void {
  rmSync(openMarkFile(path), { force: true })
}

/** What a header says in bytes 60 to 63, see https://www.sqlite.org/fileformat2.html#user_version_number; 0 for one cut short. */
export function numberInHeader(header: Buffer): number {
  return header.length < 64 ? 0 : header.readUInt32BE(60)
}

/**
 * Before SQLite opens a database that was not closed well: is it the one that was open? Its log would be worked into any other
 * file of that name. To be asked while this process has no connection to it: to close a file gives up SQLite's locks on it.
 */
export function expectSameFile(path: string, mark: OpenMark): void {
  if (statSync(path, { throwIfNoEntry: false }) === undefined) {
    throw refusal(
      path,
      'is gone',
      `Put it back or restore a backup (docs/recovery.md); to begin with an empty one, delete ${openMarkFile(path)}`,
    )
  }
  if (!mark.isHome || runOf(numberInHeader(readHeader(path))) === runOf(mark.newest)) return
  throw refusal(
    path,
    'was replaced while it was open',
    `Its log belongs to another file. Put that one back; to go on with this one as it is, delete ${path}-wal, ${path}-shm and ${openMarkFile(path)} (docs/recovery.md)`,
  )
}

/** After SQLite has opened it: has it all that was in its log? */
export function expectWholeLog(db: DatabaseSync, path: string, mark: OpenMark): void {
  if (readNumber(db) >= mark.newest && runOf(readNumber(db)) === runOf(mark.newest)) return
  throw refusal(
    path,
    'has lost its log',
    `What ${path}-wal held when it was last open is missing, though it was not closed. Put the log back or restore a backup (docs/recovery.md); ` +
      `to go on without what stood in it, delete ${openMarkFile(path)}`,
  )
}

export function readNumber(db: DatabaseSync): number {
  return Number((db.prepare('pragma user_version').get() as { user_version: number }).user_version)
}

function readHeader(path: string): Buffer {
  const descriptor = openSync(path, 'r')
  try {
    const header = Buffer.alloc(100)
    return header.subarray(0, readSync(descriptor, header, 0, header.length, 0))
  } finally {
    closeSync(descriptor)
  }
}

function refusal(path: string, what: string, advice: string): RelayError {
  return new RelayError('unavailable', `database ${path} ${what}. ${advice}`)
}
