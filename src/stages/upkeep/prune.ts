import type { Store } from '../../store/contract/store.ts'

export interface PruneDeps {
  readonly store: Pick<Store, 'prune' | 'shrink'>
  /** How long settled events, and settled batches with their attempts, are kept. Milliseconds. */
  readonly retention: { readonly events: number; readonly attempts: number }
  readonly now: () => number
}

/** Small steps, so that receiving never waits for them. */
const stepRows = 500

/**
 * Deletes a few rows whose time is over, or when there are none, gives a little free room back to the disk. Answers how
 * much it did; 0 when there is nothing to do. What is pending is never touched.
 */
export function createPrune({ store, retention, now }: PruneDeps): () => Promise<number> {
  return async function pruneStep() {
    const at = now()
    const before = { events: at - retention.events, attempts: at - retention.attempts }
    return (await store.prune(before, stepRows)) || store.shrink()
  }
}
