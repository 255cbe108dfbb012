import { existsSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import { RelayError } from '../../domain/errors.ts'
import type { StoreFiles } from '../contract/store.ts'
import { relayErrorOf } from './errors.ts'
import {
  newRun,
  numberAfter,
  type OpenMark,
  openMarkFile,
  readNumber,
  removeOpenMark,
  runOf,
  writeOpenMark,
} from './open-mark.ts'
import { type FileWatch, watchFiles } from './watch-files.ts'

/** Looks after the files of a database while a relay has it open: are they the same still, and would a loss be noticed. */
export interface Keeper {
  /** Throws RelayError `unavailable` if what would be committed goes nowhere. Looks again after a while only. */
  beforeCommit(): void
  /** Looks now. */
  look(): StoreFiles
  /** Closes the database, unless that would spoil what somebody has written over it; answers whether it has. */
  close(closeDatabase: () => void): boolean
}

/** Nothing mends itself here. */
const restoredRetryAfterMs = 30_000

/** For commands, readers and databases in memory. */
export const noKeeper: Keeper = {
  beforeCommit() {},
  look: () => ({ logBytes: 0, logPages: 0 }),
  close(closeDatabase) {
    closeDatabase()
    return true
  },
}

interface KeeperOptions {
  readonly db: DatabaseSync
  readonly path: string
  readonly real: string
  /** What a relay has left that was not closed well. */
  readonly mark: OpenMark | null
  readonly lookEveryMs?: number
}

export function createKeeper({ db, path, real, mark, lookEveryMs = 1_000 }: KeeperOptions): Keeper {
  let newest = mark ? numberAfter(readNumber(db)) : newRun()
  let isHome = mark?.isHome ?? false
  writeNumber(newest)
  db.exec('pragma wal_checkpoint(passive)')
  const watch: FileWatch = watchFiles(path, real, runOf(newest))
  let lookedAt = performance.now()
  let isRestored = false
  try {
    renumber()
    writeOpenMark(real, { newest, isHome })
  } catch (error) {
    watch.close()
    throw error
  }

  function writeNumber(number: number): void {
    db.exec(`pragma synchronous = full; pragma user_version = ${number}`)
  }

  /** The log has a number that is nowhere else, also once a checkpoint has brought its last one home. */
  function renumber(): boolean {
    if (watch.homeNumber() !== newest) return false
    const next = numberAfter(newest)
    writeNumber(next)
    newest = next
    isHome = true
    return true
  }

  /** Where another process is writing just now, the next look will do. */
  function keepReady(): void {
    try {
      if ((!db.isTransaction && renumber()) || !existsSync(openMarkFile(real))) writeOpenMark(real, { newest, isHome })
    } catch (error) {
      if (!(relayErrorOf(error, path) instanceof RelayError)) throw error
    }
  }

  /** `.restore` of another program puts a copy over everything, by way of SQLite: the number is the copy's then. */
  function expectOwnContent(): void {
    isRestored ||= readNumber(db) !== newest // nobody else writes it
    if (!isRestored) return
    const text = `database ${path} is no longer the one that was open: another one was restored into it. What was acknowledged since that was made is gone. Restart the relay to go on with it as it is (docs/recovery.md)`
    throw new RelayError('unavailable', text, { retryAfterMs: restoredRetryAfterMs })
  }

  function expectSame(): void {
    watch.expectSame()
    expectOwnContent()
    lookedAt = performance.now()
  }

  return {
    beforeCommit() {
      if (performance.now() - lookedAt >= lookEveryMs) expectSame()
    },
    look() {
      expectSame()
      keepReady()
      return watch.sizes()
    },
    close(closeDatabase) {
      let isSame = true
      try {
        watch.expectSame()
      } catch {
        isSame = false
      }
      if (watch.isOverwritten()) return false // the last to close it works the log in: into a file that it is not the log of
      // First: were the process killed in between, the next one would miss a log that is no longer needed.
      if (isSame) removeOpenMark(real)
      closeDatabase()
      watch.close()
      return true
    },
  }
}
