import { RelayError } from '../../domain/errors.ts'
import type { Fetch, NewAttempt } from '../contract/store.ts'
import { type Database, prepare } from './database.ts'

/** So many fetches of one event are kept, the newest: one that names many records is asked for many times. */
const keptFetches = 100

/** The records of calls out. Bookkeeping: nothing is sent because of them. */
export function createExecutions(database: Database) {
  const insertAttempt = prepare(
    database,
    `insert into executions (kind, batch_seq, destination, at, duration_ms, status, outcome, error, request_id, item_count)
     select 'attempt', seq, ?, ?, ?, ?, ?, ?, ?, ? from batches where id = ?`,
  )

  function recordAttempt(attempt: NewAttempt): void {
    const { batchId, destination, at, durationMs, status, outcome, error, requestId, itemCount } = attempt
    const { changes } = database.transact('unsynced', () =>
      insertAttempt.run(destination, at, durationMs, status, outcome, error, requestId, itemCount, batchId),
    )
    if (changes === 0) throw new RelayError('not_found', `unknown batch '${batchId}'`)
  }

  const insertFetch = prepare(
    database,
    `insert into executions (kind, event_seq, source, at, duration_ms, method, url, status, outcome, error)
     select 'fetch', seq, source, ?, ?, ?, ?, ?, ?, ? from events where seq = ?`,
  )
  const dropOldFetches = prepare(
    database,
    `delete from executions where event_seq = :event and kind = 'fetch' and seq <= (
       select seq from executions where event_seq = :event and kind = 'fetch' order by seq desc limit 1 offset :kept)`,
  )

  /** Within the transaction that settles the event. */
  function recordFetches(event: number, fetches: readonly Fetch[]): void {
    if (fetches.length === 0) return
    for (const { at, durationMs, method, url, status, outcome, error } of fetches.slice(-keptFetches)) {
      insertFetch.run(at, durationMs, method, url, status, outcome, error, event)
    }
    dropOldFetches.run({ event, kept: keptFetches })
  }

  const selectFetches = prepare<Fetch>(
    database,
    `select at, duration_ms as durationMs, method, url, status, outcome, error
     from executions where event_seq = ? and kind = 'fetch' order by seq desc`,
  )

  function readFetches(event: number): readonly Fetch[] {
    return selectFetches.all(event).map((row) => ({ ...row }))
  }

  return { recordAttempt, recordFetches, readFetches }
}
