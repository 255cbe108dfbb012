import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readlinkSync,
  realpathSync,
  statSync,
} from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { RelayError } from '../../domain/errors.ts'

/**
 * Looks at a database's files before SQLite does, which would go on without a log that was taken away: what stood in it
 * is webhooks that were acknowledged. SQLite makes the log before its index and removes it after, so an index alone is
 * left over. Throws RelayError `unavailable`.
 */
export function checkFiles(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) {
    throw new RelayError('unavailable', `database ${path} is a folder`)
  }
  // Twice: another process may have closed the database between one look and the other.
  if (!isLogLost(path) || !isLogLost(path)) return
  throw new RelayError(
    'unavailable',
    `database ${path} has lost its log: ${path}-wal is missing, though the database was not closed. Put it back or restore a backup ` +
      `(docs/recovery.md); to go on without what stood in it, delete ${path}-shm${existsSync(`${path}-open`) ? ` and ${path}-open` : ''}`,
  )
}

/**
 * Where a database really is: SQLite puts log and index there, and so is the lock, whatever links lead to it. Makes its folder, for
 * its owner alone.
 */
export function realPathOf(path: string): string {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const stat = lstatSync(path, { throwIfNoEntry: false })
  if (stat?.isSymbolicLink() && !existsSync(path)) return realPathOf(resolve(dirname(path), readlinkSync(path)))
  return stat ? realpathSync(path) : join(realpathSync(dirname(path)), basename(path))
}

/** An empty file for its owner alone. One that is there is left as it is. */
export function createForOwner(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600))
  } catch {
    // It is there; or it can't be made, and opening it says why.
  }
}

/** What a file, or the list of files in a folder, says now survives a power cut. */
export function syncFile(file: string): void {
  const descriptor = openSync(file, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

function isLogLost(path: string): boolean {
  return existsSync(`${path}-shm`) && !existsSync(`${path}-wal`)
}

/** Which of a database's files this process may not write, and whose it is; null if that is not what is wrong. */
export function explainAccess(path: string): string | null {
  for (const file of [dirname(path), path, `${path}-wal`, `${path}-shm`, `${path}-lock`, `${path}-open`]) {
    const stat = statSync(file, { throwIfNoEntry: false })
    if (!stat) continue
    try {
      accessSync(file, constants.R_OK | constants.W_OK)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EROFS') return `${file} is on a read-only disk`
      const mode = (stat.mode & 0o777).toString(8).padStart(3, '0')
      return `${file} belongs to uid ${stat.uid} (mode ${mode}), and this process is uid ${process.getuid?.()}`
    }
  }
  return null
}
