import { isDeepStrictEqual } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import type { ItemOutcome } from '../../src/domain/item-release.ts'
import type { ItemChange, MappedEvent, MergeCounts } from '../../src/store/contract/store.ts'
import { createClaims } from '../../src/store/sqlite/claims.ts'
import { openDatabase } from '../../src/store/sqlite/database.ts'
import { createDueTimes } from '../../src/store/sqlite/due-times.ts'
import { createEvents } from '../../src/store/sqlite/events.ts'
import { createInbox } from '../../src/store/sqlite/inbox.ts'
import { createItems } from '../../src/store/sqlite/items.ts'
import { createMerge } from '../../src/store/sqlite/merge.ts'
import { createPacker } from '../../src/store/sqlite/pack.ts'
import { createSettle } from '../../src/store/sqlite/settle.ts'
import { type Beside, Run, runs } from '../domain/item-runs.ts'
import fc from '../fast-check.ts'
import { runsOf } from '../fuzz/runs.ts'
import { never, owner, webhook } from './support.ts'

// The rules, and a store that reads, asks them and writes, come to the same: nothing gets lost on its way to the tables and back.

function openBeside() {
  const database = openDatabase(':memory:')
  onTestFinished(() => database.db.close())
  const inbox = createInbox(database)
  const pack = createPacker()
  const { claimEvents } = createEvents(database, inbox)
  const { settleEvents, removeItem, releaseItem } = createMerge(database)
  const { claimItems, sealBatch, claimBatch } = createClaims(database)
  const { settleBatch } = createSettle(database, createDueTimes(database))
  const { findItem } = createItems(database)
  let received = 0
  let batches = 0
  const extras = database.db.prepare(
    `select i.delivered_at as deliveredAt, i.bytes, b.body,
       (select group_concat(source order by source) from item_sources s where s.item_seq = i.seq) as sources
     from items i left join item_bodies b on b.seq = i.seq where i.destination = ? and i.id = ?`,
  )

  return function begin(run: number): Beside {
    const keyOf = (id: string) => ({ destination: `${id}${run}`, type: 'product', id })
    const open = new Map<string, string>()
    const left = claimEvents({ owner, at: 0, leaseUntil: never, limit: 100 }) // that the run before has never mapped
    settleEvents(owner, left.map(({ seq }) => mappedOf(seq, [])), 0) // biome-ignore format: one idea
    return {
      lastSeq: received,
      receive(at) {
        inbox.acceptAll(pack([webhook({ receivedAt: at })]))
        received += 1
      },
      settle(events, counts, at) {
        claimEvents({ owner, at, leaseUntil: never, limit: 100 })
        const mapped = events.map(({ seq, changes }) => mappedOf(seq, changes.map((change) => ({ ...change, ...keyOf(change.id) })))) // biome-ignore format: one idea
        expectSame(settleEvents(owner, mapped, at).map(countsOf), counts.map(countsOf))
      },
      remove: (id, hold, at) => removeItem({ ...keyOf(id), hold }, at),
      release: (id, at) => void releaseItem(keyOf(id), at),
      claim(id, at) {
        batches += 1
        const batchId = `batch ${batches}`
        const { destination } = keyOf(id)
        const claimed = claimItems({
          owner,
          batchId,
          destination,
          at,
          leaseUntil: never,
          maxItems: 10,
          maxBytes: 1_000,
        })
        expectSame(claimed?.items.length, 1)
        sealBatch(owner, { id: batchId, key: batchId, body: Buffer.from('{}') })
        open.set(id, batchId)
      },
      finish(id, outcome: ItemOutcome, shown, at) {
        settleBatch(owner, open.get(id)!, { kind: 'retry', nextAt: at, error: 'later' }, at)
        const batch = claimBatch({ owner, destination: keyOf(id).destination, at, leaseUntil: never })!
        expectSame(batch.items[0]!.body, shown)
        const { seq } = batch.items[0]!
        const items = outcome.result === 'unsent' ? [] : [{ ...outcome, seq }]
        settleBatch(owner, batch.id, { kind: 'done', items }, at)
      },
      compare(id, { state, body, deliveredAt, sources }) {
        const { destination } = keyOf(id)
        expectSame(findItem(keyOf(id)).state, state)
        const bytes = body === null ? 1 : body.length + 1
        const several = sources.size > 0 ? [...sources].sort().join() : null
        expectSame({ ...extras.get(destination, id) }, { deliveredAt, bytes, body, sources: several })
      },
    }
  }
}

function mappedOf(seq: number, changes: readonly ItemChange[]): MappedEvent {
  return { seq, mapper: 'shopify', mapperVersion: 'v1', outcome: { status: 'processed' }, changes }
}

function countsOf(merged: MergeCounts | null) {
  const { staleRemovals = [], ...counts } = merged!
  return { ...counts, staleRemovals: staleRemovals.map(({ id, version, known }) => [id, version, known]) }
}

/** As `toEqual`, which would take most of the time. */
function expectSame(actual: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(actual, expected)) expect(actual).toEqual(expected)
}

test('a store comes to the same as the rules by themselves', { timeout: 60_000 }, () => {
  const begin = openBeside()
  let number = 0
  const all = fc.property(runs, (steps) => {
    number += 1
    const run = new Run(begin(number))
    for (const step of steps) run.take(step)
    run.fold()
  })
  fc.assert(all, { numRuns: runsOf(500) })
})
