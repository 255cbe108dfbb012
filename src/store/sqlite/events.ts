import { eventIdOf } from '../../domain/event-id.ts'
import type { EventClaim, PendingEvent } from '../contract/store.ts'
import { untaggedId } from '../shared/delivery-tag.ts'
import { type Database, prepare } from './database.ts'
import type { Inbox } from './inbox.ts'
import type { Lane } from './lane.ts'
import type { Leased } from './leased.ts'

/** Giving events out for mapping, a turn for each source. */
export function createEvents(database: Database, inbox: Inbox) {
  const selectAny = prepare(
    database,
    `select 1 from events e
     where e.status = 'pending' and e.status <> 'processed' -- the condition of the partial index, word for word
       and not exists (select 1 from event_claims c where c.seq = e.seq and c.lease_until > :at and c.owner <> :owner)
     limit 1`,
  )
  // From one to the next by the index events_pending: what a source has waiting is never looked through.
  const selectPriority = prepare<{ next: number | null }>(
    database,
    `select min(next) as next from (
       select min(priority) as next from events where status = 'pending' and priority > :after
       union all select min(priority) from inbox where priority > :after)`,
  )
  const selectSource = prepare<{ next: string | null }>(
    database,
    `select min(next) as next from (
       select min(source) as next from events where status = 'pending' and priority = :priority and source > :after
       union all select min(source) from inbox where priority = :priority and source > :after)`,
  )
  const selectLine = prepare<{ seq: number }>(
    database,
    `select e.seq from events e
     where e.status = 'pending' and e.priority = :priority and e.source = :source
       and not exists (select 1 from event_claims c where c.seq = e.seq and c.lease_until > :at and c.owner <> :owner)
     order by e.received_at, e.seq
     limit :limit`,
  )
  const selectEvent = prepare<EventRow>(
    database,
    `select ${eventColumns} from events e join event_bodies b on b.seq = e.seq where e.seq = ?`,
  )
  const insertClaim = prepare(
    database,
    `insert into event_claims (seq, owner, lease_until) values (?, ?, ?)
     on conflict do update set owner = excluded.owner, lease_until = excluded.lease_until`,
  )

  /** The source that had its turn last: with more of them than one claim has room for, the others come next. */
  let lastServed = ''

  /** Sources that have something waiting, those after the last one served first. */
  function sourcesOf(priority: number, most: number): readonly string[] {
    const sources: string[] = []
    const from = (start: string, isOver: (source: string) => boolean) => {
      let after = start
      while (sources.length < most) {
        const { next } = selectSource.get({ priority, after })!
        if (next === null || isOver(next)) return
        sources.push(next)
        after = next
      }
    }
    from(lastServed, () => false)
    from('', (source) => source > lastServed)
    return sources
  }

  /** What of a lane can be claimed, oldest first, at most `limit`. */
  function lineOf(lane: Lane, { owner, at }: Leased<EventClaim>, limit: number): readonly number[] {
    const read = () => selectLine.all({ priority: lane.priority, source: lane.source, owner, at, limit })
    let line = read()
    if (line.length < limit && inbox.spreadOut(limit - line.length, lane) > 0) line = read()
    return line.map(({ seq }) => seq)
  }

  /** The lines of the sources of one priority, together at most `limit`: a like share for each, and what one leaves for the others. */
  function linesOf(priority: number, claim: Leased<EventClaim>, limit: number): readonly (readonly number[])[] {
    const lines = new Map(sourcesOf(priority, limit).map((source): [string, readonly number[]] => [source, []]))
    let open = [...lines.keys()]
    lastServed = open.at(-1) ?? ''
    for (let left = limit; left > 0 && open.length > 0; ) {
      const full: string[] = []
      for (const [index, source] of open.entries()) {
        const had = lines.get(source)!.length
        const wanted = had + Math.ceil(left / (open.length - index))
        const line = lineOf({ priority, source }, claim, wanted)
        lines.set(source, line)
        left -= line.length - had
        if (line.length === wanted) full.push(source)
      }
      open = full
    }
    return [...lines.values()]
  }

  /** In turns: one event of each source, then the next of each. A lower priority has its turn once nothing else waits. */
  function choose(claim: Leased<EventClaim>): readonly number[] {
    const chosen: number[] = []
    if (inbox.isMixed()) inbox.spreadOut(claim.limit)
    for (let after = Number.MIN_SAFE_INTEGER; chosen.length < claim.limit; ) {
      const { next: priority } = selectPriority.get({ after })!
      if (priority === null) break
      const lines = linesOf(priority, claim, claim.limit - chosen.length)
      for (let turn = 0; lines.some((line) => turn < line.length); turn += 1) {
        for (const line of lines) if (turn < line.length) chosen.push(line[turn]!)
      }
      after = priority
    }
    return chosen
  }

  function claimEvents(claim: Leased<EventClaim>): readonly PendingEvent[] {
    const { owner, at, leaseUntil, maxBytes = Number.POSITIVE_INFINITY } = claim
    if (inbox.isEmpty() && !selectAny.get({ at, owner })) return [] // takes no write lock
    return inbox.guarded('unsynced', () => {
      const rows: EventRow[] = []
      let bytes = 0
      // One by one, since a few large bodies may be more than memory holds.
      for (const seq of choose(claim)) {
        const row = selectEvent.get(seq)!
        bytes += row.body.byteLength
        if (rows.length > 0 && bytes > maxBytes) break
        rows.push(row)
        insertClaim.run(seq, owner, leaseUntil)
      }
      return rows.sort(inOrder).map(pendingEventOf)
    })
  }

  return { claimEvents }
}

/** Of arrival, webhooks before what waits behind them. */
function inOrder(a: EventRow, b: EventRow): number {
  return a.priority - b.priority || a.received_at - b.received_at || a.seq - b.seq
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
