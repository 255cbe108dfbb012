import { existsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { RelayError } from '../domain/errors.ts'
import type { Backup, BackupOptions } from './contract/backup.ts'
import type { Store } from './contract/store.ts'
import type { StoreState } from './sqlite/inspect.ts'
import { openSqlite } from './sqlite/open.ts'

export interface OpenOptions {
  /** Whether this process is the relay that works on the store, not a command that looks into it. */
  readonly lock: boolean
  /** The clock of an engine that has none of its own. */
  readonly now?: () => number
}

/** To be called as soon as it is known that a relay will open its store: what can be done before its url is known begins. */
export { prepareThread as prepareStore } from './sqlite/link.ts'

/** Opens the store that a url names: `sqlite:PATH`. Throws RelayError if it can't. */
export async function openStore(url: string, { lock, now = Date.now }: OpenOptions): Promise<Store> {
  const path = pathOf(url)
  if (lock) return openSqlite(path, { lock, now })
  expectFile(path)
  // A command keeps nobody waiting, and threads would need longer to start than it needs for its work.
  return openSqlite(path, { thread: false, now })
}

/**
 * Opens a store only to read it, and only if it is there: nothing is made, migrated or written. Null if there is none. Throws
 * RelayError if it can't be read, or is of an older version.
 */
export async function peekStore(url: string): Promise<Pick<Store, 'readStats' | 'listOtherSources' | 'close'> | null> {
  const path = pathOf(url)
  return existsSync(path) ? (await import('./sqlite/peek.ts')).peekSqlite(path) : null
}

/** The folder of a store's files, and its file; null for a store that has none. */
export function filesOfStore(url: string): { readonly folder: string; readonly file: string } | null {
  const path = pathOf(url)
  return path === ':memory:' ? null : { folder: dirname(resolve(path)), file: path }
}

/**
 * The state of a store, without changing it: whether a relay works on it, and what the next start would do. Throws RelayError if it
 * can't be read, or is not one of ours.
 */
export async function inspectStore(url: string): Promise<StoreState> {
  return (await import('./sqlite/inspect.ts')).inspectSqlite(pathOf(url))
}

/** Copies a store, also while a relay works on it, into one file that has been checked. Throws RelayError if it can't. */
export async function backupStore(url: string, file: string, options: BackupOptions): Promise<Backup> {
  const path = pathOf(url)
  expectFile(path)
  return (await import('./sqlite/backup.ts')).backupSqlite(path, file, options)
}

function pathOf(url: string): string {
  if (url.startsWith('sqlite:')) return url.slice('sqlite:'.length)
  throw new RelayError('invalid', `no store engine for '${url.split(':', 1)[0]}'`)
}

function expectFile(path: string): void {
  if (!existsSync(path)) throw new RelayError('not_found', `there is no database ${path} yet`)
}
