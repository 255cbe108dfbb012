import { dueAtOf } from '../../domain/debounce.ts'
import { type Delivered, isDelivered, isStale, type KnownItem, versionAfter } from '../../domain/merge.ts'
import type { Version } from '../../domain/version.ts'
import type { ItemChange, MappedEvent, MergeCounts } from '../store.ts'
import { type Database, prepare } from './database.ts'
import { createFetches } from './fetches.ts'
import { createKeepSentBody } from './sent-body.ts'

type Merged = keyof MergeCounts

interface ItemRow {
  readonly seq: number
  readonly status: 'pending' | 'delivered' | 'dead'
  readonly kind: 'upsert' | 'delete'
  readonly checksum: string | null
  readonly version: Version | null
  readonly bare_tombstone: number
  readonly event_seq: number
  readonly revision: number
  readonly delivered_kind: Delivered['kind']
  readonly delivered_checksum: string | null
  readonly may_exist: number
  readonly pending_since: number | null
  readonly received_at: number | null
  readonly batch_seq: number | null
  readonly batch_revision: number | null
  readonly next_since: number | null
  readonly next_received_at: number | null
}

/** Settling mapped events: what they want becomes the desired state of items, latest wins. */
export function createMerge(database: Database) {
  const selectItem = prepare<ItemRow>(
    database,
    `select seq, status, kind, checksum, version, bare_tombstone, event_seq, revision, delivered_kind,
       delivered_checksum, may_exist, pending_since, received_at, batch_seq, batch_revision, next_since, next_received_at
     from items where id = ? and type = ? and destination = ?`,
  )
  const insertItem = prepare(
    database,
    `insert into items (destination, type, id, source, status, kind, checksum, version, bare_tombstone, event_seq,
       revision, bytes, changed_at, may_exist, pending_since, received_at, due_at)
     values (:destination, :type, :id, :source, :status, :kind, :checksum, :version, :bareTombstone, :eventSeq,
       1, :bytes, :at, :mayExist, :pendingSince, :receivedAt, :dueAt)`,
  )
  // Knows the newer version, and nothing to do: no index is touched.
  const touchItem = prepare(
    database,
    'update items set version = ?, bare_tombstone = ?, event_seq = ?, may_exist = ? where seq = ?',
  )
  const replaceDesired = prepare(
    database,
    `update items set source = :source, status = :status, kind = :kind, checksum = :checksum, version = :version,
       bare_tombstone = :bareTombstone, event_seq = :eventSeq, revision = revision + :step, bytes = :bytes,
       changed_at = :at, may_exist = :mayExist, pending_since = :pendingSince, received_at = :receivedAt,
       due_at = :dueAt, attempts = 0, error = null, next_since = :nextSince, next_received_at = :nextReceivedAt
     where seq = :seq`,
  )
  const putBody = prepare(
    database,
    'insert into item_bodies (seq, body) values (?, ?) on conflict do update set body = excluded.body',
  )
  const hasOtherBody = prepare(database, 'select 1 from item_bodies where seq = ? and body <> ?')
  const replaceBody = prepare(database, 'update item_bodies set body = ? where seq = ?')
  const dropBody = prepare(database, 'delete from item_bodies where seq = ?')
  const keepSentBody = createKeepSentBody(database)

  const resize = prepare(database, 'update items set bytes = ? where seq = ?')

  function refresh(item: ItemRow, body: string | null): void {
    const { seq, batch_seq: batchSeq } = item
    if (body === null || hasOtherBody.get(seq, body) === undefined) return
    if (isAsSent(item)) keepSentBody(batchSeq, seq)
    replaceBody.run(body, seq)
    resize.run(bytesOf(body), seq)
  }

  function insertDesired(change: ItemChange, eventSeq: number, at: number): Merged {
    const { destination, source, kind, type, id, version, checksum, certain, receivedAt, body } = change
    const waits = kind === 'upsert' || certain // a draft that was never sent needs no tombstone
    const dueAt = kind === 'delete' ? at : dueAtOf(at, at, change)
    const { lastInsertRowid: seq } = insertItem.run({
      destination,
      type,
      id,
      source,
      status: waits ? 'pending' : 'delivered',
      kind,
      checksum,
      version,
      bareTombstone: isBare(change),
      eventSeq,
      bytes: bytesOf(body),
      at,
      mayExist: kind === 'delete' && certain ? 1 : 0,
      pendingSince: waits ? at : null,
      receivedAt: waits ? receivedAt : null,
      dueAt: waits ? dueAt : null,
    })
    if (body !== null) putBody.run(seq, body)
    return waits ? 'applied' : 'unchanged'
  }

  /**
   * The change as the new desired state of a known item:
   *
   *     held by a batch                  waits for it, due as after its first change since
   *     what was delivered               nothing to do
   *     a draft, and never sent          nothing to do
   *     what is wanted already           stays due as it was
   *     anything else                    due after the debounce, a tombstone at once
   */
  function merge(change: ItemChange, eventSeq: number, at: number): Merged {
    const { kind, checksum, certain, receivedAt, body } = change
    const item = selectItem.get(change.id, change.type, change.destination)
    if (!item) return insertDesired(change, eventSeq, at)
    const known = knownItemOf(item)
    if (isStale(known, { kind, version: change.version, eventSeq })) return 'stale'

    const same = kind === item.kind && (kind === 'delete' || checksum === item.checksum)
    const mayExist = kind === 'delete' && certain ? 1 : item.may_exist
    const version = versionAfter(known, { kind, version: change.version, eventSeq })
    const bareTombstone = isBare(change)
    if (same && item.status === 'pending') {
      touchItem.run(version, bareTombstone, eventSeq, mayExist, item.seq)
      // What the checksum does not cover (a title) goes along; where a batch holds the item, with the call after it, if any.
      refresh(item, body)
      return 'unchanged'
    }
    const held = item.batch_seq !== null
    const nothingToDo =
      !held && (isDelivered({ kind, checksum }, deliveredOf(item)) || (kind === 'delete' && !mayExist))
    if (same && nothingToDo && item.status === 'delivered') {
      touchItem.run(version, bareTombstone, eventSeq, mayExist, item.seq)
      // A title alone is no reason to send; a redelivery asked for later must not bring back the old one.
      refresh(item, body)
      return 'unchanged'
    }

    // While a batch holds the item, its own times go on; those of what waits are kept beside them.
    const since = held ? (item.next_since ?? at) : (item.pending_since ?? at)
    const oldest = Math.min((held ? item.next_received_at : item.received_at) ?? receivedAt, receivedAt)
    if (isAsSent(item)) keepSentBody(item.batch_seq, item.seq)
    replaceDesired.run({
      seq: item.seq,
      source: change.source,
      status: nothingToDo ? 'delivered' : 'pending',
      kind,
      checksum,
      version,
      bareTombstone,
      eventSeq,
      step: same ? 0 : 1,
      bytes: bytesOf(body),
      at,
      mayExist,
      pendingSince: nothingToDo ? null : held ? item.pending_since : since,
      receivedAt: nothingToDo ? null : held ? item.received_at : oldest,
      dueAt: nothingToDo ? null : kind === 'delete' ? at : dueAtOf(since, at, change),
      nextSince: held ? since : null,
      nextReceivedAt: held ? oldest : null,
    })
    if (body === null) dropBody.run(item.seq)
    else putBody.run(item.seq, body)
    return nothingToDo && !isCancelled(item, kind) ? 'unchanged' : 'applied'
  }

  const releaseClaim = prepare(database, 'delete from event_claims where seq = ? and owner = ?')
  const settleEvent = prepare(
    database,
    `update events set status = :status, reason = :reason, error = :error, mapper = :mapper,
       mapper_version = :mapperVersion, settled_at = :at
     where seq = :seq and status in ('pending', 'waiting')`,
  )
  const { settleFetch } = createFetches(database)

  function settle(owner: string, event: MappedEvent, at: number): MergeCounts | null {
    const { seq, mapper, mapperVersion, outcome, changes } = event
    if (releaseClaim.run(seq, owner).changes === 0) return null
    const counts = { applied: 0, unchanged: 0, stale: 0 }
    for (const change of changes) counts[merge(change, seq, at)] += 1
    const allStale = outcome.status === 'processed' && counts.stale > 0 && counts.stale === changes.length
    settleEvent.run({
      seq,
      mapper,
      mapperVersion,
      at: outcome.status === 'waiting' ? null : at,
      status: allStale ? 'skipped' : outcome.status,
      reason: allStale ? 'stale' : outcome.status === 'skipped' ? outcome.reason : null,
      error: outcome.status === 'failed' || outcome.status === 'waiting' ? outcome.error : null,
    })
    if (outcome.status === 'waiting' || event.fetches !== undefined) settleFetch(seq, event, at)
    return counts
  }

  function settleEvents(owner: string, events: readonly MappedEvent[], at: number): readonly (MergeCounts | null)[] {
    // Unsynced: after a power cut the event is pending still, and mapped again to the same changes.
    return database.transact('unsynced', () => events.map((event) => settle(owner, event, at)))
  }

  return { settleEvents }
}

function knownItemOf(item: ItemRow): KnownItem {
  const { kind, checksum, version, event_seq: eventSeq } = item
  return { kind, checksum, version, bareTombstone: item.bare_tombstone === 1, eventSeq }
}

function deliveredOf(item: ItemRow): Delivered {
  return { kind: item.delivered_kind, checksum: item.delivered_checksum }
}

function isBare(change: ItemChange): 0 | 1 {
  return change.kind === 'delete' && change.version === null ? 1 : 0
}

/** A batch holds it, and nothing has changed since. */
function isAsSent(item: ItemRow): boolean {
  return item.batch_seq !== null && item.revision === item.batch_revision
}

/** An unsent change of the item was still to be delivered, and no longer is. */
function isCancelled(item: ItemRow, kind: 'upsert' | 'delete'): boolean {
  return item.status === 'pending' && kind === 'delete'
}

/** What the item takes in a batch: its JSON and a separator. */
function bytesOf(body: string | null): number {
  return body === null ? 1 : Buffer.byteLength(body) + 1
}
