import type { ItemChange } from '../../domain/item-change.ts'
import type { MergeCounts } from '../../domain/item-fold.ts'
import type { Tried } from '../../domain/tried.ts'
import type { NewEvent } from './receiving.ts'
import type { Fetch } from './rows.ts'

export type { ItemChange } from '../../domain/item-change.ts'
export type { MergeCounts, StaleRemoval } from '../../domain/item-fold.ts'

/** Giving events out to be mapped, and merging what comes of them into the items. */
export interface Mapping {
  /**
   * Pending events, at most `limit` and of no more bytes than `maxBytes` (one may be larger alone), claimed by `owner` for `leaseMs` or
   * until an earlier settlement. Sources take turns, however much one has waiting; the events of each come in order of arrival
   * (`receivedAt`, then number). A higher `priority` waits until nothing with a lower one does. What the same owner has claimed
   * and not settled is given out again: its settlement has failed.
   */
  claimEvents(claim: EventClaim): Promise<readonly PendingEvent[]>

  /**
   * Settles mapped events and merges their changes into the items, in one transaction, by `foldEvents`. Latest wins by `isStale`;
   * the rest by `isDelivered`: an item whose desired state is what was delivered is not due. A change that supersedes one
   * in a batch waits for that batch. An uncertain tombstone for an item that was never in a batch is kept but not due,
   * and cancels an upsert that was. The good changes of a failed event count too. An event of which every change
   * was stale ends `skipped` with reason `stale`. One whose outcome is `waiting` is not settled: it can be claimed again by
   * `claimWaiting` from `dueAt` on, and its changes so far count. An event no longer claimed by `owner` is left alone and
   * answered with null. Of an event's fetches the newest 100 are kept. Of an item that an operator holds, the change is noted.
   */
  settleEvents(owner: string, events: readonly MappedEvent[]): Promise<readonly (MergeCounts | null)[]>

  /**
   * An event of the source that waits for the CMS's API and is due, claimed by `owner` for `leaseMs` or until an earlier
   * settlement; longest due first; else null. What the same owner has claimed and not settled is given out again, so owners
   * that fetch at the same time have names of their own.
   */
  claimWaiting(claim: WaitingClaim): Promise<WaitingEvent | null>

  /** When an event of the source is next due to be fetched, or null. What is claimed does not count. */
  nextFetchAt(source: string): Promise<number | null>

  /**
   * Events that wait for a fetch of a source that is not among these go back to `pending`, at most `limit`; answers how many.
   * For a source that is no longer configured, or whose mapper no longer fetches.
   */
  releaseWaiting(sources: readonly string[], limit: number): Promise<number>
}

export interface EventClaim {
  readonly owner: string
  readonly leaseMs: number
  readonly limit: number
  /** Of their bodies together; any number without it. */
  readonly maxBytes?: number
}

export interface PendingEvent extends NewEvent {
  readonly seq: number
  readonly id: string
}

export interface WaitingClaim {
  readonly owner: string
  readonly source: string
  readonly leaseMs: number
}

/** An event that waits for the CMS's API. */
export interface WaitingEvent extends PendingEvent {
  /** When it began to wait. */
  readonly since: number
  /** How many times it was asked for in vain. */
  readonly attempts: number
  /** For how long it was asked for in vain. */
  readonly tried: Tried
}

export interface MappedEvent {
  readonly seq: number
  readonly mapper: string
  /** Hash of the mapper's definition. */
  readonly mapperVersion: string
  readonly outcome:
    | { readonly status: 'processed' }
    | { readonly status: 'skipped'; readonly reason: string }
    | { readonly status: 'failed'; readonly error: string }
    | {
        readonly status: 'waiting'
        readonly dueAt: number
        /** How many times it was asked for in vain. */
        readonly attempts: number
        /** Why the last time was in vain; null before the first. */
        readonly error: string | null
        /** For how long it was asked for in vain; without it for none. */
        readonly tried?: Tried
      }
  readonly changes: readonly ItemChange[]
  /** What was asked of the CMS's API for it, this time. */
  readonly fetches?: readonly Fetch[]
}
