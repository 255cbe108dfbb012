import type { Store } from '../../store/contract/store.ts'

export interface PruneDeps {
  readonly store: Pick<Store, 'prune' | 'shrink' | 'noteWaiting'>
  /** How long settled events, and settled batches with their attempts, are kept. Milliseconds. */
  readonly retention: () => { readonly events: number; readonly attempts: number }
  readonly now: () => number
}

/** Small steps, so that receiving never waits for them. */
const stepRows = 500
const minuteMs = 60_000

/**
 * Deletes a few rows whose time is over, or when there are none, gives a little free room back to the disk. Answers how
 * much it did; 0 when there is nothing to do. What is pending is never touched, but counted once a minute.
 */
export function createPrune({ store, retention, now }: PruneDeps): () => Promise<number> {
  let lastNoted = 0
  return async function pruneStep() {
    const at = now()
    const { events, attempts } = retention()
    const before = { events: at - events, attempts: at - attempts }
    const done = (await store.prune(before, stepRows)) || (await store.shrink())
    if (Math.floor(at / minuteMs) !== lastNoted) await store.noteWaiting(at)
    lastNoted = Math.floor(at / minuteMs)
    return done
  }
}
