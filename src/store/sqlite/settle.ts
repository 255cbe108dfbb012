import { RelayError } from '../../domain/errors.ts'
import { type Delivered, isDelivered } from '../../domain/merge.ts'
import type { ItemSettlement, Settlement } from '../contract/store.ts'
import { type Database, prepare } from './database.ts'
import { createKeepSentBody } from './sent-body.ts'
import { columnsOf, type TriedColumns } from './tried-columns.ts'

interface Batch {
  readonly seq: number
  readonly triedMs: number
  readonly destination: string
  readonly kind: 'upsert' | 'delete'
  readonly status: 'claimed' | 'open'
}

interface HeldItem extends TriedColumns {
  readonly seq: number
  readonly revision: number
  readonly kind: 'upsert' | 'delete'
  readonly checksum: string | null
  readonly delivered_kind: Delivered['kind']
  readonly delivered_checksum: string | null
  readonly delivered_at: number | null
  readonly forced: number
  readonly pending_since: number
  readonly received_at: number
  readonly due_at: number
  readonly next_since: number | null
  readonly next_received_at: number | null
  readonly sent_revision: number
  readonly sent_checksum: string | null
  readonly sent_attempts: number
}

type Split = Extract<Settlement, { kind: 'split' }>

/** How a batch lets go of an item: with an outcome, or without one because nothing was sent. */
type Release = ItemSettlement | { readonly result: 'unsent' }

/** Settling batches, and taking back what an owner has left behind. */
export function createSettle(database: Database) {
  const selectBatch = prepare<Batch>(
    database,
    `select seq, tried_ms as triedMs, destination, kind, status from batches where id = ? and owner = ? and status in ('claimed', 'open')`,
  )
  const selectHeld = prepare<HeldItem>(
    database,
    `select i.seq, i.revision, i.kind, i.checksum, i.delivered_kind, i.delivered_checksum, i.delivered_at, i.forced,
       i.pending_since, i.received_at, i.due_at, i.next_since, i.next_received_at,
       i.tried_ms as triedMs, i.tried_at as triedAt,
       s.revision as sent_revision, s.checksum as sent_checksum, s.attempts as sent_attempts
     from batch_items s
     join items i on i.seq = s.item_seq and i.batch_seq = s.batch_seq
     where s.batch_seq = ?`,
  )
  const releaseItem = prepare(
    database,
    `update items set status = :status, delivered_kind = :deliveredKind, delivered_checksum = :deliveredChecksum,
       delivered_at = :deliveredAt, forced = 0, pending_since = :pendingSince, received_at = :receivedAt,
       due_at = :dueAt, attempts = :attempts, tried_ms = :triedMs, tried_at = :triedAt, error = :error, batch_seq = null, batch_revision = null,
       next_since = null, next_received_at = null
     where seq = :seq`,
  )

  function deliveredAfter(item: HeldItem, release: Release, kind: Batch['kind']): Delivered {
    if (item.forced === 1) return { kind: 'unknown', checksum: null } // redelivery was asked for meanwhile
    if (release.result === 'delivered') return { kind, checksum: item.sent_checksum }
    if (release.result !== 'unsent' && release.uncertain) return { kind: 'unknown', checksum: null }
    return { kind: item.delivered_kind, checksum: item.delivered_checksum }
  }

  /** The outcome counts for the revision that was sent. A newer one is judged against what is delivered now. */
  function letGo(item: HeldItem, release: Release, batch: Batch, at: number): void {
    const delivered = deliveredAfter(item, release, batch.kind)
    const write = (work: Work) =>
      releaseItem.run({
        ...work,
        seq: item.seq,
        deliveredKind: delivered.kind,
        deliveredChecksum: delivered.checksum,
        deliveredAt: release.result === 'delivered' ? at : item.delivered_at,
      })
    const waiting = { pendingSince: item.pending_since, receivedAt: item.received_at }
    const superseded = item.revision !== item.sent_revision

    if (superseded) {
      if (isDelivered(item, delivered)) return void write(done)
      // Of what was sent nothing is owed any more, unless it is to be tried again: then the newer state took its place.
      const over = release.result === 'delivered' || release.result === 'dead'
      const since = over ? { pendingSince: item.next_since ?? at, receivedAt: item.next_received_at ?? at } : waiting
      return void write({ ...fresh, status: 'pending', ...since, dueAt: item.due_at })
    }
    switch (release.result) {
      case 'delivered':
        return void write(done)
      case 'dead':
        return void write({ ...done, status: 'dead', attempts: item.sent_attempts + 1, error: release.error })
      case 'retry': {
        const { dueAt, error } = release
        const attempts = item.sent_attempts + 1
        return void write({
          status: 'pending',
          ...waiting,
          ...columnsOf(release.tried, item.triedMs),
          dueAt,
          attempts,
          error,
        })
      }
      case 'unsent':
        return void write({
          status: 'pending',
          ...waiting,
          dueAt: item.due_at,
          attempts: item.sent_attempts,
          triedMs: item.triedMs,
          triedAt: item.triedAt,
          error: null,
        })
    }
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

  function settleDone(batch: Batch, outcomes: readonly ItemSettlement[], at: number): void {
    const bySeq = new Map(outcomes.map((outcome) => [outcome.seq, outcome]))
    for (const item of selectHeld.all(batch.seq)) {
      const outcome = bySeq.get(item.seq)
      letGo(item, outcome ?? { result: 'unsent' }, batch, at)
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
    const given = parts.flatMap((part) => part.items)
    if (given.length !== held.length || new Set([...given, ...held]).size !== held.length) {
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
      if (settlement.kind === 'done') settleDone(batch, settlement.items, at)
      else if (batch.status !== 'open')
        return false // without bytes there was no attempt
      else if (settlement.kind === 'retry') retry(batch, settlement)
      else split(batch, settlement, at)
      return true
    })
  }

  const dropClaims = prepare(database, 'delete from event_claims where lease_until <= ? or ?')
  const selectLeft = prepare<Batch & { id: string }>(
    database,
    `select seq, tried_ms as triedMs, id, destination, kind, status from batches
     where status in ('claimed', 'open') and owner is not null and (lease_until <= ? or ?)`,
  )
  const disown = prepare(database, 'update batches set owner = null, lease_until = null where seq = ?')
  const deleteBatch = prepare(database, 'delete from batches where seq = ?')

  const hurryItems = prepare(
    database,
    `update items set due_at = :at where seq in (
       select seq from items where status = 'pending' and batch_seq is null and destination = :destination
         and kind = :kind and due_at > :latest)`,
  )
  // What has changed while a batch holds it waits for its time once the batch is over.
  const hurryHeldItems = prepare(
    database,
    `update items set due_at = :at where due_at > :latest and seq in (
       select item_seq from batch_items where batch_seq in (
         select seq from batches where destination = :destination and status in ('claimed', 'open')))`,
  )
  const hurryBatches = prepare(
    database,
    `update batches set next_at = :at
     where destination = :destination and status = 'open' and status in ('claimed', 'open') and next_at > :latest`,
  )
  const nextSource = prepare<{ source: string | null }>(
    database,
    'select min(source) as source from event_fetches where source > ?',
  )
  const hurryFetches = prepare(
    database,
    'update event_fetches set due_at = :at where source = :source and due_at > :latest',
  )
  const selectDestinations = prepare<{ destination: string }>(
    database,
    'select distinct destination from item_counts order by destination',
  )

  function hurry(at: number, latest: number): void {
    for (const { destination } of selectDestinations.all()) {
      for (const kind of ['upsert', 'delete']) hurryItems.run({ at, latest, destination, kind })
      hurryHeldItems.run({ at, latest, destination })
      hurryBatches.run({ at, latest, destination })
    }
    // From one source to the next: the index knows no other way to what is due late.
    for (let { source } = nextSource.get('')!; source !== null; { source } = nextSource.get(source)!) {
      hurryFetches.run({ at, latest, source })
    }
  }

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
        const release: Release =
          batch.status === 'open'
            ? { seq: 0, result: 'retry', error, dueAt: at, uncertain: true }
            : { result: 'unsent' }
        for (const item of selectHeld.all(batch.seq)) letGo(item, release, batch, at)
        if (batch.status === 'open') close(batch, 'done', error, at)
        else deleteBatch.run(batch.seq)
      }
      return batches.length
    })
  }

  interface Recovery {
    readonly at: number
    readonly all: boolean
    readonly latest?: number
  }

  function recover({ at, all, latest }: Recovery): void {
    database.transact('unsynced', () => {
      if (latest !== undefined) hurry(at, latest)
      dropClaims.run(at, all ? 1 : 0)
      for (const batch of selectLeft.all(at, all ? 1 : 0)) {
        if (batch.status === 'open') disown.run(batch.seq)
        else {
          for (const item of selectHeld.all(batch.seq)) letGo(item, { result: 'unsent' }, batch, at)
          deleteBatch.run(batch.seq)
        }
      }
    })
  }

  // Of several, because the newest may have come after the clock was set back.
  const selectNewest = prepare<{ newest: number | null }>(
    database,
    `select max(at) as newest from (
       select max(received_at) as at from (select received_at from events order by seq desc limit 100)
       union all select max(received_at) from (select received_at from inbox order by first_seq desc limit 20)
       union all select max(changed_at) from items
       union all select max(at) from (select at from executions order by seq desc limit 100))`,
  )

  function newestTime(): number | null {
    return selectNewest.get()!.newest
  }

  return { settleBatch, recover, newestTime, abandonBatches }
}

interface Work extends TriedColumns {
  readonly status: 'pending' | 'delivered' | 'dead'
  readonly pendingSince: number | null
  readonly receivedAt: number | null
  readonly dueAt: number | null
  readonly attempts: number
  readonly error: string | null
}

const fresh = { attempts: 0, triedMs: 0, triedAt: null, error: null }
const done: Work = { ...fresh, status: 'delivered', pendingSince: null, receivedAt: null, dueAt: null }
