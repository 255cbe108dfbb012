import { compareVersions, type Version } from './version.ts'

/** What the store knows of an item when a change for it arrives. */
export interface KnownItem {
  readonly kind: 'upsert' | 'delete'
  readonly checksum: string | null
  readonly version: Version | null
  /** True where the desired state is a tombstone that brought no version of its own: `version` is its predecessor's. */
  readonly bareTombstone: boolean
  /** The event that set the desired state. */
  readonly eventSeq: number
}

/** The part of a change that the merge looks at. */
export interface IncomingChange {
  readonly kind: 'upsert' | 'delete'
  readonly version: Version | null
  readonly eventSeq: number
}

/**
 * Latest wins, per item. An older version is stale. Where versions are equal, missing or of different kinds, arrival
 * order decides. After a tombstone without a version only a version newer than the last one known brings an item back:
 * the update that preceded the removal may still be under way. What arrived before the tombstone does not, however new
 * its version: it is mapped late (it failed at first, or waited for the CMS), and the removal came after it.
 */
export function isStale(known: KnownItem, change: IncomingChange): boolean {
  if (known.bareTombstone && change.kind === 'upsert' && change.eventSeq < known.eventSeq) return true
  const order = compareVersions(change.version, known.version)
  if (order !== null && order < 0) return true
  if (order !== null && order > 0) return false
  if (order === 0 && known.bareTombstone && change.kind === 'upsert' && change.eventSeq !== known.eventSeq) return true
  return change.eventSeq < known.eventSeq
}

/** The version that an item has after a change was applied: its own, or without one the version already known. */
export function versionAfter(known: KnownItem | null, change: IncomingChange): Version | null {
  return change.version ?? known?.version ?? null
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
