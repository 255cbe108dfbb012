import { messageOf, RelayError } from '../../domain/errors.ts'
import type { Emit } from '../../domain/signal.ts'
import type { StoreFiles } from '../../store/contract/store.ts'
import type { Upkeep } from '../../store/contract/upkeep.ts'

export interface WatchStoreDeps {
  readonly store: Pick<Upkeep, 'checkFiles'>
  readonly now: () => number
  readonly emit: Emit
}

/** The files of the store, looked at every two seconds. */
export interface StoreWatch {
  /** Says once that they are lost, and once that they are back; throws nothing. */
  step(): Promise<void>
  /** What the last look found. */
  files(): LogState
}

export interface LogState extends StoreFiles {
  /** Since when more of the log waits than is usual, in unix milliseconds; null if it does not. */
  readonly stuckSince: number | null
}

/** Four times what a log has when it is worked in: 64 MB. */
const usualPages = 16_000

export function createStoreWatch({ store, now, emit }: WatchStoreDeps): StoreWatch {
  let lostBecause: string | null = null
  let state: LogState = { logBytes: 0, logPages: 0, stuckSince: null }
  let reportedPages = 0

  function seeLog(files: StoreFiles): void {
    const isStuck = files.logPages > usualPages
    state = { ...files, stuckSince: isStuck ? (state.stuckSince ?? now()) : null }
    if (!isStuck) reportedPages = 0
    // Again only when it has doubled: a reader may be forgotten for days.
    if (!isStuck || files.logPages < reportedPages * 2) return
    reportedPages = files.logPages
    emit({ kind: 'store.log_grows', ...files, stuckMs: now() - (state.stuckSince ?? now()) })
  }

  return {
    async step() {
      try {
        seeLog(await store.checkFiles())
        if (lostBecause !== null) emit({ kind: 'store.back' })
        lostBecause = null
      } catch (error) {
        if (!(error instanceof RelayError)) throw error
        if (lostBecause === null) emit({ kind: 'store.lost', error: messageOf(error) })
        lostBecause = messageOf(error)
      }
    },
    files: () => state,
  }
}
