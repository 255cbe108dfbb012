import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { RelayError } from '../../domain/errors.ts'

/**
 * Makes this process the only relay on a database, until it is released or the process ends, in whatever way. The lock
 * is the operating system's, on a file beside the database: nothing is left behind that could be stale.
 */
export function lockDatabase(path: string): () => void {
  mkdirSync(dirname(path), { recursive: true })
  const lock = new DatabaseSync(`${path}-lock`, { timeout: 0 })
  try {
    lock.exec('begin exclusive')
  } catch (cause) {
    lock.close()
    throw new RelayError('conflict', `database ${path} is in use by another relay process`, { cause })
  }
  return () => lock.close()
}
