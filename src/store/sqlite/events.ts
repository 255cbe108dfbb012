import type { Accepted, EventClaim, PendingEvent } from '../store.ts'
import { type Database, prepare } from './database.ts'
import { createDeliveries, deliveryHashOf, type EventPosition } from './deliveries.ts'
import { isInvalid, relayErrorOf, type WireError, wireErrorOf } from './errors.ts'
import type { WrittenEvent } from './pack.ts'

/** The answer to one caller of a group commit. */
export type AcceptResult =
  | { readonly accepted: readonly Accepted[] }
  | { readonly accepted?: never; readonly error: WireError }

export function eventIdOf(seq: number): string {
  return `evt_${seq}`
}

/** The sequence number in an event's id; null where it can not be one of ours. */
export function eventSeqOf(id: string): number | null {
  const match = /^evt_([1-9]\d{0,14})$/.exec(id)
  return match ? Number(match[1]) : null
}

/** Keeping events and giving them out for mapping. */
export function createEvents(database: Database, tailMax?: number) {
  const deliveries = createDeliveries(database, tailMax)
  let last = 0 // within a transaction: the seq of the newest event
  const insertEvent = prepare(
    database,
    'insert into events (seq, source, delivery_id, delivery_hash, topic, received_at, bytes) values (?, ?, ?, ?, ?, ?, ?)',
  )
  const insertBody = prepare(
    database,
    'insert into event_bodies (seq, method, path, query, headers, body) values (?, ?, ?, ?, ?, ?)',
  )
  const selectPosition = prepare<EventPosition>(database, 'select last, indexed from event_position')
  const movePosition = prepare(database, 'update event_position set last = ?, indexed = ?')
  const savepoint = prepare(database, 'savepoint caller')
  const release = prepare(database, 'release caller')
  const undo = prepare(database, 'rollback to caller')

  function accept(event: WrittenEvent): Accepted {
    const { source, deliveryId, topic, receivedAt, method, path, query, headers, body } = event
    const deliveryHash = deliveryId === null ? null : deliveryHashOf(source, deliveryId)
    if (deliveryHash !== null) {
      const first = deliveries.find(deliveryHash, source, deliveryId as string)
      if (first !== null) return { eventId: eventIdOf(first), duplicate: true }
    }
    last += 1
    const seq = last
    insertEvent.run(seq, source, deliveryId, deliveryHash, topic, receivedAt, body.byteLength)
    insertBody.run(seq, method, path, query, headers, body)
    if (deliveryHash !== null) deliveries.add(deliveryHash, seq)
    return { eventId: eventIdOf(seq), duplicate: false }
  }

  function acceptApart(events: readonly WrittenEvent[]): AcceptResult {
    savepoint.run()
    try {
      const accepted = events.map(accept)
      release.run()
      return { accepted }
    } catch (thrown) {
      const error = relayErrorOf(thrown, database.path)
      if (!isInvalid(error)) throw error
      undo.run()
      release.run()
      return { error: wireErrorOf(error) }
    }
  }

  /**
   * One transaction for many callers. A caller whose events can not be kept fails alone; what makes the commit itself
   * fail is thrown, for all of them. Savepoints cost, so they are used only once something has failed.
   */
  function acceptAll(calls: readonly (readonly WrittenEvent[])[]): readonly AcceptResult[] {
    try {
      return inTransaction(calls, (events) => ({ accepted: events.map(accept) }))
    } catch (error) {
      if (!isInvalid(error)) throw error
      return inTransaction(calls, acceptApart)
    }
  }

  type Calls = readonly (readonly WrittenEvent[])[]

  function inTransaction(calls: Calls, acceptOne: (events: readonly WrittenEvent[]) => AcceptResult) {
    try {
      return database.transact('synced', () => {
        const position = selectPosition.get()!
        last = position.last
        deliveries.catchUp(position)
        const results = calls.map(acceptOne)
        const indexed = deliveries.mergeSome(last - position.last) ?? position.indexed
        if (last !== position.last) movePosition.run(last, Math.max(indexed, position.indexed))
        return results
      })
    } catch (error) {
      deliveries.forget()
      throw error
    }
  }

  // `received_at` first: the index on (status, received_at) then gives them in order, without sorting the backlog.
  const selectClaimable = prepare<EventRow>(
    database,
    `select e.seq, e.source, e.delivery_id, e.topic, e.received_at, b.method, b.path, b.query, b.headers, b.body
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

  function claimEvents({ owner, at, leaseUntil, limit }: EventClaim): readonly PendingEvent[] {
    if (!selectClaimable.get({ at, owner, limit: 1 })) return [] // an idle relay takes no write lock
    return database.transact('unsynced', () =>
      selectClaimable.all({ at, owner, limit }).map((row) => {
        insertClaim.run(row.seq, owner, leaseUntil)
        return pendingEventOf(row)
      }),
    )
  }

  return { acceptAll, claimEvents }
}

interface EventRow {
  readonly seq: number
  readonly source: string
  readonly delivery_id: string | null
  readonly topic: string | null
  readonly received_at: number
  readonly method: string
  readonly path: string
  readonly query: string
  readonly headers: string
  readonly body: Uint8Array
}

function pendingEventOf(row: EventRow): PendingEvent {
  return {
    seq: row.seq,
    id: eventIdOf(row.seq),
    source: row.source,
    deliveryId: row.delivery_id,
    topic: row.topic,
    receivedAt: row.received_at,
    method: row.method,
    path: row.path,
    query: row.query,
    headers: JSON.parse(row.headers),
    body: row.body,
  }
}
