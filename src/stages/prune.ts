import type { Store } from '../store/store.ts'

export interface PruneDeps {
  readonly store: Pick<Store, 'prune'>
  /** How long settled events, and settled batches with their attempts, are kept. Milliseconds. */
  readonly retention: { readonly events: number; readonly attempts: number }
  readonly now: () => number
}

/** Small steps, so that receiving never waits for them. */
const stepRows = 500

/** Deletes a few rows whose time is over; answers how many. What is pending is never touched. */
export function createPrune({ store, retention, now }: PruneDeps): () => Promise<number> {
  return function pruneStep() {
    const at = now()
    return store.prune({ events: at - retention.events, attempts: at - retention.attempts }, stepRows)
  }
}
