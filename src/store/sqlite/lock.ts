import { statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { RelayError } from '../../domain/errors.ts'
import { relayErrorOf } from './errors.ts'
import { createForOwner, realPathOf } from './file.ts'

/**
 * Makes this process the only relay on a database, until it is released or the process ends, in whatever way. The lock
 * is the operating system's, on a file beside the database: nothing is left behind that could be stale. Links to the file, and
 * other names of its folder, lead to the same lock.
 */
export function lockDatabase(path: string): () => void {
  try {
    const real = realPathOf(path)
    expectOneName(path, real)
    createForOwner(`${real}-lock`)
    const lock = new DatabaseSync(`${real}-lock`, { timeout: 0 })
    try {
      lock.exec('begin exclusive')
    } catch (error) {
      lock.close()
      throw error
    }
    return () => lock.close()
  } catch (cause) {
    if (!isBusy(cause)) throw relayErrorOf(cause, path) // a disk that can not be written is nobody else's fault
    throw new RelayError('conflict', `database ${path} is in use by another relay process`, { cause })
  }
}

/** By another name of the file itself there would be another log, and another lock: https://www.sqlite.org/howtocorrupt.html#_multiple_links_to_the_same_file */
function expectOneName(path: string, real: string): void {
  const stat = statSync(real, { throwIfNoEntry: false })
  const names = stat?.isFile() ? stat.nlink : 1
  if (names < 2) return
  const cure = `\`find / -xdev -samefile ${real}\` lists them: delete all but one`
  throw new RelayError(
    'unavailable',
    `database ${path} is one file with ${names} names (hard links), each with a log of its own: ${cure}`,
  )
}

// https://www.sqlite.org/rescode.html#busy
function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && (Number(error.errcode) & 0xff) === 5
}
