import type { Outcome } from '../../ingest/outcome.ts'
import type { SealedBatch } from '../../store/store.ts'
import type { Load } from './limits.ts'

export interface StuckDeps {
  /** Items of a new call, as far as is known. */
  readonly maxItems: () => number
  /** Whether the destination answers otherwise. */
  readonly isAlive: (signal: AbortSignal) => Promise<boolean>
}

/** Finds batches that are too much for a destination, and would be so for ever. */
export interface StuckBatches {
  /** The outcome, or `stuck` where the batch has been too slow time and again and the destination answers otherwise. */
  judge(
    outcome: Outcome,
    load: Load | null,
    batch: Pick<SealedBatch, 'id' | 'items'>,
    signal: AbortSignal,
  ): Promise<Outcome>
  /** The batch is over. */
  forget(batchId: string): void
}

/** By then an API that goes on with a call after its caller has hung up has long answered from memory. */
const timesInARow = 5
/** A part that is too slow as well costs so many attempts again: halves would take for ever. */
const partsAtLeast = 8

/**
 *     retry ──too slow, 5 times in a row──▶ does it answer a heartbeat? ──yes──▶ stuck: smaller calls, with keys of their own
 *       ▲                                              │
 *       └── anything else: counted anew                └──no──▶ retry: it is down, and nothing is known of the batch
 */
export function createStuckBatches({ maxItems, isAlive }: StuckDeps): StuckBatches {
  const inARow = new Map<string, number>() // forgotten with the process, which then waits for longer

  return {
    async judge(outcome, load, batch, signal) {
      if (outcome.kind !== 'retry' || load !== 'too slow' || batch.items.length < 2) {
        inARow.delete(batch.id)
        return outcome
      }
      const times = (inARow.get(batch.id) ?? 0) + 1
      inARow.set(batch.id, times)
      if (times < timesInARow || !(await isAlive(signal))) return outcome
      const size = Math.min(maxItems(), Math.ceil(batch.items.length / partsAtLeast))
      const reason = `too slow ${times} times in a row, while a heartbeat is answered: ${outcome.reason}`
      return { kind: 'stuck', reason, size }
    },
    forget: (batchId) => void inARow.delete(batchId),
  }
}
