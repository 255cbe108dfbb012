import { closeSync, existsSync, linkSync, openSync, realpathSync, renameSync, rmSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { backup, DatabaseSync } from 'node:sqlite'
import { messageOf, RelayError } from '../../domain/errors.ts'
import type { Backup, BackupOptions } from '../contract/backup.ts'
import { findingsOf, openDatabase } from './database.ts'
import { relayErrorOf } from './errors.ts'
import { syncFile } from './file.ts'
import { checkSchema } from './migrate.ts'

/** 4 MB: progress is told, and an interruption heeded, after each. */
const stepPages = 1_000

/**
 * Copies a database that may be at work to a new file, which is there only when it is whole, checked and on disk. Nobody
 * is kept waiting. Throws RelayError: `conflict` if something is at that place already.
 */
export async function backupSqlite(path: string, target: string, options: BackupOptions): Promise<Backup> {
  const file = resolve(target)
  checkTarget(path, file, options.force)
  const part = `${file}.part`
  createEmpty(part)
  try {
    await copy(path, part, options)
    options.onProgress?.({ phase: 'check', share: 0 })
    const schema = checkCopy(part, path)
    syncFile(part)
    place(part, file, options.force)
    return { file, bytes: statSync(file).size, schema }
  } finally {
    for (const ending of ['', '-wal', '-shm', '-journal']) rmSync(`${part}${ending}`, { force: true })
  }
}

function checkTarget(path: string, file: string, force: boolean): void {
  const own = ['', '-wal', '-shm', '-lock', '-open'].map((ending) => `${realpathSync(path)}${ending}`)
  const folder = dirname(file)
  if (!existsSync(folder)) throw new RelayError('invalid', `there is no folder ${folder}`)
  const real = existsSync(file) ? realpathSync(file) : join(realpathSync(folder), basename(file))
  if (own.includes(real)) throw new RelayError('invalid', `${file} is the database itself`)
  if (statSync(file, { throwIfNoEntry: false })?.isDirectory()) throw new RelayError('invalid', `${file} is a folder`)
  if (existsSync(file) && !force) throw existing(file)
  // It would be taken for the log of the backup, and overwrite what is in it.
  if (existsSync(`${file}-wal`)) throw new RelayError('conflict', `${file}-wal is there: ${file} is in use`)
}

function existing(file: string): RelayError {
  return new RelayError('conflict', `${file} exists already: give another name, or --force to replace it`)
}

/** For its owner alone: bodies of webhooks are in it. */
function createEmpty(part: string): void {
  try {
    closeSync(openSync(part, 'wx', 0o600))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    throw new RelayError('conflict', `${part} is there: another backup is under way, or was killed; then delete it`)
  }
}

async function copy(path: string, part: string, { onProgress, signal }: BackupOptions): Promise<void> {
  const { db } = openDatabase(path, { readOnly: true })
  try {
    checkSchema(db, path)
    // The copy is of this moment. Without the snapshot each commit of the relay would begin it anew, for ever.
    db.exec('begin')
    db.prepare('select count(*) from sqlite_schema').get()
    await backup(db, part, {
      rate: stepPages,
      progress({ totalPages, remainingPages }) {
        signal?.throwIfAborted()
        onProgress?.({ phase: 'copy', share: 1 - remainingPages / totalPages })
      },
    })
    db.exec('rollback')
  } catch (error) {
    if (signal?.aborted) throw new RelayError('conflict', 'the backup was interrupted: nothing was written')
    throw relayErrorOf(error, path)
  } finally {
    db.close()
  }
}

/** Reads every page of the copy, which then needs no other file beside it. Answers the number of its newest migration. */
function checkCopy(part: string, path: string): number {
  try {
    const db = new DatabaseSync(part)
    try {
      const [finding] = findingsOf(db, 'integrity_check(1)')
      if (finding !== undefined) throw new Error(finding)
      db.exec('pragma journal_mode = delete')
      db.exec('pragma user_version = 0') // a copy is not a database that a relay has open: see open-mark.ts
      return checkSchema(db, part)
    } finally {
      db.close()
    }
  } catch (error) {
    const text = `the copy of ${path} is not sound, so no backup was written: ${messageOf(error)}`
    throw new RelayError('unavailable', text)
  }
}

function place(part: string, file: string, force: boolean): void {
  if (force) renameSync(part, file)
  else placeAnew(part, file)
  syncFile(dirname(file))
}

function placeAnew(part: string, file: string): void {
  try {
    linkSync(part, file) // unlike a rename, never over a file that has come meanwhile
  } catch {
    if (existsSync(file)) throw existing(file)
    renameSync(part, file) // a file system without links
  }
}
