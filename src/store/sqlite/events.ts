import { eventIdOf } from '../../domain/event-id.ts'
import type { EventClaim, PendingEvent } from '../contract/store.ts'
import { untaggedId } from '../shared/delivery-tag.ts'
import { type Database, prepare } from './database.ts'
import type { Inbox } from './inbox.ts'
import type { Leased } from './leased.ts'

/** Giving events out for mapping: those spread out before first, then those in the inbox. */
export function createEvents(database: Database, inbox: Inbox) {
  // `received_at` first: the index on (status, received_at) then gives them in order, without sorting the backlog.
  const selectClaimable = prepare<EventRow>(
    database,
    `select ${eventColumns}
     from events e
     join event_bodies b on b.seq = e.seq
     where e.status = 'pending' and e.status <> 'processed' -- the condition of the partial index, word for word
       and not exists (select 1 from event_claims c where c.seq = e.seq and c.lease_until > :at and c.owner <> :owner)
     order by e.received_at, e.seq
     limit :limit`,
  )
  const insertClaim = prepare(
    database,
    `insert into event_claims (seq, owner, lease_until) values (?, ?, ?)
     on conflict do update set owner = excluded.owner, lease_until = excluded.lease_until`,
  )

  /** The oldest that are claimable and fit; read one by one, since a few large bodies may be more than memory holds. */
  function readClaimable({
    owner,
    at,
    limit,
    maxBytes = Number.POSITIVE_INFINITY,
  }: Leased<EventClaim>): readonly EventRow[] {
    const rows: EventRow[] = []
    let bytes = 0
    for (const row of selectClaimable.iterate({ at, owner, limit })) {
      bytes += row.body.byteLength
      if (rows.length > 0 && bytes > maxBytes) break
      rows.push(row)
    }
    return rows
  }

  function claimEvents(claim: Leased<EventClaim>): readonly PendingEvent[] {
    const { owner, at, leaseUntil, limit } = claim
    const isIdle = inbox.isEmpty() && !selectClaimable.get({ at, owner, limit: 1 })
    if (isIdle) return [] // takes no write lock
    return inbox.guarded('unsynced', () => {
      let rows = readClaimable(claim)
      if (rows.length < limit && inbox.spreadOut(limit - rows.length) > 0) rows = readClaimable(claim)
      return rows.map((row) => {
        insertClaim.run(row.seq, owner, leaseUntil)
        return pendingEventOf(row)
      })
    })
  }

  return { claimEvents }
}

/** Of an `EventRow`. */
export const eventColumns = `e.seq, e.source, e.delivery_id, e.topic, e.received_at, e.tenant, e.priority, e.as_of,
  b.method, b.path, b.query, b.headers, b.body, b.proof`

export interface EventRow {
  readonly seq: number
  readonly source: string
  readonly delivery_id: string | null
  readonly topic: string | null
  readonly received_at: number
  readonly tenant: string | null
  readonly priority: number
  readonly as_of: number | null
  readonly method: string
  readonly path: string
  readonly query: string
  readonly headers: string
  readonly body: Uint8Array
  readonly proof: string | null
}

export function pendingEventOf(row: EventRow): PendingEvent {
  return {
    seq: row.seq,
    id: eventIdOf(row.seq),
    source: row.source,
    deliveryId: untaggedId(row.delivery_id),
    topic: row.topic,
    receivedAt: row.received_at,
    method: row.method,
    path: row.path,
    query: row.query,
    headers: JSON.parse(row.headers),
    body: row.body,
    proof: row.proof === null ? null : JSON.parse(row.proof),
    ...(row.tenant !== null && { tenant: row.tenant }),
    ...(row.priority !== 0 && { priority: row.priority }),
    ...(row.as_of !== null && { asOf: row.as_of }),
  }
}
