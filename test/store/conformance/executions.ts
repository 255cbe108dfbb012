import { describe, expect, test } from 'vitest'
import type { Fetch, NewAttempt, Store } from '../../../src/store/contract/store.ts'
import { all, arrive, claimedEvents, finish, lease, owner, pruneBefore, send, start, upsert } from '../support.ts'

/** The records of calls out, which are of several kinds: a part of what every store promises. */
export function describeExecutions(name: string, openStore: () => Promise<Store>): void {
  const fetchAt = (at: number): Fetch => {
    return { at, durationMs: 3.5, method: 'GET', url: '/articles/1', status: 200, outcome: 'found', error: null }
  }
  const attemptOf = (batchId: string, at: number): NewAttempt => {
    const told = { status: 503, outcome: 'retry', error: 'unavailable', requestId: 'req_1' }
    return { batchId, destination: 'main', at, durationMs: 12.25, ...told, itemCount: 1 }
  }

  /** An event with two fetches, and a batch with two attempts, told in turn. */
  async function filled(store: Store, item = 'p1') {
    await arrive(store, [upsert(item, 'A')], start)
    const batch = await send(store, start)
    const [event] = await claimedEvents(store, 1, start)
    const settle = async (fetch: Fetch, dueAt: number | null) => {
      const waiting = { status: 'waiting', dueAt: dueAt ?? 0, attempts: 0, error: null } as const
      const outcome = dueAt === null ? ({ status: 'processed' } as const) : waiting
      const mapped = { seq: event!.seq, mapper: 'm', mapperVersion: '1', outcome, changes: [], fetches: [fetch] }
      await store.settleEvents(owner, [mapped])
    }
    await store.recordAttempt(attemptOf(batch.batchId, start + 1))
    await settle(fetchAt(start + 2), start)
    await store.recordAttempt(attemptOf(batch.batchId, start + 3))
    await store.claimWaiting({ owner, source: 'shop', leaseMs: lease })
    await settle(fetchAt(start + 4), null)
    await finish(store, batch, { result: 'delivered' }, start)
    return { batch, eventId: event!.id }
  }

  describe(`${name}: calls out`, () => {
    test('of one kind are told apart from those of others, newest first', async () => {
      const store = await openStore()
      const { batch, eventId } = await filled(store)
      const { rows } = await store.listAttempts({}, all())
      const attempts = [attemptOf(batch.batchId, start + 3), attemptOf(batch.batchId, start + 1)]
      expect(rows).toEqual(attempts.map((one) => ({ ...one, key: batch.key, id: expect.stringMatching(/^att_\d+$/) })))
      expect(new Set(rows.map(({ id }) => id)).size).toBe(2)
      for (const filter of [{ destination: 'main' }, { batchId: batch.batchId }, { itemSeq: batch.items[0]!.seq }]) {
        expect((await store.listAttempts(filter, all())).rows).toEqual(rows)
      }
      expect((await store.getEvent(eventId))!.fetches).toEqual([fetchAt(start + 4), fetchAt(start + 2)])
    })

    test('go with the batch or the event that they were for, and leave the others', async () => {
      const store = await openStore()
      const { eventId } = await filled(store)
      await pruneBefore(store, { events: 0, attempts: start + 1 }, 100)
      expect((await store.listAttempts({}, all())).rows).toEqual([])
      expect((await store.getEvent(eventId))!.fetches).toHaveLength(2)
      const again = await filled(store, 'p2')
      await store.purgeEvents({ ids: [again.eventId] }, 1)
      expect((await store.listAttempts({}, all())).rows).toHaveLength(2)
      expect((await store.getEvent(eventId))!.fetches).toHaveLength(2)
    })
  })
}
