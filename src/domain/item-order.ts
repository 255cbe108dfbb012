import { type Believed, compareVersions, keptVersion, orderOf, type Version, versionAt } from './version.ts'

/** A desired state of an item, as a store keeps it. */
export interface KeptItem extends Believed {
  readonly kind: 'upsert' | 'delete'
  readonly checksum: string | null
  /** True for a tombstone that brought no version of its own: `version` is its predecessor's. */
  readonly bareTombstone: boolean
  /** The event that set the desired state. */
  readonly eventSeq: number
  /** The place in the order of arrival, if that is not its event's: `afterEvent`, or 0 after a reset. */
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

/** The part of a change that decides whether it is stale. */
export interface IncomingChange {
  readonly kind: 'upsert' | 'delete'
  readonly version: Version | null
  readonly eventSeq: number
  /** When it was asked for, if the CMS's API has answered with it. */
  readonly askedAt?: number | undefined
  /** True if only something that no proof covers says what happened: the same proof may have said something else before. */
  readonly unproven?: boolean | undefined
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

/** The place of an operator's act after this event and before the next. */
export function afterEvent(lastSeq: number): number {
  return lastSeq + 0.5
}

/**
 * Latest wins, per item. An older version is stale. If versions are equal, missing or of different kinds, arrival order decides;
 * of answers of the CMS's API, the order in which they were asked for. After a tombstone without a version only a version newer
 * than the last one known brings an item back: the update that preceded the removal may still be under way. A change that arrived
 * before the tombstone does not, however new its version: it was mapped late, and the removal came after it.
 */
export function isStale(known: KnownItem, change: IncomingChange): boolean {
  if (known.bareTombstone && change.kind === 'upsert' && change.eventSeq < known.eventSeq) return true
  const order = orderOf(change.version, known)
  if (order !== null && order < 0) return true
  if (order !== null && order > 0) return false
  if (order === 0 && change.unproven === true && change.eventSeq !== known.eventSeq) return true
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
 * The version of an operator's tombstone: now, or the known version if that is newer or a revision. It counts as a tombstone
 * without a version of its own, so an earlier change does not bring the item back.
 */
export function versionOfRemoval(known: KnownItem | null, at: number): Believed {
  const now = versionAt(at, known?.version ?? null)
  if (known === null || now === null) return { version: known?.version ?? now, isCounted: now !== null }
  const order = compareVersions(known.version, now)
  return order !== null && order > 0 ? known : { version: now, isCounted: true }
}

/** Whether the state of an item at one destination is newer than the state of the same item at another. */
export function isNewer(
  one: { readonly version: Version | null; readonly place: number },
  other: { readonly version: Version | null; readonly place: number },
): boolean {
  const order = compareVersions(one.version, other.version)
  return order === null || order === 0 ? one.place > other.place : order > 0
}
