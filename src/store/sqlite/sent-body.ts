import { type Database, prepare } from './database.ts'

/**
 * Keeps with a batch what it has sent of an item, before the item's body becomes another (`next`; without it, any): the batch may
 * have to show it once more. Of several changes the first counts, for that is what was sent.
 */
export function createKeepSentBody(
  database: Database,
): (batchSeq: number | null, itemSeq: number, next?: string | null) => void {
  const keep = prepare(
    database,
    `update batch_items set body = (select body from item_bodies where seq = :itemSeq)
     where batch_seq = :batchSeq and item_seq = :itemSeq and body is null
       and exists (select 1 from item_bodies where seq = :itemSeq and body is not :next)`,
  )
  return (batchSeq, itemSeq, next = null) => {
    keep.run({ batchSeq, itemSeq, next })
  }
}
