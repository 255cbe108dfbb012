import type { SentOutcome } from '../../domain/item-release.ts'
import type { Tried } from '../../domain/tried.ts'

/** Giving out what is due at a destination, and settling what has come of it. */
export interface Delivering {
  /**
   * Claims due items of one destination for one batch: oldest due first, either all upserts or all tombstones
   * (tombstones go first), no id twice, at most `maxItems` and `maxBytes` (at least one item). Null when none is due. The
   * batch exists from now on but has no bytes: it must be sealed before anything is sent.
   */
  claimItems(claim: ItemClaim): Promise<ClaimedItems | null>

  /**
   * Gives a claimed batch its key and its exact bytes, on disk before it resolves (fsync). False when the claim is no
   * longer the owner's; then nothing may be sent.
   */
  sealBatch(
    owner: string,
    batch: { readonly id: string; readonly key: string; readonly body: Buffer },
  ): Promise<boolean>

  /** A sealed batch of the destination that is due for another attempt, claimed by `owner`, longest due first; else null. */
  claimBatch(claim: BatchClaim): Promise<SealedBatch | null>

  /**
   * Settles an attempt. False, and nothing done, when the batch is not the owner's. For each item of a `done` batch the
   * outcome counts only for the revision that was sent: a newer desired state stays pending and is due as it was (at
   * once if the debounce is over). What was sent becomes the delivered state; if the outcome is uncertain the
   * delivered state becomes `unknown`, so that nothing is taken for unchanged. Items that a `done` does not name go back
   * to pending as if nothing had been sent; so `done` with no items gives back a batch that was claimed and not sealed.
   */
  settleBatch(owner: string, batchId: string, settlement: Settlement): Promise<boolean>

  /** Keeps the record of one HTTP try (of a known batch). Bookkeeping: its failure must not change what is sent. */
  recordAttempt(attempt: NewAttempt): Promise<void>

  /**
   * When the destination next has something due (an item or a batch), or null. May be in the past. What is claimed does
   * not count until it is settled or recovered.
   */
  nextDueAt(destination: string): Promise<number | null>
}

export interface ItemClaim {
  readonly owner: string
  readonly batchId: string
  readonly destination: string
  readonly leaseMs: number
  readonly maxItems: number
  /** Of the items' JSON texts together. */
  readonly maxBytes: number
}

export interface ClaimedItems {
  readonly batchId: string
  readonly kind: 'upsert' | 'delete'
  readonly items: readonly ClaimedItem[]
}

export interface ClaimedItem {
  readonly seq: number
  readonly type: string
  readonly id: string
  readonly revision: number
  /** JSON text; null for a tombstone. */
  readonly body: string | null
  /** Tries that an outcome of its own has sent back (not those of the whole batch). */
  readonly attempts: number
  /** When the oldest webhook behind what is being sent came in. */
  readonly receivedAt: number
  /** Since when the item has been waiting to be delivered. */
  readonly pendingSince: number
  /** For how long it was sent back by outcomes of its own. */
  readonly tried: Tried
  /** The source that what is sent came from; null if an operator wanted it. */
  readonly source: string | null
  /** The newest event behind what is sent; null if an operator wanted it, or if the item is wanted anew or otherwise since. */
  readonly eventSeq: number | null
}

export interface BatchClaim {
  readonly owner: string
  readonly destination: string
  readonly leaseMs: number
}

export interface SealedBatch {
  readonly id: string
  readonly destination: string
  readonly kind: 'upsert' | 'delete'
  readonly key: string
  readonly body: Buffer
  /** Failed attempts so far. */
  readonly attempts: number
  /** For how long it was tried in vain. */
  readonly tried: Tried
  readonly createdAt: number
  /** In the order in which they were claimed, with their bodies as they were then. */
  readonly items: readonly ClaimedItem[]
}

export type Settlement =
  | { readonly kind: 'done'; readonly items: readonly ItemSettlement[] }
  /** The same batch again, with the same key and bytes. Without `tried` the attempt does not count towards its age. */
  | { readonly kind: 'retry'; readonly nextAt: number; readonly error: string; readonly tried?: Tried }
  /**
   * Its items go on in smaller batches, each sealed with a key and bytes of its own. `uncertain`: nobody knows whether what was
   * sent has arrived.
   */
  | {
      readonly kind: 'split'
      readonly error: string
      readonly parts: readonly BatchPart[]
      readonly uncertain?: boolean
    }

export interface BatchPart {
  readonly id: string
  readonly key: string
  readonly body: Buffer
  /** `seq` of the items, all of the batch that is split. */
  readonly items: readonly number[]
}

export type ItemSettlement = SentOutcome & { readonly seq: number }

export interface NewAttempt {
  readonly batchId: string
  readonly destination: string
  readonly at: number
  readonly durationMs: number
  /** HTTP status; null if there was no answer. */
  readonly status: number | null
  readonly outcome: string
  readonly error: string | null
  readonly requestId: string | null
  readonly itemCount: number
}
