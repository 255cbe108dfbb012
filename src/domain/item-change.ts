import type { Debounce } from './debounce.ts'
import type { Version } from './version.ts'

/** What an event, or an operator, wants of an item. */
export interface DesiredChange extends Debounce {
  readonly source: string
  readonly kind: 'upsert' | 'delete'
  /** The item as JSON text, exactly as it will stand in a batch; null for a delete. */
  readonly body: string | null
  readonly checksum: string | null
  /** For a delete: the CMS has said so. An uncertain tombstone is sent only if the item once was. */
  readonly certain: boolean
  /** When the webhook came in: the start of the latency that is measured. */
  readonly receivedAt: number
}

/** What an event wants of an item, with its place among others. */
export interface VersionedChange extends DesiredChange {
  /** What the record's version counts as. */
  readonly version: Version | null
  /** The version that the record gave, if it lies too far ahead to be believed: `version` is when it was heard of. */
  readonly ahead?: Version
  /** How far ahead of the clock a version that is kept may lie. */
  readonly maxClockLeadMs: number
  /** When the CMS's API was asked, if the change comes from its answer. */
  readonly askedAt?: number
  /** True if only something that no proof covers says what happened: at the version that is known it is stale. */
  readonly unproven?: boolean
  /** The model of the record, or the mapper's name of it. A change without it leaves what is known of both. */
  readonly resource?: string
  /** The record's locale as the CMS says it; null: it has none. */
  readonly locale?: string | null
}

/** What tells an item from all others. */
export interface ItemKey {
  readonly destination: string
  readonly type: string
  readonly id: string
}

/** A change for one item at one destination. */
export interface ItemChange extends ItemKey, VersionedChange {}
