import { type Believed, compareVersions, keptVersion, orderOf, type Version, versionAt } from './version.ts'

/** The desired state of an item, as a store keeps it. */
export interface KeptItem extends Believed {
  readonly kind: 'upsert' | 'delete'
  readonly checksum: string | null
  /** True where the desired state is a tombstone that brought no version of its own: `version` is its predecessor's. */
  readonly bareTombstone: boolean
  /** The event that set the desired state. */
  readonly eventSeq: number
  /** Where the state stands in the order of arrival, where that is not its event's place: `afterEvent`, or 0 after a reset. */
  readonly place: number | null
  /** When the state was true: the receipt of its webhook, or the time of the request that brought it. Null in older rows. */
  readonly asOf: number | null
  readonly changedAt: number
}

/** What is known of an item when a change for it arrives. */
export interface KnownItem extends Believed, Pick<KeptItem, 'kind' | 'checksum' | 'bareTombstone' | 'asOf'> {
  /** The place of the desired state in the order of arrival. */
  readonly eventSeq: number
}

/** The part of a change that the merge looks at. */
export interface IncomingChange {
  readonly kind: 'upsert' | 'delete'
  readonly version: Version | null
  readonly eventSeq: number
  /** When it was asked for, where the CMS's API has answered with it. */
  readonly askedAt?: number | undefined
  /** True where something that no proof covers says what happened: the same proof may have said something else before. */
  readonly told?: boolean | undefined
}

/** A kept item as it counts at `at`, by a clock that a version may lie `leadMs` ahead of. */
export function knownOf(kept: KeptItem, at: number, leadMs: number): KnownItem {
  const { kind, checksum, bareTombstone, asOf, changedAt } = kept
  return {
    kind,
    checksum,
    bareTombstone,
    asOf,
    eventSeq: kept.place ?? kept.eventSeq,
    ...keptVersion(kept, changedAt, at, leadMs),
  }
}

/** The place of what an operator has done when events up to this one had come: between it and the next. */
export function afterEvent(lastSeq: number): number {
  return lastSeq + 0.5
}

/**
 * Latest wins, per item. An older version is stale. Where versions are equal, missing or of different kinds, arrival
 * order decides; of answers of the CMS's API, the order in which they were asked for. After a tombstone without a version only a version newer than the last one known brings an item back:
 * the update that preceded the removal may still be under way. What arrived before the tombstone does not, however new
 * its version: it is mapped late (it failed at first, or waited for the CMS), and the removal came after it.
 */
export function isStale(known: KnownItem, change: IncomingChange): boolean {
  if (known.bareTombstone && change.kind === 'upsert' && change.eventSeq < known.eventSeq) return true
  const order = orderOf(change.version, known)
  if (order !== null && order < 0) return true
  if (order !== null && order > 0) return false
  if (order === 0 && change.told === true && change.eventSeq !== known.eventSeq) return true
  if (order === 0 && known.bareTombstone && change.kind === 'upsert' && change.eventSeq !== known.eventSeq) return true
  if (change.version === null && change.askedAt !== undefined && known.asOf !== null && change.askedAt !== known.asOf) {
    return change.askedAt < known.asOf
  }
  return change.eventSeq < known.eventSeq
}

/** The version that an item has after a change was applied: its own, or without one the version already known. */
export function versionAfter(known: KnownItem | null, change: Believed): Believed {
  if (change.version !== null) return { version: change.version, isCounted: change.isCounted }
  return { version: known?.version ?? null, isCounted: known?.isCounted ?? false }
}

/**
 * The version of the tombstone with which an operator takes an item away: now, or the version that is known where that is newer or a
 * revision. It brings no version of its own, so what had come before it does not bring the item back.
 */
export function versionOfRemoval(known: KnownItem | null, at: number): Believed {
  const now = versionAt(at, known?.version ?? null)
  if (known === null || now === null) return { version: known?.version ?? now, isCounted: now !== null }
  const order = compareVersions(known.version, now)
  return order !== null && order > 0 ? known : { version: now, isCounted: true }
}

/** What the ingest API has acknowledged: an item's checksum, a tombstone, or `unknown` after an unclear outcome and while a redelivery waits. */
export interface Delivered {
  readonly kind: 'upsert' | 'delete' | 'unknown' | null
  readonly checksum: string | null
}

/** Whether the desired state is what the ingest API already has: unchanged is not sent. */
export function isDelivered(
  desired: { readonly kind: 'upsert' | 'delete'; readonly checksum: string | null },
  delivered: Delivered,
): boolean {
  if (delivered.kind !== desired.kind) return false
  return desired.kind === 'delete' || desired.checksum === delivered.checksum
}
