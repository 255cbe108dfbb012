import type { Fetch, MappedEvent, WaitingClaim, WaitingEvent } from '../contract/store.ts'
import { type Database, prepare } from './database.ts'
import { type EventRow, eventColumns, pendingEventOf } from './events.ts'
import { createExecutions } from './executions.ts'
import type { Leased } from './leased.ts'
import { columnsOf, type TriedColumns, triedOf } from './tried-columns.ts'

export type Waiting = Extract<MappedEvent['outcome'], { status: 'waiting' }>

/** Events that wait for the CMS's API, and what was asked of it. */
export function createFetches(database: Database) {
  const putWaiting = prepare(
    database,
    `insert into event_fetches (seq, source, since, due_at, attempts, tried_ms, tried_at)
     select seq, source, :at, :dueAt, :attempts, :triedMs, :triedAt from events where seq = :seq
     on conflict do update set due_at = excluded.due_at, attempts = excluded.attempts,
       tried_ms = excluded.tried_ms, tried_at = excluded.tried_at`,
  )
  const dropWaiting = prepare(database, 'delete from event_fetches where seq = ?')
  const executions = createExecutions(database)

  /** Within the transaction that settles the event. */
  function settleFetch(seq: number, { outcome, fetches }: MappedEvent, at: number): void {
    if (outcome.status === 'waiting') {
      const { dueAt, attempts, tried } = outcome
      putWaiting.run({ seq, at, dueAt, attempts, ...columnsOf(tried, 0) })
    } else if (fetches !== undefined) dropWaiting.run(seq)
    executions.recordFetches(seq, fetches ?? [])
  }

  const selectDue = prepare<EventRow & TriedColumns & { readonly since: number; readonly attempts: number }>(
    database,
    `select ${eventColumns}, f.since, f.attempts, f.tried_ms as triedMs, f.tried_at as triedAt
     from event_fetches f
     join events e on e.seq = f.seq
     join event_bodies b on b.seq = f.seq
     where f.source = :source and f.due_at <= :at
       and not exists (select 1 from event_claims c where c.seq = f.seq and c.lease_until > :at and c.owner <> :owner)
     order by f.due_at
     limit 1`,
  )
  const insertClaim = prepare(
    database,
    `insert into event_claims (seq, owner, lease_until) values (?, ?, ?)
     on conflict do update set owner = excluded.owner, lease_until = excluded.lease_until`,
  )

  function claimWaiting({ owner, source, at, leaseUntil }: Leased<WaitingClaim>): WaitingEvent | null {
    if (!selectDue.get({ owner, source, at })) return null // an idle relay takes no write lock
    return database.transact('unsynced', () => {
      const row = selectDue.get({ owner, source, at })
      if (!row) return null
      insertClaim.run(row.seq, owner, leaseUntil)
      return { ...pendingEventOf(row), since: row.since, attempts: row.attempts, tried: triedOf(row) }
    })
  }

  const selectNext = prepare<{ due_at: number }>(
    database,
    `select f.due_at from event_fetches f
     where f.source = ? and not exists (select 1 from event_claims c where c.seq = f.seq)
     order by f.due_at limit 1`,
  )

  function nextFetchAt(source: string): number | null {
    return selectNext.get(source)?.due_at ?? null
  }

  // From one source to the next: the index knows where each begins.
  const nextSource = prepare<{ source: string | null }>(
    database,
    'select min(source) as source from event_fetches where source > ?',
  )
  const selectOf = prepare<{ seq: number }>(database, 'select seq from event_fetches where source = ? limit ?')
  const unsettle = prepare(
    database,
    "update events set status = 'pending', error = null where seq = ? and status = 'waiting'",
  )
  const dropClaim = prepare(database, 'delete from event_claims where seq = ?')

  /** Those that wait for a source that is not among these. */
  function pickForeign(sources: readonly string[], limit: number): readonly number[] {
    const seqs: number[] = []
    for (let { source } = nextSource.get('')!; source !== null && seqs.length < limit; ) {
      if (!sources.includes(source)) seqs.push(...selectOf.all(source, limit - seqs.length).map(({ seq }) => seq))
      ;({ source } = nextSource.get(source)!)
    }
    return seqs
  }

  function releaseWaiting(seqs: readonly number[]): number {
    return database.transact('unsynced', () => {
      let count = 0
      for (const seq of seqs) {
        if (unsettle.run(seq).changes === 0) continue
        dropWaiting.run(seq)
        dropClaim.run(seq)
        count += 1
      }
      return count
    })
  }

  const selectWaiting = prepare<{ dueAt: number }>(database, 'select due_at as dueAt from event_fetches where seq = ?')

  function readFetches(seq: number): { readonly dueAt: number | null; readonly fetches: readonly Fetch[] } {
    return { dueAt: selectWaiting.get(seq)?.dueAt ?? null, fetches: executions.readFetches(seq) }
  }

  return { settleFetch, claimWaiting, nextFetchAt, pickForeign, releaseWaiting, readFetches }
}
