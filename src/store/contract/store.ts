import type { Circuit } from '../../domain/circuit.ts'
import type { Debounce } from '../../domain/debounce.ts'
import type { KeptItem } from '../../domain/merge.ts'
import type { Proof } from '../../domain/proof.ts'
import type { Rhythm } from '../../domain/silence.ts'
import type { Tried } from '../../domain/tried.ts'
import type { Version } from '../../domain/version.ts'

/**
 * Where events, items and batches live. Two rules hold for every method: when the promise resolves the change is
 * committed, all of it or nothing; and arguments and answers are plain data, so that an engine may run elsewhere.
 * Times are unix milliseconds, passed in by the caller. Ids of events (`evt_<seq>`) are made from their sequence number.
 *
 *     event   pending ──map──▶ processed | skipped(reason) | failed(error) ──replay──▶ pending
 *                └──map──▶ waiting ──fetch──▶ the same | waiting
 *     item    pending ──claim, seal, settle──▶ delivered | dead(error) ──redeliver, newer change──▶ pending
 *     batch   claimed ──seal──▶ open ──settle──▶ done | split          (claimed without bytes: released on recovery)
 */
export interface Store {
  /**
   * Keeps verified webhooks, on disk before it resolves (fsync), in one transaction. A delivery id seen before from the same
   * source is answered with the first event's id and `duplicate: true`, and nothing is written for it. Callers at the same
   * time share a commit, so that one fsync serves many; one whose events can not be kept fails alone.
   */
  accept(events: readonly NewEvent[]): Promise<readonly Accepted[]>

  /**
   * The oldest pending events in order of arrival (`receivedAt`, then number), at most `limit` and of no more bytes than
   * `maxBytes` (one may be larger alone), claimed by `owner` until `leaseUntil` or an earlier settlement. What the same owner has claimed and not settled is given out again: its settlement has failed.
   */
  claimEvents(claim: EventClaim): Promise<readonly PendingEvent[]>

  /**
   * An event of the source that waits for the CMS's API and is due, claimed by `owner` until `leaseUntil` or an earlier
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

  /**
   * Settles mapped events and merges their changes into the items, in one transaction. Latest wins by `isStale`; the
   * rest by `isDelivered`: an item whose desired state is what was delivered is not due. A change that supersedes one
   * in a batch waits for that batch. An uncertain tombstone for an item that was never in a batch is kept but not due,
   * and cancels an upsert that was. The good changes of a failed event count too. An event of which every change
   * was stale ends `skipped` with reason `stale`. One whose outcome is `waiting` is not settled: it can be claimed again by
   * `claimWaiting` from `dueAt` on, and its changes so far count. An event no longer claimed by `owner` is left alone and
   * answered with null. Of an event's fetches the newest 100 are kept. Of an item that an operator holds, the change is noted.
   */
  settleEvents(owner: string, events: readonly MappedEvent[], at: number): Promise<readonly (MergeCounts | null)[]>

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
   * once where the debounce is over). What was sent becomes the delivered state; where the outcome is uncertain the
   * delivered state becomes `unknown`, so that nothing is taken for unchanged. Items that a `done` does not name go back
   * to pending as if nothing had been sent; so `done` with no items gives back a batch that was claimed and not sealed.
   */
  settleBatch(owner: string, batchId: string, settlement: Settlement, at: number): Promise<boolean>

  /** Keeps the record of one HTTP try (of a known batch). Bookkeeping: its failure must not change what is sent. */
  recordAttempt(attempt: NewAttempt): Promise<void>

  /**
   * Takes back what owners left behind whose lease is over at `at` (all owners when `all`): events become claimable,
   * claimed batches without bytes free their items, sealed batches can be claimed again with the same key and bytes. What
   * would be due later than `latest` becomes due: the clock has stepped back since.
   */
  recover(options: { readonly at: number; readonly all: boolean; readonly latest?: number }): Promise<void>

  /**
   * The latest time that an item, or one of the newest events and attempts, has; null where there is none. Where it is ahead of
   * the clock, the clock was set back while nobody was there to see it.
   */
  newestTime(): Promise<number | null>

  /**
   * When the destination next has something due (an item or a batch), or null. May be in the past. What is claimed does
   * not count until it is settled or recovered.
   */
  nextDueAt(destination: string): Promise<number | null>

  /** The circuit of each destination that ever had one. */
  readCircuits(): Promise<ReadonlyMap<string, Circuit>>
  writeCircuit(destination: string, circuit: Circuit): Promise<void>
  /** As `writeCircuit`, for a process beside a relay: whatever the relay writes before it has taken it over is undone by that. */
  orderCircuit(destination: string, circuit: Circuit): Promise<void>
  /** The circuits that were ordered since the last time, which from now on are those that `readCircuits` answers. */
  takeCircuitOrders(): Promise<ReadonlyMap<string, Circuit>>

  /** How often webhooks of each source come, as far as it was written. */
  readRhythms(): Promise<ReadonlyMap<string, Rhythm>>
  writeRhythms(rhythms: ReadonlyMap<string, Rhythm>): Promise<void>

  /** Settled events matching the filter go back to `pending`, the oldest first, at most `limit`; answers how many. */
  replayEvents(filter: ReplayFilter, limit: number): Promise<number>
  /**
   * Items matching the filter are due at once and will be sent though unchanged, at most `limit`; one that a batch holds
   * goes once more after it. Answers how many it has changed: asked again with the same `at` until 0, all are done. The
   * tombstone of what never was at the destination is left alone.
   */
  redeliverItems(filter: ItemFilter, limit: number, at: number): Promise<number>
  /**
   * As `redeliverItems`, and the version that is known of each item is forgotten: the next change of it is believed, whatever its
   * version and however old its event. Also of items that are not to be sent: a draft's, and what goes out as it is.
   */
  resetItems(filter: ItemFilter, limit: number, at: number): Promise<number>
  /**
   * Takes an item away, known or not: a tombstone at the newer of the known version and `at`, due at once. What came before does not
   * bring the item back, a newer change does; with `hold` it is noted instead, until the item is released. A hold stays a hold.
   */
  removeItem(removal: Removal, at: number): Promise<void>
  /** Ends a hold: what the CMS has wanted last since then is wanted from now on, and due at once. Null where no such item is held. */
  releaseItem(key: ItemKey, at: number): Promise<Released | null>

  /**
   * Deletes events matching the filter that are processed, skipped or failed, the oldest first, at most `limit`; answers how
   * many. Their delivery ids are forgotten with them.
   */
  purgeEvents(filter: EventFilter, limit: number): Promise<number>
  /**
   * Dead items matching the filter are given up, at most `limit`; answers how many. They end `delivered`, which means that
   * nothing is to be done, with an error that says so. What the destination has or may have of them stays known: a newer change,
   * a removal or a redelivery is sent as ever.
   */
  purgeItems(filter: ItemFilter, limit: number): Promise<number>

  /**
   * Gives back the items of the destination's batches that nobody is working on, as after an unclear outcome; answers how many
   * batches. For a destination that is not configured any more, or is another one.
   */
  abandonBatches(destination: string, at: number): Promise<number>
  /** Gives up what is pending at a destination as `purgeItems` does what is dead; for one that is not configured. Answers how many. */
  giveUpItems(filter: ItemFilter & { readonly destination: string }, limit: number): Promise<number>
  /**
   * Moves items matching the filter to another destination, at most `limit`, those that no batch holds. They are delivered anew
   * there. Where it knows the item as well, the newer version wins. One whose url is on none of its hosts is mapped again from
   * its event, where that can be.
   */
  moveItems(filter: ItemFilter, to: MoveTo, limit: number, at: number): Promise<Moved>
  /** All items of a destination that has become another one are delivered anew; in the words of `moveItems`, `left` are dead. */
  resendItems(to: MoveTo, at: number): Promise<Moved>
  /** What each destination was at the ingest API, as far as it was written. */
  readTargets(): Promise<ReadonlyMap<string, Target>>
  writeTarget(destination: string, target: Target): Promise<void>
  /** Sources that have events and are not among these, with what is not settled of them. */
  listOtherSources(known: readonly string[]): Promise<readonly OtherSource[]>

  /** What `replayEvents` or `purgeEvents` would take now, in their order. */
  chooseEvents(purpose: 'replay' | 'purge', filter: ReplayFilter, limit: number): Promise<Chosen<string>>
  /** What `redeliverItems`, `resetItems`, `purgeItems` or `giveUpItems` would take now: their `seq`, in their order. */
  chooseItems(purpose: ItemPurpose, filter: ItemFilter, limit: number, at: number): Promise<Chosen<number>>

  /** The errors of failed and waiting events (or those of the filter's status), most frequent first, at most `limit`. */
  groupEventErrors(filter: EventFilter, limit: number): Promise<readonly EventErrors[]>
  /** The errors of dead and pending items (or those of the filter's status), most frequent first, at most `limit`. */
  groupItemErrors(filter: ItemFilter, limit: number): Promise<readonly ItemErrors[]>

  /** Adds to the numbers of webhooks that were refused. */
  addRefusals(refusals: readonly Refusal[]): Promise<void>
  /** Webhooks that were refused, most frequent first, at most `limit`. They are kept as long as settled events. */
  groupRefusals(filter: RefusalFilter, limit: number): Promise<readonly RefusalErrors[]>

  /** Newest (`receivedAt`) first. `cursor` is the `next` of the page before. */
  listEvents(filter: EventFilter, page: Page): Promise<Paged<EventSummary>>
  getEvent(id: string): Promise<EventDetail | null>
  /** Last changed first. */
  listItems(filter: ItemFilter, page: Page): Promise<Paged<ItemSummary>>
  /** Every item with this id, of any type and destination (or of those given), at most 20. */
  getItems(filter: {
    readonly id: string
    readonly type?: string
    readonly destination?: string
  }): Promise<readonly ItemDetail[]>
  listBatches(filter: BatchFilter, page: Page): Promise<Paged<BatchSummary>>
  /** Newest first. */
  listAttempts(filter: AttemptFilter, page: Page): Promise<Paged<Attempt>>

  /** Numbers for metrics, `status` and the destinations' pages. */
  readStats(): Promise<Stats>
  /**
   * Deletes up to `limit` events received and settled before a time, and up to `limit` batches settled before another with
   * their attempts (fewer where they held many items); answers how many of both.
   */
  prune(before: { readonly events: number; readonly attempts: number }, limit: number): Promise<number>
  /** Gives a little of the room that is free back to the disk, where much is; answers how much, 0 when there is nothing to do. */
  shrink(): Promise<number>
  /** Throws RelayError `unavailable` where the store cannot be written. */
  checkHealth(): Promise<void>
  /**
   * Looks whether what is open is still what the url names, and keeps itself ready to notice at the next start that something of it is
   * missing. Throws RelayError `unavailable` where it is not the same any more: then nothing is accepted or settled until it is.
   */
  checkFiles(): Promise<StoreFiles>
  close(): Promise<void>
}

/** What is not yet worked into the database itself; zeros where the engine has no such thing. */
export interface StoreFiles {
  readonly logBytes: number
  readonly logPages: number
}

export interface NewEvent {
  readonly source: string
  readonly deliveryId: string | null
  readonly topic: string | null
  readonly receivedAt: number
  readonly method: string
  readonly path: string
  readonly query: string
  /** As received, less what is secret. */
  readonly headers: Readonly<Record<string, string>>
  /** The exact bytes that came in. */
  readonly body: Uint8Array
  /** What of it is proven besides the body; null, or left out: all of it is believed. */
  readonly proof?: Proof | null
  /**
   * 16 hex digits of a hash of the body, where no proof covers the delivery id: only the same body with the same id is then
   * the same delivery, so that nobody can use up the id of another.
   */
  readonly deliveryTag?: string | null
}

export interface Accepted {
  readonly eventId: string
  readonly duplicate: boolean
}

export interface EventClaim {
  readonly owner: string
  readonly at: number
  readonly leaseUntil: number
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
  readonly at: number
  readonly leaseUntil: number
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

/** One request to the CMS's API. */
export interface Fetch {
  readonly at: number
  readonly durationMs: number
  readonly method: string
  /** Below the base url of the source, without credentials. */
  readonly url: string
  /** HTTP status; null where there was no answer. */
  readonly status: number | null
  readonly outcome: string
  readonly error: string | null
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

/** A change for one item at one destination. */
export interface ItemChange extends Debounce {
  readonly destination: string
  readonly source: string
  readonly kind: 'upsert' | 'delete'
  readonly type: string
  readonly id: string
  /** What the record's version counts as. */
  readonly version: Version | null
  /** The version that the record gave, where it lies too far ahead to be believed: `version` is when it was heard of. */
  readonly ahead?: Version
  /** How far ahead of the clock a version that is kept may lie. */
  readonly maxClockLeadMs: number
  /** When the CMS's API was asked, where the change comes from its answer. */
  readonly askedAt?: number
  /** The item as JSON text, exactly as it will stand in a batch; null for a delete. */
  readonly body: string | null
  readonly checksum: string | null
  /** For a delete: the CMS has said so. An uncertain tombstone is sent only where the item once was. */
  readonly certain: boolean
  /** When the webhook came in: the start of the latency that is measured. */
  readonly receivedAt: number
  /** True where something that no proof covers says what happened: at the version that is known it is stale. */
  readonly told?: boolean
}

export interface MergeCounts {
  readonly applied: number
  readonly unchanged: number
  readonly stale: number
  /** Noted, since an operator holds the item; left out where there are none. */
  readonly held?: number
  /** Removals that were stale though the item is wanted; left out where there are none. */
  readonly staleRemovals?: readonly StaleRemoval[]
}

export interface StaleRemoval extends ItemKey {
  readonly version: Version | null
  /** The version that is known, as it counts. */
  readonly known: Version | null
}

/** What tells an item from all others. */
export interface ItemKey {
  readonly destination: string
  readonly type: string
  readonly id: string
}

export interface Removal extends ItemKey {
  /** Keep it away until it is released, whatever the CMS says. */
  readonly hold: boolean
}

/** What came of releasing a held item. */
export interface Released {
  /** What is wanted of it from now on. */
  readonly desiredKind: 'upsert' | 'delete'
  /** Whether the CMS has wanted something newer of it since it was removed. */
  readonly changed: boolean
}

export interface ItemClaim {
  readonly owner: string
  readonly batchId: string
  readonly destination: string
  readonly at: number
  readonly leaseUntil: number
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
}

export interface BatchClaim {
  readonly owner: string
  readonly destination: string
  readonly at: number
  readonly leaseUntil: number
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

export type ItemSettlement =
  | { readonly seq: number; readonly result: 'delivered' }
  | {
      readonly seq: number
      readonly result: 'retry'
      readonly error: string
      readonly dueAt: number
      readonly uncertain: boolean
      /** Without it the attempt does not count towards its age. */
      readonly tried?: Tried
    }
  | { readonly seq: number; readonly result: 'dead'; readonly error: string; readonly uncertain: boolean }

export interface NewAttempt {
  readonly batchId: string
  readonly destination: string
  readonly at: number
  readonly durationMs: number
  /** HTTP status; null where there was no answer. */
  readonly status: number | null
  readonly outcome: string
  readonly error: string | null
  readonly requestId: string | null
  readonly itemCount: number
}

export interface Attempt extends NewAttempt {
  readonly id: string
  readonly key: string | null
}

export type EventStatus = 'pending' | 'waiting' | 'processed' | 'skipped' | 'failed'
export type ItemStatus = 'pending' | 'delivered' | 'dead'

export interface EventFilter {
  readonly ids?: readonly string[]
  readonly source?: string
  readonly status?: EventStatus
  readonly topic?: string
  /** Received at or after. */
  readonly since?: number
  /** Received before. */
  readonly until?: number
}

export interface ReplayFilter extends EventFilter {
  /** Of all that match, the newest so many. A purge does not ask for it. */
  readonly last?: number
}

export interface ItemFilter {
  readonly seqs?: readonly number[]
  readonly destination?: string
  readonly source?: string
  readonly type?: string
  readonly id?: string
  readonly status?: ItemStatus
  readonly held?: boolean
  /** Changed at or after. */
  readonly since?: number
  readonly until?: number
}

export type ItemPurpose = 'redeliver' | 'reset' | 'purge' | 'give up'

export interface BatchFilter {
  readonly destination?: string
  readonly status?: 'claimed' | 'open' | 'done' | 'split'
}

export interface AttemptFilter {
  readonly destination?: string
  readonly batchId?: string
  /** Attempts of batches that held this item (`seq`). */
  readonly itemSeq?: number
}

export interface MoveTo {
  readonly destination: string
  /** Where its urls may be, as in a url: `site_domain` and `aliases`. */
  readonly hosts: readonly string[]
  /** Those that send to it: their events can be mapped again for it. */
  readonly sources: readonly string[]
  /** Only count. */
  readonly dryRun?: boolean
}

/** What has become of items that were to be moved. */
export interface Moved {
  readonly moved: number
  /** The other side knew a newer one. */
  readonly superseded: number
  /** Their urls are on another host: their events go through the mapper again. */
  readonly mapped_again: number
  /** The same, and they can't: they are as they were. */
  readonly left: number
  /** The other side's is in a batch, or held by an operator: they are as they were. */
  readonly busy: number
}

/** What a destination is at the ingest API: as another one it knows nothing of what it was sent before. */
export interface Target {
  readonly website_id: string
  readonly site_domain: string
  readonly base_url: string
  readonly connector_type: string
}

export interface OtherSource {
  readonly source: string
  readonly pending: number
  readonly waiting: number
  readonly failed: number
}

/** What a filter would take. */
export interface Chosen<Id> {
  readonly matching: number
  /** The first of them, at most as many as were asked for. */
  readonly ids: readonly Id[]
}

/** Errors of one cause: what tells one event or item from another is `…` in it. */
interface ErrorGroup {
  readonly error: string
  readonly count: number
  readonly firstAt: number
  readonly lastAt: number
  /** Id of one of them. */
  readonly example: string
}

/** Times are those at which the events came in. */
export interface EventErrors extends ErrorGroup {
  readonly source: string
  readonly status: EventStatus
}

/** Webhooks that were refused, of one source and for one limit. Times are those at which they came in. */
export interface RefusalErrors extends Omit<ErrorGroup, 'example'> {
  readonly source: string
  readonly status: 'refused'
  readonly code: string
  /** Nothing was kept. */
  readonly example: null
}

/** By their times, to the hour. */
export interface RefusalFilter {
  readonly source?: string
  readonly since?: number
  readonly until?: number
}

/** Webhooks of one source that were refused with one code. Unix milliseconds. */
export interface Refusal {
  readonly source: string
  readonly code: string
  /** Why the newest of them. */
  readonly reason: string
  readonly count: number
  readonly firstAt: number
  readonly lastAt: number
}

/** Times are those at which the items last changed. */
export interface ItemErrors extends ErrorGroup {
  readonly destination: string
  readonly status: ItemStatus
}

export interface Page {
  readonly limit: number
  readonly cursor?: string
}

export interface Paged<T> {
  readonly rows: readonly T[]
  /** The cursor of the next page; null on the last. */
  readonly next: string | null
}

export interface EventSummary {
  readonly id: string
  readonly source: string
  readonly deliveryId: string | null
  readonly topic: string | null
  readonly status: EventStatus
  readonly reason: string | null
  readonly error: string | null
  readonly mapper: string | null
  readonly mapperVersion: string | null
  readonly receivedAt: number
  readonly settledAt: number | null
  readonly replays: number
  readonly bytes: number
}

export interface EventDetail extends EventSummary {
  readonly method: string
  readonly path: string
  readonly query: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
  /** What of it is proven besides the body; null: all of it is believed. */
  readonly proof: Proof | null
  /** When it is asked for next; null where it does not wait for the CMS's API. */
  readonly dueAt: number | null
  /** What was asked of the CMS's API, newest first. */
  readonly fetches: readonly Fetch[]
}

export interface ItemSummary {
  readonly seq: number
  readonly destination: string
  readonly source: string
  readonly type: string
  readonly id: string
  readonly status: ItemStatus
  readonly desiredKind: 'upsert' | 'delete'
  readonly version: Version | null
  /** An operator keeps it away. */
  readonly held: boolean
  /** Its desired state is an operator's removal, and no event's. */
  readonly removed: boolean
  readonly checksum: string | null
  readonly deliveredKind: 'upsert' | 'delete' | 'unknown' | null
  readonly deliveredChecksum: string | null
  readonly deliveredAt: number | null
  readonly changedAt: number
  readonly dueAt: number | null
  readonly attempts: number
  readonly error: string | null
  /** The event that set the desired state; null where an operator has removed the item. */
  readonly eventId: string | null
  readonly batchId: string | null
}

export interface ItemDetail extends ItemSummary {
  /** What a change is judged against: the desired state, or that which is noted of a held item. */
  readonly known: KeptItem
  /** What the CMS has wanted since the item is held; null where that is nothing. */
  readonly noted: NotedChange | null
  /** The desired item as JSON text; null for a tombstone. */
  readonly body: string | null
}

export interface NotedChange {
  readonly kind: 'upsert' | 'delete'
  readonly version: Version | null
  readonly eventId: string
  readonly changedAt: number
}

export interface BatchSummary {
  readonly id: string
  readonly destination: string
  readonly kind: 'upsert' | 'delete'
  readonly status: 'claimed' | 'open' | 'done' | 'split'
  readonly key: string | null
  readonly createdAt: number
  readonly nextAt: number | null
  readonly attempts: number
  readonly itemCount: number
  readonly bytes: number
  readonly error: string | null
}

export interface Stats {
  readonly eventsPending: number
  /** Waiting for the CMS's API. */
  readonly eventsWaiting: number
  readonly eventsFailed: number
  /** When the oldest event that is pending or waiting came in. */
  readonly oldestPendingEventAt: number | null
  readonly destinations: readonly DestinationStats[]
}

export interface DestinationStats {
  readonly destination: string
  readonly pending: number
  readonly delivered: number
  readonly dead: number
  /** Kept away by an operator; each is one of the three above as well. */
  readonly held: number
  readonly openBatches: number
  /** When the webhook behind the oldest pending item came in. */
  readonly oldestPendingAt: number | null
}
