import { RelayError } from '../../domain/errors.ts'
import { isWholeSplit } from '../../domain/item-batch.ts'
import { type HeldItem, type ItemOutcome, releaseItem } from '../../domain/item-release.ts'
import type { Delivered } from '../../domain/item-state.ts'
import type { ItemSettlement, Settlement } from '../contract/store.ts'
import { type Database, prepare } from './database.ts'
import type { DueTimes } from './due-times.ts'
import { createTallied, type Tally } from './rollups.ts'
import { createKeepSentBody } from './sent-body.ts'
import { columnsOf, type TriedColumns, triedOf } from './tried-columns.ts'

interface Batch {
  readonly seq: number
  readonly triedMs: number
  readonly destination: string
  readonly kind: 'upsert' | 'delete'
  readonly status: 'claimed' | 'open'
}

interface HeldRow extends TriedColumns {
  readonly seq: number
  readonly revision: number
  readonly kind: 'upsert' | 'delete'
  readonly checksum: string | null
  readonly deliveredKind: Delivered['kind']
  readonly deliveredChecksum: string | null
  readonly deliveredAt: number | null
  readonly forced: number
  readonly pendingSince: number
  readonly receivedAt: number
  readonly dueAt: number
  readonly nextSince: number | null
  readonly nextReceivedAt: number | null
  readonly sentRevision: number
  readonly sentChecksum: string | null
  readonly sentAttempts: number
  readonly source: string
  /** Of the oldest webhook behind what was sent. */
  readonly sentReceivedAt: number
}

type Split = Extract<Settlement, { kind: 'split' }>

/** Settling batches, and taking back what an owner has left behind. */
export function createSettle(database: Database, { bringForward }: DueTimes) {
  const selectBatch = prepare<Batch>(
    database,
    `select seq, tried_ms as triedMs, destination, kind, status from batches where id = ? and owner = ? and status in ('claimed', 'open')`,
  )
  const selectHeld = prepare<HeldRow>(
    database,
    `select i.seq, i.revision, i.kind, i.checksum, i.delivered_kind as deliveredKind,
       i.delivered_checksum as deliveredChecksum, i.delivered_at as deliveredAt, i.forced,
       i.pending_since as pendingSince, i.received_at as receivedAt, i.due_at as dueAt, i.next_since as nextSince,
       i.next_received_at as nextReceivedAt, i.tried_ms as triedMs, i.tried_at as triedAt,
       s.revision as sentRevision, s.checksum as sentChecksum, s.attempts as sentAttempts,
       i.source, s.received_at as sentReceivedAt
     from batch_items s
     join items i on i.seq = s.item_seq and i.batch_seq = s.batch_seq
     where s.batch_seq = ?`,
  )
  const writeReleased = prepare(
    database,
    `update items set status = :status, delivered_kind = :deliveredKind, delivered_checksum = :deliveredChecksum,
       delivered_at = :deliveredAt, forced = 0, pending_since = :pendingSince, received_at = :receivedAt,
       due_at = :dueAt, attempts = :attempts, tried_ms = :triedMs, tried_at = :triedAt, error = :error, batch_seq = null, batch_revision = null,
       next_since = null, next_received_at = null
     where seq = :seq`,
  )

  function release(row: HeldRow, outcome: ItemOutcome, batch: Batch, at: number): void {
    const item = releaseItem(heldItemOf(row, batch), outcome, at)
    const { status, delivered, deliveredAt, pendingSince, receivedAt, dueAt, attempts, tried, error } = item
    writeReleased.run({
      ...{ seq: row.seq, status, deliveredKind: delivered.kind, deliveredChecksum: delivered.checksum, deliveredAt },
      ...{ pendingSince, receivedAt, dueAt, attempts, triedMs: Math.round(tried.ms), triedAt: tried.at, error },
    })
  }

  const selectNamesakes = prepare<{ seq: number; batch: number | null; asSent: number | null }>(
    database,
    `select seq, batch_seq as batch, revision = batch_revision as asSent from items
     where id = (select id from items where seq = :seq) and destination = :destination and seq <> :seq
       and kind = 'upsert' and (batch_seq is not null or status <> 'dead' and delivered_kind in ('upsert', 'unknown'))`,
  )
  const keepSentBody = createKeepSentBody(database)
  const resendHeld = prepare(
    database,
    `update items set revision = revision + 1, forced = 1, due_at = :at,
       next_since = coalesce(next_since, :at), next_received_at = coalesce(next_received_at, :at)
     where seq = :seq`,
  )
  const resendFree = prepare(
    database,
    `update items set status = 'pending', delivered_kind = 'unknown', delivered_checksum = null,
       due_at = coalesce(due_at, :at), pending_since = coalesce(pending_since, :at),
       received_at = coalesce(received_at, :at)
     where seq = :seq`,
  )

  /** A call to delete names ids without their types: what has the same id under another type may be gone with it. */
  function resendNamesakes(seq: number, { destination }: Batch, at: number): void {
    for (const { seq: namesake, batch, asSent } of selectNamesakes.all({ seq, destination })) {
      if (asSent === 1) keepSentBody(batch, namesake)
      if (batch === null) resendFree.run({ seq: namesake, at })
      else resendHeld.run({ seq: namesake, at })
    }
  }

  const closeBatch = prepare(
    database,
    `update batches set status = ?, settled_at = ?, error = coalesce(?, error), owner = null, lease_until = null, next_at = null
     where seq = ?`,
  )
  const dropBody = prepare(database, 'delete from batch_bodies where batch_seq = ?')
  const dropSentBodies = prepare(
    database,
    'update batch_items set body = null where batch_seq = ? and body is not null',
  )

  function close(batch: Batch, status: 'done' | 'split', error: string | null, at: number): void {
    closeBatch.run(status, at, error, batch.seq)
    dropBody.run(batch.seq)
    dropSentBodies.run(batch.seq)
  }

  const tallied = createTallied(database)

  function settleDone(batch: Batch, outcomes: readonly ItemSettlement[], at: number, tally: Tally): void {
    const bySeq = new Map(outcomes.map((outcome) => [outcome.seq, outcome]))
    for (const item of selectHeld.all(batch.seq)) {
      const outcome = bySeq.get(item.seq)
      release(item, outcome ?? { result: 'unsent' }, batch, at)
      const { source, sentReceivedAt, revision, sentRevision } = item
      if (outcome?.result === 'delivered') tally.delivered(at, source, batch.destination, sentReceivedAt)
      if (outcome?.result === 'dead' && revision === sentRevision) tally.dead(at, source, batch.destination)
      const mayBeGone = outcome !== undefined && (outcome.result === 'delivered' || outcome.uncertain)
      if (batch.kind === 'delete' && mayBeGone) resendNamesakes(item.seq, batch, at)
    }
    close(batch, 'done', null, at)
  }

  const retryBatch = prepare(
    database,
    `update batches set attempts = attempts + 1, next_at = :nextAt, error = :error, owner = null, lease_until = null,
       tried_ms = :triedMs, tried_at = :triedAt
     where seq = :seq`,
  )
  const insertPart = prepare(
    database,
    `insert into batches (id, destination, kind, status, key, created_at, next_at, item_count, bytes)
     values (?, ?, ?, 'open', ?, ?, ?, ?, ?)`,
  )
  const insertPartBody = prepare(database, 'insert into batch_bodies (batch_seq, body) values (?, ?)')
  const copyItem = prepare(
    database,
    `insert into batch_items (batch_seq, position, item_seq, revision, checksum, attempts, received_at, pending_since, body)
     select :part, :position, item_seq, revision, checksum, attempts, received_at, pending_since, body
     from batch_items where batch_seq = :batch and item_seq = :item`,
  )
  const moveItem = prepare(database, 'update items set batch_seq = :part where seq = :item and batch_seq = :batch')
  const doubtItems = prepare(
    database,
    `update items set delivered_kind = 'unknown', delivered_checksum = null
     where seq in (select item_seq from batch_items where batch_seq = :batch) and batch_seq = :batch`,
  )

  function split(batch: Batch, { parts, error, uncertain }: Split, at: number): void {
    const held = selectHeld.all(batch.seq).map((item) => item.seq)
    if (!isWholeSplit(parts, held)) {
      throw new RelayError('invalid', 'the parts of a split must have each item of the batch once')
    }
    if (uncertain) doubtItems.run({ batch: batch.seq })
    for (const { id, key, body, items } of parts) {
      const created = insertPart.run(id, batch.destination, batch.kind, key, at, at, items.length, body.byteLength)
      const part = created.lastInsertRowid
      insertPartBody.run(part, body)
      for (const [position, item] of items.entries()) {
        copyItem.run({ part, position, batch: batch.seq, item })
        moveItem.run({ part, batch: batch.seq, item })
      }
    }
    close(batch, 'split', error, at)
  }

  function retry(batch: Batch, { nextAt, error, tried }: Extract<Settlement, { kind: 'retry' }>): void {
    retryBatch.run({ seq: batch.seq, nextAt, error, ...columnsOf(tried, batch.triedMs) })
  }

  function settleBatch(owner: string, batchId: string, settlement: Settlement, at: number): boolean {
    // Unsynced: after a power cut the batch is open still and the same bytes go out under the same key. A split makes
    // new keys and bytes, and those must be on disk before they are sent.
    return database.transact(settlement.kind === 'split' ? 'synced' : 'unsynced', () => {
      const batch = selectBatch.get(batchId, owner)
      if (!batch) return false
      if (settlement.kind === 'done') tallied((tally) => settleDone(batch, settlement.items, at, tally))
      else if (batch.status !== 'open')
        return false // without bytes there was no attempt
      else if (settlement.kind === 'retry') retry(batch, settlement)
      else split(batch, settlement, at)
      return true
    })
  }

  const dropClaims = prepare(database, 'delete from event_claims where lease_until <= :at or owner = :owner or :all')
  const dropLeases = prepare(database, 'delete from leases')
  const selectLeft = prepare<Batch & { id: string }>(
    database,
    `select seq, tried_ms as triedMs, id, destination, kind, status from batches
     where status in ('claimed', 'open') and owner is not null and (lease_until <= :at or owner = :owner or :all)`,
  )
  const disown = prepare(database, 'update batches set owner = null, lease_until = null where seq = ?')
  const deleteBatch = prepare(database, 'delete from batches where seq = ?')

  const selectIdle = prepare<Batch>(
    database,
    `select seq, destination, kind, status from batches
     where destination = ? and status in ('claimed', 'open') and (owner is null or lease_until <= ?)`,
  )

  function abandonBatches(destination: string, at: number): number {
    if (selectIdle.get(destination, at) === undefined) return 0
    return database.transact('synced', () => {
      const batches = selectIdle.all(destination, at)
      for (const batch of batches) {
        const error = 'its call was given up'
        const outcome: ItemOutcome =
          batch.status === 'open' ? { result: 'retry', error, dueAt: at, uncertain: true } : { result: 'unsent' }
        for (const item of selectHeld.all(batch.seq)) release(item, outcome, batch, at)
        if (batch.status === 'open') close(batch, 'done', error, at)
        else deleteBatch.run(batch.seq)
      }
      return batches.length
    })
  }

  function recover({ at, owner, all = false, latest }: RecoveryAt): void {
    const left = { at, owner: owner ?? null, all: all ? 1 : 0 }
    database.transact('unsynced', () => {
      if (latest !== undefined) bringForward(at, latest)
      dropClaims.run(left)
      if (all) dropLeases.run()
      for (const batch of selectLeft.all(left)) {
        if (batch.status === 'open') disown.run(batch.seq)
        else {
          for (const item of selectHeld.all(batch.seq)) release(item, { result: 'unsent' }, batch, at)
          deleteBatch.run(batch.seq)
        }
      }
    })
  }

  return { settleBatch, recover, abandonBatches }
}

export interface RecoveryAt {
  readonly at: number
  readonly owner?: string
  /** Every claim and lease: nobody else is at work. */
  readonly all?: boolean
  readonly latest?: number
}

function heldItemOf(row: HeldRow, { kind: sentKind }: Batch): HeldItem {
  const { revision, kind, checksum, pendingSince, receivedAt, dueAt, nextSince, nextReceivedAt, deliveredAt } = row
  return {
    ...{ revision, kind, checksum, pendingSince, receivedAt, dueAt, nextSince, nextReceivedAt, deliveredAt },
    delivered: { kind: row.deliveredKind, checksum: row.deliveredChecksum },
    isForced: row.forced === 1,
    tried: triedOf(row),
    sent: { kind: sentKind, revision: row.sentRevision, checksum: row.sentChecksum, attempts: row.sentAttempts },
  }
}
