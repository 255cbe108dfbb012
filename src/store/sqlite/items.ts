import { bytesInBatch } from '../../domain/item-batch.ts'
import type { ItemKey } from '../../domain/item-change.ts'
import type { Applied, Delivered, ItemState } from '../../domain/item-state.ts'
import { type Database, prepare } from './database.ts'
import { createHeldChanges } from './held-changes.ts'
import { type KeptColumns, keptColumns, keptOf } from './kept.ts'
import { createKeepSentBody } from './sent-body.ts'

/** An item as it was found: without a number and a state if nobody knows it. */
export interface FoundItem {
  readonly key: ItemKey
  readonly seq: number | null
  readonly batchSeq: number | null
  readonly state: ItemState | null
}

interface ItemRow extends KeptColumns {
  readonly seq: number
  readonly source: string
  readonly status: ItemState['status']
  readonly held: number
  readonly revision: number
  readonly resource: string | null
  readonly locale: string | null
  readonly delivered_kind: Delivered['kind']
  readonly delivered_checksum: string | null
  readonly may_exist: number
  readonly pending_since: number | null
  readonly received_at: number | null
  readonly due_at: number | null
  readonly attempts: number
  readonly tried_ms: number
  readonly tried_at: number | null
  readonly error: string | null
  readonly batch_seq: number | null
  readonly batch_revision: number | null
  readonly next_since: number | null
  readonly next_received_at: number | null
}

/** The state of items: found by key, and written as the rules of `domain/item-state.ts` say. Within a transaction. */
export function createItems(database: Database) {
  const select = prepare<ItemRow>(
    database,
    `select seq, source, status, held, ${keptColumns}, resource, locale, revision, delivered_kind, delivered_checksum, may_exist, pending_since,
       received_at, due_at, attempts, tried_ms, tried_at, error, batch_seq, batch_revision, next_since, next_received_at
     from items where id = ? and type = ? and destination = ?`,
  )
  const insert = prepare(
    database,
    `insert into items (destination, type, id, version, version_counted, bare_tombstone, event_seq, place, as_of, resource, locale, may_exist, bytes,
       source, status, held, kind, checksum, revision, changed_at, pending_since, received_at, due_at)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  const known = `version = ?, version_counted = ?, bare_tombstone = ?, event_seq = ?, place = ?, as_of = ?, resource = ?,
    locale = ?, may_exist = ?,
    bytes = coalesce(?, bytes)`
  // Knows the newer version, and nothing to do: no index is touched.
  const touch = prepare(database, `update items set ${known} where seq = ?`)
  const replace = prepare(
    database,
    `update items set ${known}, source = ?, status = ?, held = ?, kind = ?, checksum = ?, revision = ?, changed_at = ?,
       pending_since = ?, received_at = ?, due_at = ?, attempts = ?, tried_ms = ?, tried_at = ?, error = ?, next_since = ?,
       next_received_at = ?
     where seq = ?`,
  )
  const putBody = prepare(
    database,
    `insert into item_bodies (seq, body) values (?, ?)
     on conflict do update set body = excluded.body where body <> excluded.body`,
  )
  const dropBody = prepare(database, 'delete from item_bodies where seq = ?')
  const noteSource = prepare(database, 'insert or ignore into item_sources (item_seq, source) values (?, ?)')
  const keepSent = createKeepSentBody(database)
  const held = createHeldChanges(database)

  function findItem(key: ItemKey): FoundItem {
    const row = select.get(key.id, key.type, key.destination)
    return { key, seq: row?.seq ?? null, batchSeq: row?.batch_seq ?? null, state: row ? stateOf(row) : null }
  }

  function stateOf(row: ItemRow): ItemState {
    return {
      ...keptOf(row),
      resource: row.resource,
      locale: row.locale,
      source: row.source,
      status: row.status,
      revision: row.revision,
      delivered: { kind: row.delivered_kind, checksum: row.delivered_checksum },
      mayExist: row.may_exist === 1,
      pendingSince: row.pending_since,
      receivedAt: row.received_at,
      dueAt: row.due_at,
      attempts: row.attempts,
      tried: { ms: row.tried_ms, at: row.tried_at },
      error: row.error,
      batchRevision: row.batch_revision,
      nextSince: row.next_since,
      nextReceivedAt: row.next_received_at,
      isHeld: row.held === 1,
      noted: row.held === 1 ? held.find(row.seq) : null,
    }
  }

  function writeItem(found: FoundItem, applied: Applied): void {
    const seq = found.state === applied.next ? found.seq : writeState(found, applied)
    for (const source of applied.sources) noteSource.run(seq, source)
  }

  function writeState({ key, seq, batchSeq, state }: FoundItem, applied: Applied): number {
    const { next, body } = applied
    // A batch shows the item's own JSON only while the revision is the one that was sent.
    if (applied.keepSentBody && body !== undefined)
      keepSent(batchSeq!, seq!, next.revision === state?.revision ? body : null)
    const written = seq === null ? insertState(key, applied) : update(seq, applied)
    if (typeof body === 'string') putBody.run(written, body)
    else if (body === null && state?.kind === 'upsert') dropBody.run(written)
    if (next.noted !== (state?.noted ?? null)) held.write(written, next.noted)
    return written
  }

  function insertState({ destination, type, id }: ItemKey, { next, body = null }: Applied): number {
    const { source, status, isHeld, kind, checksum, revision, changedAt, pendingSince, receivedAt, dueAt } = next
    const { lastInsertRowid } = insert.run(
      ...[destination, type, id, ...knownColumns(next), bytesInBatch(body), source, status, Number(isHeld), kind],
      ...[checksum, revision, changedAt, pendingSince, receivedAt, dueAt],
    )
    return lastInsertRowid
  }

  function update(seq: number, { next, body, isReplaced }: Applied): number {
    const bytes = body === undefined ? null : bytesInBatch(body)
    if (!isReplaced) {
      touch.run(...knownColumns(next), bytes, seq)
      return seq
    }
    const { source, status, isHeld, kind, checksum, revision, changedAt, pendingSince, receivedAt, dueAt } = next
    const { attempts, tried, error, nextSince, nextReceivedAt } = next
    replace.run(
      ...[...knownColumns(next), bytes, source, status, Number(isHeld), kind, checksum, revision, changedAt],
      ...[pendingSince, receivedAt, dueAt, attempts, tried.ms, tried.at, error, nextSince, nextReceivedAt, seq],
    )
    return seq
  }

  return { findItem, writeItem }
}

function knownColumns(item: ItemState) {
  const { version, isCounted, bareTombstone, eventSeq, place, asOf, resource, locale, mayExist } = item
  return [
    version,
    Number(isCounted),
    Number(bareTombstone),
    eventSeq,
    place,
    asOf,
    resource,
    locale,
    Number(mayExist),
  ] as const
}
