import type { Statistics } from '../../store/contract/statistics.ts'
import type { Upkeep } from '../../store/contract/upkeep.ts'

export interface PruneDeps {
  readonly store: Pick<Upkeep, 'prune' | 'shrink' | 'lease'> & Pick<Statistics, 'noteWaiting'>
  readonly owner: string
  /** How long settled events, and settled batches with their attempts, are kept. Milliseconds. */
  readonly retention: () => { readonly events: number; readonly attempts: number }
  readonly now: () => number
}

/** The replica that prunes goes on with it; if it is gone, another one does within this time. */
const leaseMs = 180_000

/** Small steps, so that receiving never waits for them. */
const stepRows = 500
const minuteMs = 60_000

/**
 * Deletes a few rows whose time is over, or when there are none, gives a little free room back to the disk. Answers how
 * much it did; 0 when there is nothing to do. What is pending is never touched, but counted once a minute.
 */
export function createPrune({ store, owner, retention, now }: PruneDeps): () => Promise<number> {
  let lastNoted = 0
  return async function pruneStep() {
    if (!(await store.lease('prune', owner, leaseMs))) return 0
    const done = (await store.prune(retention(), stepRows)) || (await store.shrink())
    const minute = Math.floor(now() / minuteMs)
    if (minute !== lastNoted) await store.noteWaiting()
    lastNoted = minute
    return done
  }
}
