import type { IngestItem } from './ingest-item.ts'
import type { Version } from './version.ts'

/**
 * What one event wants of one item. `version` is null if the record has none. `certain` on a delete says that the
 * CMS has spoken of a removal; a record that merely is not live (a draft) is tombstoned only if it was once sent.
 */
export type Change =
  | { readonly kind: 'upsert'; readonly item: IngestItem; readonly version: Version | null }
  | {
      readonly kind: 'delete'
      readonly type: string
      readonly id: string
      readonly version: Version | null
      readonly certain: boolean
    }
