import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { RelayError } from '../../domain/errors.ts'
import { relayErrorOf } from './errors.ts'

/**
 * Makes this process the only relay on a database, until it is released or the process ends, in whatever way. The lock
 * is the operating system's, on a file beside the database: nothing is left behind that could be stale.
 */
export function lockDatabase(path: string): () => void {
  mkdirSync(dirname(path), { recursive: true })
  try {
    const lock = new DatabaseSync(`${path}-lock`, { timeout: 0 })
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

// https://www.sqlite.org/rescode.html#busy
function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && (Number(error.errcode) & 0xff) === 5
}
