import type { KeptItem } from '../../domain/item-order.ts'
import type { Version } from '../../domain/version.ts'

/** The columns of a desired state that a change is judged against, of an item and of what is noted of a held one. */
export interface KeptColumns {
  readonly kind: 'upsert' | 'delete'
  readonly checksum: string | null
  readonly version: Version | null
  readonly version_counted: number
  readonly bare_tombstone: number
  readonly event_seq: number
  readonly place: number | null
  readonly as_of: number | null
  readonly changed_at: number
}

export const keptColumns =
  'kind, checksum, version, version_counted, bare_tombstone, event_seq, place, as_of, changed_at'

export function keptOf(row: KeptColumns): KeptItem {
  return {
    kind: row.kind,
    checksum: row.checksum,
    version: row.version,
    isCounted: row.version_counted === 1,
    bareTombstone: row.bare_tombstone === 1,
    eventSeq: row.event_seq,
    place: row.place,
    asOf: row.as_of,
    changedAt: row.changed_at,
  }
}
