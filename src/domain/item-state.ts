import { dueAtOf } from './debounce.ts'
import type { DesiredChange, VersionedChange } from './item-change.ts'
import {
  afterEvent,
  isStale,
  type KeptItem,
  type KnownItem,
  knownOf,
  versionAfter,
  versionOfRemoval,
} from './item-order.ts'
import { type Tried, untried } from './tried.ts'
import { defaultClockLeadMs, type Version } from './version.ts'

// What becomes of an item by a change and by an operator. Engines load items, ask here, and write what comes out.
//
//     nothing to do ◀── as delivered ──┐
//                                      change, removal, end of a hold ──▶ due ──▶ a batch holds it ──▶ releaseItem
//                                                     └── meanwhile: waits for the batch ─────────────────┘

/** What the ingest API has acknowledged: an item's checksum, a tombstone, or `unknown` after an unclear outcome and while a redelivery waits. */
export interface Delivered {
  readonly kind: 'upsert' | 'delete' | 'unknown' | null
  readonly checksum: string | null
}

/** What the CMS calls the record that made a state. Null: not known, or the record has none. */
export interface RecordKind {
  readonly resource: string | null
  readonly locale: string | null
}

/** What is wanted of an item, and the work that this leaves. Its JSON is not a part of it. */
export interface ItemState extends KeptItem, RecordKind {
  readonly source: string
  readonly status: 'pending' | 'delivered' | 'dead'
  /** One more with each other desired state. */
  readonly revision: number
  readonly delivered: Delivered
  /** It was in a batch once, or the CMS has spoken of its removal: a tombstone makes sense. */
  readonly mayExist: boolean
  readonly pendingSince: number | null
  /** When the oldest webhook came in that is not yet delivered. */
  readonly receivedAt: number | null
  readonly dueAt: number | null
  readonly attempts: number
  readonly tried: Tried
  readonly error: string | null
  /** The revision in the batch that holds the item; null if no batch holds it. */
  readonly batchRevision: number | null
  /** `pendingSince` and `receivedAt` of the change that waits for that batch. */
  readonly nextSince: number | null
  readonly nextReceivedAt: number | null
  /** True while an operator keeps the item away. */
  readonly isHeld: boolean
  /** What the CMS has wanted last since then. */
  readonly noted: NotedChange | null
}

/** What the CMS wants of an item that an operator holds. */
export interface NotedChange extends KeptItem, RecordKind {
  readonly source: string
  readonly body: string | null
  readonly receivedAt: number
}

/** `stale`: something newer is known. `held`: an operator keeps the item away, so the change is noted. `unchanged`: nothing to send. */
export type ChangeResult = 'applied' | 'unchanged' | 'stale' | 'held'

export interface Applied {
  readonly next: ItemState
  readonly result: ChangeResult
  /** The JSON to keep from now on, or null for none; undefined: as it is kept. */
  readonly body: string | null | undefined
  /** If the JSON changes by this: the batch that holds the item has sent the one before, and may have to show it again. */
  readonly keepSentBody: boolean
  /** The desired state or its work is another; else only what is known of it. */
  readonly isReplaced: boolean
  /** The sources that have spoken of the item, if they are more than one. */
  readonly sources: readonly string[]
  /** The versions of a removal that was stale though the item is wanted. */
  readonly staleRemoval: { readonly version: Version | null; readonly known: Version | null } | null
}

type Standing = RecordKind & Pick<KeptItem, 'version' | 'isCounted' | 'bareTombstone' | 'eventSeq' | 'place' | 'asOf'>

/** What a change of this event does to an item; null is an item that nobody knows. Latest wins. */
export function applyChange(item: ItemState | null, change: VersionedChange, eventSeq: number, at: number): Applied {
  if (item === null) return want(null, change, standingOf(change, null, eventSeq), at)
  const applied = applyToKnown(item, change, eventSeq, at)
  const isOther = item.source !== change.source && item.source !== '' // that of an item that an operator removed unseen
  return isOther ? { ...applied, sources: [item.source, change.source] } : applied
}

function applyToKnown(item: ItemState, change: VersionedChange, eventSeq: number, at: number): Applied {
  const { kind, version, askedAt, unproven, source, checksum, body, receivedAt } = change
  const known = knownOf(item.noted ?? item, at, change.maxClockLeadMs)
  if (isStale(known, { kind, version, askedAt, unproven, eventSeq })) {
    const staleRemoval = kind === 'delete' && known.kind === 'upsert' ? { version, known: known.version } : null
    return { ...nothing, next: item, result: 'stale', staleRemoval }
  }
  const standing = standingOf(change, known, eventSeq)
  if (!item.isHeld) return want(item, change, standing, at)
  const noted = { ...standing, kind, source, checksum, body, receivedAt, changedAt: at }
  return { ...nothing, next: { ...item, noted }, result: 'held' }
}

/**
 * An operator takes an item away, known or not, when events up to `lastSeq` had come: a tombstone that is due at once. With `hold`
 * it stays away until the hold ends; a hold stays a hold, and forgets what it has noted.
 */
export function applyRemoval(item: ItemState | null, hold: boolean, lastSeq: number, at: number): Applied {
  const standing: Standing = {
    ...versionOfRemoval(item && knownOf(item.noted ?? item, at, defaultClockLeadMs), at),
    bareTombstone: true,
    eventSeq: item?.eventSeq ?? lastSeq,
    place: afterEvent(lastSeq),
    asOf: at,
    resource: null,
    locale: null,
  }
  const tombstone = { ...atOnce, kind: 'delete', checksum: null, body: null, receivedAt: at } as const
  const removed = want(item, { ...tombstone, source: item?.source ?? '' }, standing, at)
  const isHeld = hold || removed.next.isHeld
  return { ...removed, next: { ...removed.next, isHeld, noted: null }, isReplaced: removed.isReplaced || hold }
}

/** An operator lets an item go: what the CMS has wanted last is wanted from now on, and due at once. */
export function endHold(item: ItemState, at: number): Applied {
  const free = { ...item, isHeld: false, noted: null, changedAt: at }
  const { noted } = item
  if (noted === null) return { ...nothing, next: free, result: 'unchanged', isReplaced: true }
  const { source, kind, checksum, body, receivedAt, changedAt: _, ...standing } = noted
  return { ...want(free, { ...atOnce, source, kind, checksum, body, receivedAt }, standing, at), isReplaced: true }
}

const nothing = { body: undefined, keepSentBody: false, isReplaced: false, sources: [], staleRemoval: null }

/** An item that nobody knows. */
const unknown: ItemState = {
  kind: 'delete',
  checksum: null,
  version: null,
  isCounted: false,
  bareTombstone: false,
  eventSeq: 0,
  place: null,
  asOf: null,
  changedAt: 0,
  resource: null,
  locale: null,
  source: '',
  status: 'delivered',
  revision: 0,
  delivered: { kind: null, checksum: null },
  mayExist: false,
  pendingSince: null,
  receivedAt: null,
  dueAt: null,
  attempts: 0,
  tried: untried,
  error: null,
  batchRevision: null,
  nextSince: null,
  nextReceivedAt: null,
  isHeld: false,
  noted: null,
}

const atOnce = { debounceMs: 0, maxWaitMs: 0, certain: true }

/**
 * The change as the desired state of an item:
 *
 *     what is wanted already           stays due as it was
 *     held by a batch                  waits for it, due as after its first change since
 *     what was delivered               nothing to do
 *     a draft, and never sent          nothing to do
 *     anything else                    due after the debounce, a tombstone at once
 */
function want(item: ItemState | null, change: DesiredChange, given: Standing, at: number): Applied {
  const { source, kind, checksum, certain, receivedAt, body } = change
  const before = item ?? unknown
  const { resource, locale } = given.resource === null ? before : given
  const standing = { ...given, resource, locale }
  const isSame = item !== null && kind === item.kind && (kind === 'delete' || checksum === item.checksum)
  const mayExist = before.mayExist || (kind === 'delete' && certain)
  const inBatch = before.batchRevision !== null
  const keepSentBody = before.batchRevision === before.revision
  const isDone = !inBatch && (isDelivered(change, before.delivered) || (kind === 'delete' && !mayExist))
  if (isSame && (before.status === 'pending' || (before.status === 'delivered' && isDone))) {
    // What the checksum does not cover (a title) goes along with the next call; it is not a reason for one.
    const next = { ...before, ...standing, mayExist }
    return { ...nothing, next, result: 'unchanged', body: body ?? undefined, keepSentBody }
  }
  // While a batch holds the item, its own times go on; those of what waits are kept beside them.
  const since = (inBatch ? before.nextSince : before.pendingSince) ?? at
  const oldest = Math.min((inBatch ? before.nextReceivedAt : before.receivedAt) ?? receivedAt, receivedAt)
  const next: ItemState = {
    ...before,
    ...standing,
    source,
    kind,
    checksum,
    changedAt: at,
    status: isDone ? 'delivered' : 'pending',
    revision: isSame ? before.revision : before.revision + 1,
    mayExist,
    pendingSince: isDone ? null : inBatch ? before.pendingSince : since,
    receivedAt: isDone ? null : inBatch ? before.receivedAt : oldest,
    dueAt: isDone ? null : kind === 'delete' ? at : dueAtOf(since, at, change),
    attempts: 0,
    tried: untried,
    error: null,
    nextSince: inBatch ? since : null,
    nextReceivedAt: inBatch ? oldest : null,
  }
  // A change that was to be sent, and no longer is.
  const isCancelled = isDone && kind === 'delete' && before.status === 'pending'
  const result = isDone && !isCancelled ? 'unchanged' : 'applied'
  return { next, result, body, keepSentBody, isReplaced: true, sources: [], staleRemoval: null }
}

function standingOf(change: VersionedChange, known: KnownItem | null, eventSeq: number): Standing {
  const { kind, version, ahead, askedAt, receivedAt } = change
  return {
    ...versionAfter(known, { version, isCounted: ahead !== undefined }),
    bareTombstone: kind === 'delete' && version === null,
    eventSeq,
    place: null,
    asOf: askedAt ?? receivedAt,
    resource: change.resource ?? null,
    locale: change.locale ?? null,
  }
}

/** Whether the desired state is what the ingest API already has: unchanged is not sent. */
export function isDelivered(desired: Pick<KeptItem, 'kind' | 'checksum'>, delivered: Delivered): boolean {
  if (delivered.kind !== desired.kind) return false
  return desired.kind === 'delete' || desired.checksum === delivered.checksum
}
