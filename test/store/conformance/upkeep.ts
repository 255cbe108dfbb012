import { describe, expect, test } from 'vitest'
import type { Rhythm } from '../../../src/domain/silence.ts'
import {
  all,
  arrive,
  atTime,
  claim,
  claimedEvents,
  deliver,
  dueIds,
  finish,
  lease,
  map,
  never,
  owner,
  pruneBefore,
  send,
  settle,
  start,
  upsert,
  webhook,
} from '../support.ts'
import type { Openers } from './openers.ts'

/** What every store promises of upkeep. */
export function describeUpkeep(name: string, { opened, openStore, openTwo }: Openers): void {
  describe(`${name}: after a crash`, () => {
    test('events of an owner whose lease is over become claimable, others do not', async () => {
      const store = await openStore()
      await store.accept([webhook(), webhook()])
      const [a] = await atTime(store, start).claimEvents({ owner: 'a', leaseMs: 10, limit: 1 })
      await atTime(store, start).claimEvents({ owner: 'b', leaseMs: 1_000, limit: 1 })
      await atTime(store, start + 10).recover()
      const again = await atTime(store, start).claimEvents({ owner: 'c', leaseMs: lease, limit: 9 })
      expect(again.map(({ id }) => id)).toEqual([a!.id])
    })

    test('a claimed batch without bytes frees its items, and its owner can not seal it any more', async () => {
      const store = await openStore()
      await arrive(store, [upsert('p1', 'A')])
      const batch = await claim(store)
      await atTime(store, start + lease - 1).recover()
      expect(await claim(store)).toBeNull()
      await atTime(store, start + lease).recover()
      expect(await store.sealBatch(owner, { id: batch!.batchId, key: 'k', body: Buffer.from('x') })).toBe(false)
      expect(await claim(store)).toMatchObject({ items: [{ id: 'p1', attempts: 0, pendingSince: start }] })
    })

    test('a sealed batch of another owner whose lease is over can be claimed again', async () => {
      const store = await openStore()
      await arrive(store, [upsert('p1', 'A')])
      const batch = await send(store)
      const next = { owner: 'b', destination: 'main', leaseMs: lease }
      expect(await atTime(store, start + lease - 1).claimBatch(next)).toBeNull()
      expect(await atTime(store, start + lease).claimBatch(next)).toMatchObject({ key: batch.key })
      expect(await finish(store, batch, { result: 'delivered' })).toBe(false)
    })

    test('what is due later than anything may be is due at once: the clock has stepped back since', async () => {
      const store = await openStore()
      const hour = 3_600_000
      await arrive(store, [upsert('p1', 'A')], start + hour)
      const batch = await send(store, start + 2 * hour)
      const nextAt = start + 2 * hour
      await settle(store, batch, { kind: 'retry', nextAt, error: 'status 503' }, start + 2 * hour)
      await arrive(store, [upsert('p2', 'A')], start + hour)
      await atTime(store, start).recover({ longestWaitMs: 3 * hour })
      expect(await dueIds(store)).toEqual([])
      await atTime(store, start).recover({ longestWaitMs: hour / 2 })
      expect(await dueIds(store)).toEqual(['p2'])
      const next = { owner, destination: 'main', leaseMs: lease }
      expect(await store.claimBatch(next)).toMatchObject({ key: batch.key })
    })

    test('and so is what has changed while a batch holds it, once the batch is over', async () => {
      const store = await openStore()
      const hour = 3_600_000
      await arrive(store, [upsert('p1', 'A')], start)
      const batch = await send(store, start)
      await arrive(store, [upsert('p1', 'B')], start + hour)
      await atTime(store, start).recover({ longestWaitMs: 1 })
      expect(await finish(store, batch, { result: 'delivered' })).toBe(true)
      expect(await dueIds(store)).toEqual(['p1'])
    })

    test('the latest time of what has come in and gone out is known, whatever came after it', async () => {
      const store = await openStore()
      const hour = 3_600_000
      expect(await store.newestTime()).toBeNull()
      await store.accept([webhook({ receivedAt: start + hour })])
      await store.accept([webhook({ receivedAt: start })])
      expect(await store.newestTime()).toBe(start + hour)
      await arrive(store, [upsert('p1', 'A')], start)
      expect(await store.newestTime()).toBe(start + hour)
      await arrive(store, [upsert('p2', 'A')], start + 1.5 * hour)
      expect(await store.newestTime()).toBe(start + 1.5 * hour)
      const batch = await send(store, start + 1.5 * hour)
      const attempt = {
        durationMs: 1,
        status: 200,
        outcome: 'settled',
        error: null,
        requestId: null,
        itemCount: 1,
      } as const
      await store.recordAttempt({ ...attempt, batchId: batch.batchId, destination: 'main', at: start + 2 * hour })
      expect(await store.newestTime()).toBe(start + 2 * hour)
    })

    test('a replica that comes again takes back what is under its name, and nothing of the others', async () => {
      const store = await openStore()
      await arrive(store, [upsert('p1', 'A')])
      const batch = await send(store)
      await arrive(store, [upsert('p2', 'A')])
      await claim(store)
      await claimedEvents(store, 1)
      const [of] = await claimedEvents(store, 1, start, 'other')
      await store.recover({ owner })
      expect(await store.nextDueAt('main')).toBe(start)
      expect(await dueIds(store)).toEqual(['p2'])
      const next = { owner: 'b', destination: 'main', leaseMs: lease }
      expect(await store.claimBatch(next)).toMatchObject({ key: batch.key })
      expect(await store.claimEvents({ owner: 'b', leaseMs: lease, limit: 9 })).toHaveLength(1)
      expect(await map(store, of!, [], start, 'other')).not.toBeNull()
    })

    test('a change that came while a lost claim held the item is what is due', async () => {
      const store = await openStore()
      await arrive(store, [upsert('p1', 'A')])
      await claim(store)
      await arrive(store, [upsert('p1', 'B')], start + 5)
      await atTime(store, start + lease).recover()
      const batch = await claim(store, start + 5)
      expect(batch!.items).toMatchObject([{ body: upsert('p1', 'B').body, pendingSince: start }])
    })
  })

  describe(`${name}: upkeep`, () => {
    test('old settled events and batches are deleted, in steps', async () => {
      const store = await openStore()
      for (const event of await claimedEvents(store, 3)) await map(store, event, [upsert(`p${event.seq}`, 'A')])
      const batch = await deliver(store)
      const attempt = { destination: 'main', at: start, durationMs: 1, status: 200, outcome: 'delivered', error: null }
      await store.recordAttempt({ ...attempt, batchId: batch.batchId, requestId: null, itemCount: 3 })
      const before = { events: start + 1, attempts: start + 1 }
      const counts: number[] = []
      for (const _ of [1, 2, 3]) counts.push(await pruneBefore(store, before, 2))
      expect(counts).toEqual([3, 1, 0])
      expect((await store.listEvents({}, all())).rows).toEqual([])
      expect((await store.listBatches({}, all())).rows).toEqual([])
      expect((await store.listAttempts({}, all())).rows).toEqual([])
      expect((await store.listItems({}, all())).rows).toHaveLength(3)
    })

    test('of batches that held many items fewer are deleted at a time, and at least one', async () => {
      const store = await openStore()
      for (const round of ['A', 'B', 'C']) {
        await arrive(
          store,
          Array.from({ length: 10 }, (_, index) => upsert(`p${index}`, round)),
        )
        await deliver(store)
      }
      const counts: number[] = []
      for (const _ of [1, 2, 3, 4]) counts.push(await pruneBefore(store, { events: start, attempts: start + 1 }, 3))
      expect(counts).toEqual([1, 1, 1, 0])
      expect(await pruneBefore(store, { events: start + 1, attempts: start + 1 }, 9)).toBe(3)
    })

    test('what is pending, held or young is not deleted', async () => {
      const store = await openStore()
      await arrive(store, [upsert('p1', 'A')], start)
      await send(store)
      await arrive(store, [upsert('p2', 'A')], start)
      await claim(store)
      await arrive(store, [], start + 100)
      await store.accept([webhook()])
      await pruneBefore(store, { events: start + 50, attempts: never }, 100)
      expect((await store.listEvents({}, all())).rows).toHaveLength(2)
      expect((await store.listBatches({}, all())).rows.map(({ status }) => status)).toEqual(['claimed', 'open'])
    })

    test('a number of an event is never used twice, though all are deleted', async () => {
      const store = await openStore()
      const [event] = await claimedEvents(store, 1)
      await map(store, event!, [])
      await pruneBefore(store, { events: never, attempts: never }, 10)
      const [next] = await claimedEvents(store, 1)
      expect(next!.seq).toBeGreaterThan(event!.seq)
    })

    test('a delivery id is forgotten with its event', async () => {
      const store = await openStore()
      await store.accept([webhook({ deliveryId: 'd1' })])
      const [event] = await atTime(store, start).claimEvents({ owner, leaseMs: lease, limit: 1 })
      await map(store, event!, [])
      await pruneBefore(store, { events: never, attempts: never }, 10)
      expect((await store.accept([webhook({ deliveryId: 'd1' })]))[0]!.duplicate).toBe(false)
    })

    test("what one replica at a time does is one owner's, for as long as it asks", async () => {
      const store = await openStore()
      expect(await store.lease('prune', 'a', 100)).toBe(true)
      expect(await store.lease('prune', 'b', 100)).toBe(false)
      expect(await store.lease('sync', 'b', 100)).toBe(true)
      expect(await atTime(store, start + 99).lease('prune', 'a', 100)).toBe(true)
      expect(await atTime(store, start + 198).lease('prune', 'b', 100)).toBe(false)
      expect(await atTime(store, start + 199).lease('prune', 'b', 100)).toBe(true)
      expect(await store.lease('prune', 'a', 100)).toBe(false)
    })

    test('of replicas that ask for one lease at once one gets it', async () => {
      const stores = await openTwo()
      const answers = await Promise.all(stores.map((store, index) => store.lease('prune', `replica ${index}`, 100)))
      expect(answers.filter(Boolean)).toHaveLength(Math.min(1, stores.length))
    })

    test('a healthy store says so, and a closed one does not', async () => {
      const { store } = await opened()
      await expect(store.checkHealth()).resolves.toBeUndefined()
      await store.close()
      await expect(store.checkHealth()).rejects.toMatchObject({ code: 'unavailable' })
      await expect(store.accept([webhook()])).rejects.toMatchObject({ code: 'unavailable' })
    })

    test('the rhythms of sources are read as they were last written', async () => {
      const store = await openStore()
      const rhythm: Rhythm = {
        firstAt: start,
        lastAt: start + 5,
        webhooks: 2,
        longest: [{ day: 1, gapMs: 5 }],
        silentAt: null,
      }
      expect(await store.readRhythms()).toEqual(new Map())
      await store.writeRhythms(new Map([['shop', rhythm]]))
      await store.writeRhythms(
        new Map([
          ['shop', { ...rhythm, silentAt: start + 9 }],
          ['blog', rhythm],
        ]),
      )
      expect([...(await store.readRhythms())].sort()).toEqual([
        ['blog', rhythm],
        ['shop', { ...rhythm, silentAt: start + 9 }],
      ])
    })
  })
}
