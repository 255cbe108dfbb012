import { foldEvents, keyText } from '../../domain/item-fold.ts'
import { applyRemoval, endHold } from '../../domain/item-state.ts'
import type { ItemKey, MappedEvent, MergeCounts, Released, Removal } from '../contract/store.ts'
import { type Database, prepare } from './database.ts'
import { createFetches } from './fetches.ts'
import { createItems, type FoundItem } from './items.ts'
import { createTallied, type Tally } from './rollups.ts'

/** Settling mapped events: their changes become the desired state of items, by the rules of `domain/item-state.ts`. */
export function createMerge(database: Database) {
  const { findItem, writeItem } = createItems(database)
  const lastEvent = prepare<{ last: number }>(
    database,
    `select max(last, newest, coalesce(
       (select first_seq + count - 1 from inbox order by first_seq desc limit 1), 0)) as last
     from event_position`,
  )

  function removeItem({ hold, ...key }: Removal, at: number): void {
    // Synced: what an operator has taken away stays away.
    database.transact('synced', () => {
      const item = findItem(key)
      writeItem(item, applyRemoval(item.state, hold, lastEvent.get()!.last, at))
    })
  }

  function releaseItem(key: ItemKey, at: number): Released | null {
    return database.transact('synced', () => {
      const item = findItem(key)
      if (!item.state?.isHeld) return null
      const released = endHold(item.state, at)
      writeItem(item, released)
      return { desiredKind: released.next.kind, changed: item.state.noted !== null }
    })
  }

  const releaseClaim = prepare(database, 'delete from event_claims where seq = ? and owner = ?')
  const settleEvent = prepare<{ source: string }>(
    database,
    `update events set status = ?, reason = ?, error = ?, mapper = ?, mapper_version = ?, settled_at = ?
     where seq = ? and status in ('pending', 'waiting') returning source`,
  )
  const { settleFetch } = createFetches(database)
  const tallied = createTallied(database)

  function settle(event: MappedEvent, merged: MergeCounts, at: number, tally: Tally): MergeCounts {
    const { seq, mapper, mapperVersion, outcome, changes } = event
    const allStale = outcome.status === 'processed' && merged.stale > 0 && merged.stale === changes.length
    const status = allStale ? 'skipped' : outcome.status
    const reason = allStale ? 'stale' : outcome.status === 'skipped' ? outcome.reason : null
    const error = outcome.status === 'failed' || outcome.status === 'waiting' ? outcome.error : null
    const settledAt = status === 'waiting' ? null : at
    const settled = settleEvent.get(status, reason, error, mapper, mapperVersion, settledAt, seq)
    if (settled && status !== 'waiting') tally.count(status, at, settled.source)
    if (outcome.status === 'waiting' || event.fetches !== undefined) settleFetch(seq, event, at)
    return merged
  }

  function findItems(events: readonly MappedEvent[]): ReadonlyMap<string, FoundItem> {
    const found = new Map<string, FoundItem>()
    for (const { changes } of events) {
      for (const change of changes) {
        const key = keyText(change)
        if (!found.has(key)) found.set(key, findItem(change))
      }
    }
    return found
  }

  function settleEvents(owner: string, events: readonly MappedEvent[], at: number): readonly (MergeCounts | null)[] {
    // Unsynced: after a power cut the event is pending still, and mapped again to the same changes.
    return database.transact('unsynced', () => {
      const claimed = events.filter(({ seq }) => releaseClaim.run(seq, owner).changes > 0)
      const found = findItems(claimed)
      const { items, counts } = foldEvents(found, claimed, at)
      for (const [key, applied] of items) writeItem(found.get(key)!, applied)
      let settled = 0
      return tallied((tally) =>
        events.map((event) => (event === claimed[settled] ? settle(event, counts[settled++]!, at, tally) : null)),
      )
    })
  }

  return { settleEvents, removeItem, releaseItem }
}
