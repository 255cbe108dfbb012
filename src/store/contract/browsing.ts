import type { KeptItem } from '../../domain/item-order.ts'
import type { Proof } from '../../domain/proof.ts'
import type { Version } from '../../domain/version.ts'
import type { NewAttempt } from './delivering.ts'
import type { EventFilter, EventStatus, Fetch, ItemFilter, ItemStatus } from './rows.ts'

/** What there is, for people and their programs. Changes nothing. */
export interface Browsing {
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

  /** The errors of failed and waiting events (or those of the filter's status), most frequent first, at most `limit`. */
  groupEventErrors(filter: EventFilter, limit: number): Promise<readonly EventErrors[]>

  /** The errors of dead and pending items (or those of the filter's status), most frequent first, at most `limit`. */
  groupItemErrors(filter: ItemFilter, limit: number): Promise<readonly ItemErrors[]>

  /** Webhooks that were refused, most frequent first, at most `limit`. They are kept as long as settled events. */
  groupRefusals(filter: RefusalFilter, limit: number): Promise<readonly RefusalErrors[]>

  /** Sources that have events and are not among these, with what is not settled of them. */
  listOtherSources(known: readonly string[]): Promise<readonly OtherSource[]>

  /** Numbers for metrics, `status` and the destinations' pages. */
  readStats(): Promise<Stats>
}

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

/** By their times, to the hour. */
export interface RefusalFilter {
  readonly source?: string
  readonly since?: number
  readonly until?: number
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
  /** When it is asked for next; null if it does not wait for the CMS's API. */
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
  /** The event that set the desired state; null if an operator has removed the item. */
  readonly eventId: string | null
  readonly batchId: string | null
}

export interface ItemDetail extends ItemSummary {
  /** What a change is judged against: the desired state, or that which is noted of a held item. */
  readonly known: KeptItem
  /** What the CMS has wanted since the item is held; null if that is nothing. */
  readonly noted: NotedChange | null
  /** The desired item as JSON text; null for a tombstone. */
  readonly body: string | null
  /** The model of the record that made it, or the mapper's name of that record; null: not known. */
  readonly resource: string | null
  /** The record's locale as the CMS says it; null: it has none. */
  readonly locale: string | null
  /** The sources that have ever spoken of it, in order of their names. */
  readonly sources: readonly string[]
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

export interface Attempt extends NewAttempt {
  readonly id: string
  readonly key: string | null
}

export interface OtherSource {
  readonly source: string
  readonly pending: number
  readonly waiting: number
  readonly failed: number
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

/** Times are those at which the items last changed. */
export interface ItemErrors extends ErrorGroup {
  readonly destination: string
  readonly status: ItemStatus
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
