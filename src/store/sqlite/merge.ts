import { dueAtOf } from '../../domain/debounce.ts'
import {
  afterEvent,
  type Delivered,
  isDelivered,
  isStale,
  type KnownItem,
  knownOf,
  versionAfter,
  versionOfRemoval,
} from '../../domain/merge.ts'
import { defaultClockLeadMs } from '../../domain/version.ts'
import type {
  ItemChange,
  ItemKey,
  MappedEvent,
  MergeCounts,
  Released,
  Removal,
  StaleRemoval,
} from '../contract/store.ts'
import { type Database, prepare } from './database.ts'
import { createFetches } from './fetches.ts'
import { createHeldChanges } from './held-changes.ts'
import { type KeptColumns, keptColumns, keptOf, type Standing } from './kept.ts'
import { createKeepSentBody } from './sent-body.ts'

type Merged = 'applied' | 'unchanged' | 'stale' | 'held'

interface ItemRow extends KeptColumns {
  readonly seq: number
  readonly source: string
  readonly status: 'pending' | 'delivered' | 'dead'
  readonly held: number
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
    `select seq, source, status, held, ${keptColumns}, revision, delivered_kind,
       delivered_checksum, may_exist, pending_since, received_at, batch_seq, batch_revision, next_since, next_received_at
     from items where id = ? and type = ? and destination = ?`,
  )
  const noteSources = prepare(
    database,
    'insert or ignore into item_sources (item_seq, source) values (:seq, :known), (:seq, :other)',
  )
  const insertItem = prepare(
    database,
    `insert into items (destination, type, id, source, status, kind, checksum, version, version_counted, bare_tombstone,
       event_seq, place, as_of, resource, locale, revision, bytes, changed_at, may_exist, pending_since, received_at, due_at)
     values (:destination, :type, :id, :source, :status, :kind, :checksum, :version, :counted, :bareTombstone,
       :eventSeq, :place, :asOf, :resource, :locale, 1, :bytes, :at, :mayExist, :pendingSince, :receivedAt, :dueAt)`,
  )
  // Knows the newer version, and nothing to do: no index is touched.
  const touchItem = prepare(
    database,
    `update items set version = :version, version_counted = :counted, bare_tombstone = :bareTombstone,
       event_seq = :eventSeq, place = :place, as_of = :asOf, may_exist = :mayExist,
       locale = iif(:resource is null, locale, :locale), resource = coalesce(:resource, resource)
     where seq = :seq`,
  )
  const replaceDesired = prepare(
    database,
    `update items set source = :source, status = :status, kind = :kind, checksum = :checksum, version = :version,
       version_counted = :counted, bare_tombstone = :bareTombstone, event_seq = :eventSeq, place = :place,
       as_of = :asOf, locale = iif(:resource is null, locale, :locale), resource = coalesce(:resource, resource),
       revision = revision + :step, bytes = :bytes,
       changed_at = :at, may_exist = :mayExist, pending_since = :pendingSince, received_at = :receivedAt,
       due_at = :dueAt, attempts = 0, tried_ms = 0, tried_at = null, error = null, next_since = :nextSince, next_received_at = :nextReceivedAt
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

  function insertDesired(change: Desired, standing: Standing, at: number): Merged {
    const { destination, source, kind, type, id, checksum, certain, receivedAt, body } = change
    const waits = kind === 'upsert' || certain // a draft that was never sent needs no tombstone
    const dueAt = kind === 'delete' ? at : dueAtOf(at, at, change)
    const { lastInsertRowid: seq } = insertItem.run({
      ...standing,
      destination,
      type,
      id,
      source,
      status: waits ? 'pending' : 'delivered',
      kind,
      checksum,
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

  const held = createHeldChanges(database)

  /** What one event wants of an item: the new desired state, or where an operator holds the item, what is noted of it. */
  function merge(change: ItemChange, eventSeq: number, at: number, staleRemovals: StaleRemoval[]): Merged {
    const item = selectItem.get(change.id, change.type, change.destination)
    if (!item) return insertDesired(change, standingOf(change, null, eventSeq), at)
    if (change.source !== item.source && item.source !== '')
      noteSources.run({ seq: item.seq, known: item.source, other: change.source })
    const noted = item.held === 1 ? held.read(item.seq) : undefined
    const known = knownOf(keptOf(noted ?? item), at, change.maxClockLeadMs)
    if (isStale(known, { ...change, eventSeq })) {
      if (change.kind === 'delete' && known.kind === 'upsert') staleRemovals.push(staleRemovalOf(change, known))
      return 'stale'
    }
    const standing = standingOf(change, known, eventSeq)
    if (item.held === 0) return replace(item, change, standing, at)
    held.note(item.seq, change, standing, at)
    return 'held'
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
  function replace(item: ItemRow, change: Desired, standing: Standing, at: number): Merged {
    const { kind, checksum, certain, receivedAt, body } = change
    const same = kind === item.kind && (kind === 'delete' || checksum === item.checksum)
    const mayExist = kind === 'delete' && certain ? 1 : item.may_exist
    if (same && item.status === 'pending') {
      touchItem.run({ ...standing, mayExist, seq: item.seq })
      // What the checksum does not cover (a title) goes along; where a batch holds the item, with the call after it, if any.
      refresh(item, body)
      return 'unchanged'
    }
    const inBatch = item.batch_seq !== null
    const nothingToDo =
      !inBatch && (isDelivered({ kind, checksum }, deliveredOf(item)) || (kind === 'delete' && !mayExist))
    if (same && nothingToDo && item.status === 'delivered') {
      touchItem.run({ ...standing, mayExist, seq: item.seq })
      // A title alone is no reason to send; a redelivery asked for later must not bring back the old one.
      refresh(item, body)
      return 'unchanged'
    }

    // While a batch holds the item, its own times go on; those of what waits are kept beside them.
    const since = inBatch ? (item.next_since ?? at) : (item.pending_since ?? at)
    const oldest = Math.min((inBatch ? item.next_received_at : item.received_at) ?? receivedAt, receivedAt)
    if (isAsSent(item)) keepSentBody(item.batch_seq, item.seq)
    replaceDesired.run({
      ...standing,
      seq: item.seq,
      source: change.source,
      status: nothingToDo ? 'delivered' : 'pending',
      kind,
      checksum,
      step: same ? 0 : 1,
      bytes: bytesOf(body),
      at,
      mayExist,
      pendingSince: nothingToDo ? null : inBatch ? item.pending_since : since,
      receivedAt: nothingToDo ? null : inBatch ? item.received_at : oldest,
      dueAt: nothingToDo ? null : kind === 'delete' ? at : dueAtOf(since, at, change),
      nextSince: inBatch ? since : null,
      nextReceivedAt: inBatch ? oldest : null,
    })
    if (body === null) dropBody.run(item.seq)
    else putBody.run(item.seq, body)
    return nothingToDo && !isCancelled(item, kind) ? 'unchanged' : 'applied'
  }

  const lastEvent = prepare<{ last: number }>(database, 'select last from event_position')
  const holdItem = prepare(database, 'update items set held = 1 where id = ? and type = ? and destination = ?')
  const unholdItem = prepare(database, 'update items set held = 0, changed_at = ? where seq = ?')

  function removeItem({ destination, type, id, hold }: Removal, at: number): void {
    // Synced: what an operator has taken away stays away.
    database.transact('synced', () => {
      const item = selectItem.get(id, type, destination)
      const noted = item?.held === 1 ? held.read(item.seq) : undefined
      const known = item ? knownOf(keptOf(noted ?? item), at, defaultClockLeadMs) : null
      const { last } = lastEvent.get()!
      const { version, isCounted } = versionOfRemoval(known, at)
      const standing: Standing = {
        version,
        counted: isCounted ? 1 : 0,
        bareTombstone: 1,
        eventSeq: item?.event_seq ?? last,
        place: afterEvent(last),
        asOf: at,
        resource: null,
        locale: null,
      }
      const desired = { ...tombstone, destination, type, id, receivedAt: at, source: item?.source ?? '' }
      if (item) replace(item, desired, standing, at)
      else insertDesired(desired, standing, at)
      if (item) held.forget(item.seq)
      if (hold) holdItem.run(id, type, destination)
    })
  }

  function releaseItem({ destination, type, id }: ItemKey, at: number): Released | null {
    return database.transact('synced', () => {
      const item = selectItem.get(id, type, destination)
      if (item?.held !== 1) return null
      const noted = held.read(item.seq)
      unholdItem.run(at, item.seq)
      if (!noted) return { desiredKind: item.kind, changed: false }
      held.forget(item.seq)
      const { kind, checksum, source, body, received_at: receivedAt } = noted
      const desired = { ...atOnce, destination, type, id, source, kind, checksum, body, receivedAt, certain: true }
      replace(item, desired, held.standingOf(noted), at)
      return { desiredKind: kind, changed: true }
    })
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
    const merged = { applied: 0, unchanged: 0, stale: 0, held: 0 }
    const staleRemovals: StaleRemoval[] = []
    for (const change of changes) merged[merge(change, seq, at, staleRemovals)] += 1
    const { held: heldCount, ...counts } = merged
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
    return {
      ...counts,
      ...(heldCount > 0 && { held: heldCount }),
      ...(staleRemovals.length > 0 && { staleRemovals }),
    }
  }

  function settleEvents(owner: string, events: readonly MappedEvent[], at: number): readonly (MergeCounts | null)[] {
    // Unsynced: after a power cut the event is pending still, and mapped again to the same changes.
    return database.transact('unsynced', () => events.map((event) => settle(owner, event, at)))
  }

  return { settleEvents, removeItem, releaseItem }
}

/** The part of a change that becomes the desired state as it is. */
type Desired = Omit<ItemChange, 'version' | 'ahead' | 'maxClockLeadMs' | 'askedAt' | 'resource' | 'locale'>

const atOnce = { debounceMs: 0, maxWaitMs: 0 }
/** An operator's removal. */
const tombstone = { ...atOnce, kind: 'delete', checksum: null, certain: true, body: null } as const

function standingOf(change: ItemChange, known: KnownItem | null, eventSeq: number): Standing {
  const { version, isCounted } = versionAfter(known, { version: change.version, isCounted: change.ahead !== undefined })
  const counted = isCounted ? 1 : 0
  return {
    version,
    counted,
    bareTombstone: isBare(change),
    eventSeq,
    place: null,
    asOf: change.askedAt ?? change.receivedAt,
    resource: change.resource ?? null,
    locale: change.locale ?? null,
  }
}

function staleRemovalOf({ destination, type, id, version }: ItemChange, known: KnownItem): StaleRemoval {
  return { destination, type, id, version, known: known.version }
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
