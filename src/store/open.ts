import { existsSync } from 'node:fs'
import { RelayError } from '../domain/errors.ts'
import { openSqlite } from './sqlite/open.ts'
import type { Store } from './store.ts'

export interface OpenOptions {
  /** Whether this process is the relay that works on the store, not a command that looks into it. */
  readonly lock: boolean
}

/** Opens the store that a url names: `sqlite:PATH`. Throws RelayError where it can't. */
export function openStore(url: string, options: OpenOptions): Promise<Store> {
  if (url.startsWith('sqlite:')) {
    const path = url.slice('sqlite:'.length)
    if (!options.lock && !existsSync(path)) throw new RelayError('not_found', `there is no database ${path} yet`)
    return openSqlite(path, options)
  }
  throw new RelayError('invalid', `no store engine for '${url.split(':', 1)[0]}'`)
}
