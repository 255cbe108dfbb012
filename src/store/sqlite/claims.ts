import { packItems } from '../../domain/item-batch.ts'
import type { BatchClaim, ClaimedItem, ClaimedItems, ItemClaim, SealedBatch } from '../contract/store.ts'
import { type Database, prepare } from './database.ts'
import type { Leased } from './leased.ts'
import { type TriedColumns, triedOf } from './tried-columns.ts'

interface DueItem extends Omit<ClaimedItem, 'body' | 'tried'>, TriedColumns {
  readonly checksum: string | null
  readonly bytes: number
}

/** Giving out work of one destination: due items for a new batch, open batches for another attempt. */
export function createClaims(database: Database) {
  const selectDue = prepare<DueItem>(
    database,
    `select seq, type, id, revision, checksum, bytes, attempts, received_at as receivedAt, pending_since as pendingSince,
       tried_ms as triedMs, tried_at as triedAt, nullif(source, '') as source, iif(place is null, event_seq, null) as eventSeq
     from items
     where destination = ? and kind = ? and status = 'pending' and batch_seq is null and due_at <= ?
     order by due_at, seq`,
  )
  const isAnyDue = prepare(
    database,
    `select 1 from items
     where destination = ? and kind = ? and status = 'pending' and batch_seq is null and due_at <= ? limit 1`,
  )
  const selectBody = prepare<{ body: string }>(database, 'select body from item_bodies where seq = ?')
  const insertBatch = prepare(
    database,
    `insert into batches (id, destination, kind, status, owner, lease_until, created_at, item_count)
     values (?, ?, ?, 'claimed', ?, ?, ?, ?)`,
  )
  const insertBatchItem = prepare(
    database,
    `insert into batch_items (batch_seq, position, item_seq, revision, checksum, attempts, received_at, pending_since)
     values (?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  const holdItem = prepare(
    database,
    'update items set batch_seq = ?, batch_revision = revision, may_exist = 1, forced = 0 where seq = ?',
  )

  function claimItems(claim: Leased<ItemClaim>): ClaimedItems | null {
    const { batchId, destination, owner, at, leaseUntil } = claim
    // Without a write lock first: most of the time nothing is due.
    if (!isAnyDue.get(destination, 'delete', at) && !isAnyDue.get(destination, 'upsert', at)) return null
    // Unsynced: nothing is sent before the batch is sealed, and that syncs this too.
    return database.transact('unsynced', () => {
      const kind = isAnyDue.get(destination, 'delete', at) ? 'delete' : 'upsert'
      const due = packItems(selectDue.iterate(destination, kind, at), claim)
      if (due.length === 0) return null
      const { lastInsertRowid: batch } = insertBatch.run(batchId, destination, kind, owner, leaseUntil, at, due.length)
      const items = due.map((item, position) => {
        const { seq, type, id, revision, checksum, attempts, receivedAt, pendingSince, source, eventSeq } = item
        insertBatchItem.run(batch, position, seq, revision, checksum, attempts, receivedAt, pendingSince)
        holdItem.run(batch, seq)
        const body = kind === 'delete' ? null : selectBody.get(seq)!.body
        const tried = triedOf(item)
        return { seq, type, id, revision, body, attempts, receivedAt, pendingSince, tried, source, eventSeq }
      })
      return { batchId, kind, items }
    })
  }

  const selectClaimed = prepare<{ seq: number }>(
    database,
    "select seq from batches where id = ? and status = 'claimed' and owner = ?",
  )
  const openBatch = prepare(
    database,
    "update batches set status = 'open', key = ?, bytes = ?, next_at = created_at where seq = ?",
  )
  const insertBody = prepare(database, 'insert into batch_bodies (batch_seq, body) values (?, ?)')

  function sealBatch(owner: string, { id, key, body }: { id: string; key: string; body: Uint8Array }): boolean {
    return database.transact('synced', () => {
      const batch = selectClaimed.get(id, owner)
      if (!batch) return false
      openBatch.run(key, body.byteLength, batch.seq)
      insertBody.run(batch.seq, body)
      return true
    })
  }

  const selectOpen = prepare<OpenBatch>(
    database,
    `select seq, id, destination, kind, key, attempts, created_at as createdAt, tried_ms as triedMs, tried_at as triedAt
     from batches
     where destination = :destination and status = 'open' and next_at <= :at
       and (owner is null or lease_until <= :at)
     order by next_at, seq limit 1`,
  )
  const claimOpen = prepare(database, 'update batches set owner = ?, lease_until = ? where seq = ?')
  const selectBatchBody = prepare<{ body: Uint8Array }>(database, 'select body from batch_bodies where batch_seq = ?')
  // The item's body as it was sent: kept with the batch if the desired state has been replaced since.
  const selectSent = prepare<Omit<ClaimedItem, 'tried'> & TriedColumns>(
    database,
    `select i.seq, i.type, i.id, s.revision, coalesce(s.body, b.body) as body, s.attempts,
       s.received_at as receivedAt, s.pending_since as pendingSince, i.tried_ms as triedMs, i.tried_at as triedAt,
       nullif(i.source, '') as source, iif(i.place is null and s.revision = i.revision, i.event_seq, null) as eventSeq
     from batch_items s
     join items i on i.seq = s.item_seq
     left join item_bodies b on b.seq = s.item_seq and s.revision = i.revision
     where s.batch_seq = ?
     order by s.position`,
  )

  function claimBatch({ owner, destination, at, leaseUntil }: Leased<BatchClaim>): SealedBatch | null {
    if (!selectOpen.get({ destination, at })) return null
    return database.transact('unsynced', () => {
      const batch = selectOpen.get({ destination, at })
      if (!batch) return null
      claimOpen.run(owner, leaseUntil, batch.seq)
      const { seq, triedMs, triedAt, ...rest } = batch
      const { body } = selectBatchBody.get(seq)!
      const items = selectSent.all(seq).map(({ triedMs, triedAt, ...item }) => {
        const tried = triedOf({ triedMs, triedAt })
        return batch.kind === 'delete' ? { ...item, tried, body: null } : { ...item, tried }
      })
      const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
      return { ...rest, tried: triedOf({ triedMs, triedAt }), body: bytes, items }
    })
  }

  // Each a look at the first entry of an index.
  const firstDue = prepare<{ at: number | null }>(
    database,
    `select min(due_at) as at from items
     where destination = ? and kind = ? and status = 'pending' and batch_seq is null`,
  )
  const firstOpen = prepare<{ at: number | null }>(
    database,
    "select min(next_at) as at from batches where destination = ? and status = 'open' and status in ('claimed', 'open') and owner is null",
  )

  function nextDueAt(destination: string): number | null {
    const times = [
      firstDue.get(destination, 'delete')!.at,
      firstDue.get(destination, 'upsert')!.at,
      firstOpen.get(destination)!.at,
    ].filter((at) => at !== null)
    return times.length > 0 ? Math.min(...times) : null
  }

  return { claimItems, sealBatch, claimBatch, nextDueAt }
}

interface OpenBatch extends Omit<SealedBatch, 'items' | 'body' | 'tried'>, TriedColumns {
  readonly seq: number
}
