import { randomUUID } from 'node:crypto'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Rhythm } from '../../src/domain/silence.ts'
import type { EventFilter, Fetch, ItemFilter, Refusal, Store } from '../../src/store/contract/store.ts'
import fc from '../fast-check.ts'
import { describeCircuits } from './conformance/circuits.ts'
import { describeExecutions } from './conformance/executions.ts'
import { describeOrigins } from './conformance/origins.ts'
import { describeStatistics } from './conformance/statistics.ts'
import { describeSteps } from './conformance/steps.ts'
import { runModel, steps } from './model.ts'
import {
  all,
  arrive,
  atTime,
  claim,
  claimedEvents,
  deliver,
  dueIds,
  finish,
  itemOf,
  lease,
  map,
  never,
  owner,
  pruneBefore,
  send,
  settle,
  start,
  statusOf,
  tombstone,
  upsert,
  version,
  webhook,
} from './support.ts'
import { describeTakingAway } from './taking-away.ts'

export interface Opened {
  readonly store: Store
  /** Closes the store and opens it again, as a restart would; left out where nothing outlives the store. */
  readonly reopen?: () => Promise<Store>
  /** Another connection to the same data, as a second replica or a CLI has. */
  readonly beside?: () => Promise<Store>
}

/**
 * What every store promises. `open` gives an empty one, closed by the test that asked; `runs` says how many random
 * sequences of steps are tried.
 */
export function describeStore(name: string, open: () => Promise<Opened>, { runs = 20 } = {}): void {
  async function opened(): Promise<Opened> {
    const result = await open()
    onTestFinished(() => result.store.close())
    return result
  }
  const openStore = async () => (await opened()).store

  describe(`${name}: accepting events`, () => {
    test('an accepted event is kept as it came in, to the byte', async () => {
      const store = await openStore()
      const bytes = Buffer.from([0, 255, 10, 13, 0xc3, 0x28])
      const event = webhook({ deliveryId: 'd1', query: 'a=%20b', headers: { 'x-topic': 'ä, b' }, body: bytes })
      const [accepted] = await store.accept([event])
      const kept = await store.getEvent(accepted!.eventId)
      expect(kept).toMatchObject({ ...event, body: expect.anything(), bytes: 6, status: 'pending', replays: 0 })
      expect(kept!.body.equals(bytes)).toBe(true)
      const [pending] = await atTime(store, start).claimEvents({ owner, leaseMs: lease, limit: 1 })
      expect(pending).toMatchObject({ ...event, body: expect.anything(), id: accepted!.eventId })
      expect(Buffer.from(pending!.body).equals(bytes)).toBe(true)
    })

    test('an empty body is a body', async () => {
      const store = await openStore()
      const [accepted] = await store.accept([webhook({ body: Buffer.alloc(0) })])
      expect((await store.getEvent(accepted!.eventId))!.body.byteLength).toBe(0)
    })

    test('a delivery id seen before is answered with the first event and nothing is written', async () => {
      const store = await openStore()
      const [first] = await store.accept([webhook({ deliveryId: 'd1' })])
      const again = await store.accept([webhook({ deliveryId: 'd1', body: Buffer.from('other') }), webhook()])
      expect(first).toEqual({ eventId: first!.eventId, duplicate: false })
      expect(again[0]).toEqual({ eventId: first!.eventId, duplicate: true })
      expect(again[1]!.duplicate).toBe(false)
      expect((await store.listEvents({}, all())).rows).toHaveLength(2)
    })

    test('a delivery id twice in one call is kept once', async () => {
      const store = await openStore()
      const [a, b] = await store.accept([webhook({ deliveryId: 'd1' }), webhook({ deliveryId: 'd1' })])
      expect([a!.duplicate, b!.duplicate]).toEqual([false, true])
      expect(b!.eventId).toBe(a!.eventId)
    })

    test('the same delivery id from two sources is two events', async () => {
      const store = await openStore()
      const accepted = await store.accept([
        webhook({ deliveryId: 'd1' }),
        webhook({ deliveryId: 'd1', source: 'blog' }),
      ])
      expect(accepted.map(({ duplicate }) => duplicate)).toEqual([false, false])
    })

    test('equal bodies without a delivery id are two events', async () => {
      const store = await openStore()
      const [a, b] = await store.accept([webhook(), webhook()])
      expect([a!.duplicate, b!.duplicate]).toEqual([false, false])
      expect(a!.eventId).not.toBe(b!.eventId)
    })

    test('many callers at once each get their own answer', async () => {
      const store = await openStore()
      const ids = Array.from({ length: 300 }, (_, index) => `d${index % 250}`)
      const answers = await Promise.all(ids.map((deliveryId) => store.accept([webhook({ deliveryId })])))
      expect(answers.filter(([answer]) => answer!.duplicate)).toHaveLength(50)
      for (const [index, [answer]] of answers.entries()) {
        expect((await store.getEvent(answer!.eventId))!.deliveryId).toBe(ids[index])
      }
    })

    test('a caller whose event can not be kept fails alone', async () => {
      const store = await openStore()
      const answers = await Promise.allSettled([
        store.accept([webhook({ deliveryId: 'd1' })]),
        store.accept([webhook({ deliveryId: 'd2' }), webhook({ receivedAt: 'soon' as unknown as number })]),
        store.accept([webhook({ deliveryId: 'd3' })]),
      ])
      expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
      const kept = (await store.listEvents({}, all())).rows.map(({ deliveryId }) => deliveryId)
      expect(kept.sort()).toEqual(['d1', 'd3'])
      expect((await store.accept([webhook({ deliveryId: 'd2' })]))[0]!.duplicate).toBe(false)
    })

    test('who waits for a commit when the store is closed still gets it', async () => {
      const store = await openStore()
      const accepting = store.accept([webhook()])
      await store.close()
      expect((await accepting)[0]!.duplicate).toBe(false)
    })

    test('accepted events, their order and their delivery ids outlive a restart', async () => {
      const { store, reopen } = await opened()
      if (!reopen) return
      const [first] = await store.accept([webhook({ deliveryId: 'd1' }), webhook({ deliveryId: 'd2' })])
      const again = await reopen()
      onTestFinished(() => again.close())
      expect(await again.accept([webhook({ deliveryId: 'd1' })])).toEqual([
        { eventId: first!.eventId, duplicate: true },
      ])
      const pending = await atTime(again, start).claimEvents({ owner, leaseMs: lease, limit: 9 })
      expect(pending.map(({ deliveryId }) => deliveryId)).toEqual(['d1', 'd2'])
    })

    test('a delivery accepted over one connection is a duplicate over another', async () => {
      const { store, beside } = await opened()
      if (!beside) return
      const other = await beside()
      onTestFinished(() => other.close())
      await store.accept([webhook({ deliveryId: 'a' })])
      const [first] = await other.accept([webhook({ deliveryId: 'd1' })])
      expect(await store.accept([webhook({ deliveryId: 'd1' })])).toEqual([
        { eventId: first!.eventId, duplicate: true },
      ])
      expect((await other.accept([webhook({ deliveryId: 'a' })]))[0]!.duplicate).toBe(true)
    })
  })

  describe(`${name}: claiming and settling events`, () => {
    test('events are claimed in order of arrival, and a claimed one is not given out again', async () => {
      const store = await openStore()
      const accepted = await store.accept(Array.from({ length: 5 }, () => webhook()))
      const first = await atTime(store, start).claimEvents({ owner: 'a', leaseMs: lease, limit: 2 })
      const second = await atTime(store, start).claimEvents({ owner: 'b', leaseMs: lease, limit: 9 })
      const third = await atTime(store, start).claimEvents({ owner: 'c', leaseMs: lease, limit: 9 })
      const ids = accepted.map(({ eventId }) => eventId)
      expect(first.map(({ id }) => id)).toEqual(ids.slice(0, 2))
      expect(second.map(({ id }) => id)).toEqual(ids.slice(2))
      expect(third).toEqual([])
    })

    test('a claim whose lease is over can be taken by another, and the first owner settles nothing', async () => {
      const store = await openStore()
      const [event] = await claimedEvents(store, 1)
      const later = start + lease
      expect(await atTime(store, later - 1).claimEvents({ owner: 'b', leaseMs: 1, limit: 1 })).toEqual([])
      const [taken] = await atTime(store, later).claimEvents({ owner: 'b', leaseMs: lease, limit: 1 })
      expect(taken!.id).toBe(event!.id)
      expect(await map(store, event!, [upsert('p1', 'A')])).toBeNull()
      expect(await store.getItems({ id: 'p1' })).toEqual([])
      expect((await store.getEvent(event!.id))!.status).toBe('pending')
    })

    test('events of no more bytes than asked for are claimed at once, or one that is larger', async () => {
      const store = await openStore()
      const sizes = [60, 40, 1, 500, 2, 3]
      await store.accept(sizes.map((size) => webhook({ body: Buffer.alloc(size) })))
      const groups: number[][] = []
      for (;;) {
        const claim = { owner, leaseMs: lease, limit: 9, maxBytes: 100 }
        const events = await store.claimEvents(claim)
        if (events.length === 0) break
        groups.push(events.map(({ body }) => body.byteLength))
        for (const event of events) await map(store, event, [])
      }
      expect(groups).toEqual([[60, 40], [1], [500], [2, 3]])
    })

    test('what an owner has claimed and could not settle is given to it again', async () => {
      const store = await openStore()
      const [event] = await claimedEvents(store, 1)
      const claim = { leaseMs: lease, limit: 9 }
      expect((await store.claimEvents({ ...claim, owner })).map(({ id }) => id)).toEqual([event!.id])
      expect(await store.claimEvents({ ...claim, owner: 'b' })).toEqual([])
    })

    test('the good changes of an event that failed count', async () => {
      const store = await openStore()
      const [event] = await claimedEvents(store, 1)
      const outcome = { status: 'failed', error: 'one record of two has no id' } as const
      const failed = { seq: event!.seq, mapper: 'm', mapperVersion: 'v', outcome, changes: [upsert('p1', 'A')] }
      await atTime(store, start).settleEvents(owner, [failed])
      expect((await store.getEvent(event!.id))!.status).toBe('failed')
      expect(await dueIds(store)).toEqual(['p1'])
    })

    test('an event can be settled once', async () => {
      const store = await openStore()
      const [event] = await claimedEvents(store, 1)
      expect(await map(store, event!, [upsert('p1', 'A')])).toEqual({ applied: 1, unchanged: 0, stale: 0 })
      expect(await map(store, event!, [upsert('p1', 'B')])).toBeNull()
      expect((await itemOf(store, 'p1')).checksum).toBe('sha256:A')
    })

    test('an event ends processed, skipped with a reason or failed with an error, and says which mapper did it', async () => {
      const store = await openStore()
      const [a, b, c] = await claimedEvents(store, 3)
      const by = { mapper: 'shopify', mapperVersion: 'abc', changes: [] }
      await atTime(store, start + 5).settleEvents(owner, [
        { ...by, seq: a!.seq, outcome: { status: 'processed' } },
        { ...by, seq: b!.seq, outcome: { status: 'skipped', reason: 'no record matches' } },
        { ...by, seq: c!.seq, outcome: { status: 'failed', error: 'no id' } },
      ])
      const { rows } = await store.listEvents({}, all())
      const known = { mapper: 'shopify', mapperVersion: 'abc', settledAt: start + 5 }
      expect(rows.toReversed()).toMatchObject([
        { ...known, status: 'processed', reason: null, error: null },
        { ...known, status: 'skipped', reason: 'no record matches', error: null },
        { ...known, status: 'failed', reason: null, error: 'no id' },
      ])
      expect(await atTime(store, never).claimEvents({ owner, leaseMs: 1e12, limit: 9 })).toEqual([])
    })

    test('an event of which every change was stale ends skipped as stale', async () => {
      const store = await openStore()
      await arrive(store, [upsert('p1', 'B', { version: version(2) })])
      const [old] = await claimedEvents(store, 1)
      expect(await map(store, old!, [upsert('p1', 'A', { version: version(1) })])).toMatchObject({ stale: 1 })
      expect(await store.getEvent(old!.id)).toMatchObject({ status: 'skipped', reason: 'stale' })
    })

    test('an event with one stale change of two is processed', async () => {
      const store = await openStore()
      await arrive(store, [upsert('p1', 'B', { version: version(2) })])
      const [event] = await claimedEvents(store, 1)
      const changes = [upsert('p1', 'A', { version: version(1) }), upsert('p2', 'A')]
      expect(await map(store, event!, changes)).toEqual({ applied: 1, unchanged: 0, stale: 1 })
      expect((await store.getEvent(event!.id))!.status).toBe('processed')
    })
  })

  describe(`${name}: latest wins`, () => {
    test('an older version does not overwrite a newer one', async () => {
      const store = await openStore()
      await arrive(store, [upsert('p1', 'new', { version: version(2) })])
      expect(await arrive(store, [upsert('p1', 'old', { version: version(1) })])).toMatchObject({ stale: 1 })
      expect(await itemOf(store, 'p1')).toMatchObject({ checksum: 'sha256:new', version: version(2) })
    })

    test('an older version does not revive a deleted item', async () => {
      const store = await openStore()
      await arrive(store, [tombstone('p1', { version: version(3) })])
      expect(await arrive(store, [upsert('p1', 'A', { version: version(2) })])).toMatchObject({ stale: 1 })
      expect((await itemOf(store, 'p1')).desiredKind).toBe('delete')
    })

    test('after a tombstone without a version only a newer version brings the item back', async () => {
      const store = await openStore()
      await arrive(store, [upsert('p1', 'A', { version: version(5) })])
      await arrive(store, [tombstone('p1')])
      expect(await arrive(store, [upsert('p1', 'A', { version: version(5) })])).toMatchObject({ stale: 1 })
      expect((await itemOf(store, 'p1')).version).toBe(version(5))
      expect(await arrive(store, [upsert('p1', 'B', { version: version(6) })])).toMatchObject({ applied: 1 })
    })

    test('without versions the event that arrived later wins, in whatever order they are mapped', async () => {
      const store = await openStore()
      const [first, second] = await claimedEvents(store, 2)
      await map(store, second!, [upsert('p1', 'second')])
      expect(await map(store, first!, [upsert('p1', 'first')])).toMatchObject({ stale: 1 })
      expect(await itemOf(store, 'p1')).toMatchObject({ checksum: 'sha256:second', eventId: second!.id })
    })

    test('an old event replayed does not overwrite a newer one of the same version', async () => {
      const store = await openStore()
      const [first, second] = await claimedEvents(store, 2)
      await map(store, first!, [upsert('p1', 'A', { version: version(1) })])
      await map(store, second!, [upsert('p1', 'B', { version: version(1) })])
      expect(await store.replayEvents({ ids: [first!.id] }, 10)).toBe(1)
      const [again] = await atTime(store, start).claimEvents({ owner, leaseMs: lease, limit: 1 })
      expect(again!.id).toBe(first!.id)
      expect(await map(store, again!, [upsert('p1', 'A', { version: version(1) })])).toMatchObject({ stale: 1 })
      expect((await itemOf(store, 'p1')).checksum).toBe('sha256:B')
    })

    test('a change without a version keeps the version known', async () => {
      const store = await openStore()
      await arrive(store, [upsert('p1', 'A', { version: version(4) })])
      await arrive(store, [upsert('p1', 'B')])
      expect(await itemOf(store, 'p1')).toMatchObject({ checksum: 'sha256:B', version: version(4) })
    })

    test('items of one id with two types, and of two destinations, are apart', async () => {
      const store = await openStore()
      await arrive(store, [
        upsert('x', 'A'),
        upsert('x', 'B', { type: 'page' }),
        upsert('x', 'C', { destination: 'second' }),
      ])
      const items = await store.getItems({ id: 'x' })
      expect(items.map(({ checksum }) => checksum).sort()).toEqual(['sha256:A', 'sha256:B', 'sha256:C'])
      expect(await store.getItems({ id: 'x', type: 'page' })).toHaveLength(1)
      expect(await store.getItems({ id: 'x', destination: 'second' })).toHaveLength(1)
    })
  })

  describe(`${name}: what is due`, () => {
    test('an item is due when the debounce after its last change is over, at latest max wait after the first', async () => {
      const store = await openStore()
      const wait = { debounceMs: 1_000, maxWaitMs: 2_500 }
      await arrive(store, [upsert('p1', 'A', wait)], start)
      expect(await store.nextDueAt('main')).toBe(start + 1_000)
      await arrive(store, [upsert('p1', 'B', wait)], start + 900)
      expect(await store.nextDueAt('main')).toBe(start + 1_900)
      await arrive(store, [upsert('p1', 'C', wait)], start + 1_800)
      expect(await store.nextDueAt('main')).toBe(start + 2_500)
      expect(await claim(store, start + 2_499)).toBeNull()
      expect((await claim(store, start + 2_500))!.items).toHaveLength(1)
    })

    test('a burst of changes is one item with the last content', async () => {
      const store = await openStore()
      for (const content of ['A', 'B', 'C']) await arrive(store, [upsert('p1', content)])
      const batch = await claim(store)
      expect(batch!.items.map(({ body }) => body)).toEqual([JSON.stringify({ id: 'p1', content: 'C' })])
    })

    test('a tombstone is due at once', async () => {
      const store = await openStore()
      await arrive(store, [tombstone('p1', { debounceMs: 1_000, maxWaitMs: 9_000 })])
      expect(await store.nextDueAt('main')).toBe(start)
    })

    test('a tombstone for an item never heard of is sent where the CMS has said so', async () => {
      const store = await openStore()
      expect(await arrive(store, [tombstone('p1', { certain: true })])).toMatchObject({ applied: 1 })
      expect(await claim(store)).toMatchObject({ kind: 'delete', items: [{ id: 'p1', body: null }] })
    })

    test('a draft that was never sent is remembered and not sent', async () => {
      const store = await openStore()
      await arrive(store, [tombstone('p1', { certain: false, version: version(2) })])
      expect(await itemOf(store, 'p1')).toMatchObject({ status: 'delivered', desiredKind: 'delete', dueAt: null })
      expect(await store.nextDueAt('main')).toBeNull()
      expect(await arrive(store, [upsert('p1', 'A', { version: version(1) })])).toMatchObject({ stale: 1 })
    })

    test('an item that becomes a draft before it was ever sent is not sent', async () => {
      const store = await openStore()
      await arrive(store, [upsert('p1', 'A')])
      await arrive(store, [tombstone('p1', { certain: false })])
      expect(await claim(store)).toBeNull()
      expect(await statusOf(store, 'p1')).toBe('delivered')
    })

    test('an item that becomes a draft after it was sent is tombstoned', async () => {
      const store = await openStore()
      await arrive(store, [upsert('p1', 'A')])
      await deliver(store)
      await arrive(store, [tombstone('p1', { certain: false })])
      expect(await claim(store)).toMatchObject({ kind: 'delete' })
    })

    test('an item that becomes a draft while its first batch is under way is tombstoned after it', async () => {
      const store = await openStore()
      await arrive(store, [upsert('p1', 'A')])
      const batch = await send(store)
      await arrive(store, [tombstone('p1', { certain: false })])
      await finish(store, batch, { result: 'delivered' })
      expect(await claim(store)).toMatchObject({ kind: 'delete' })
    })

    test('a removal that the CMS has spoken of is not forgotten over a draft that follows', async () => {
      const store = await openStore()
      await arrive(store, [tombstone('p1', { certain: true })])
      await arrive(store, [upsert('p1', 'A')])
      await arrive(store, [tombstone('p1', { certain: false })])
      expect(await claim(store)).toMatchObject({ kind: 'delete' })
    })

    test('content that was delivered already is not sent', async () => {
      const store = await openStore()
      await arrive(store, [upsert('p1', 'A', { version: version(1) })])
      await deliver(store)
      const again = await arrive(store, [upsert('p1', 'A', { version: version(2) })])
      expect(again).toEqual({ applied: 0, unchanged: 1, stale: 0 })
      expect(await store.nextDueAt('main')).toBeNull()
      expect(await itemOf(store, 'p1')).toMatchObject({ status: 'delivered', version: version(2) })
    })

    test('what the checksum does not cover is no reason to send, and goes along when there is one', async () => {
      const store = await openStore()
      const titled = (title: string) => upsert('p1', 'A', { body: JSON.stringify({ id: 'p1', title }) })
      await arrive(store, [titled('first')])
      await arrive(store, [titled('second, and a good deal longer')])
      await arrive(store, [upsert('p2', 'A')])
      const size = Buffer.byteLength(titled('first').body!) + Buffer.byteLength(upsert('p2', 'A').body!) + 2
      expect((await claim(store, start, { maxBytes: size }))!.items.map(({ id }) => id)).toEqual(['p1'])
      await atTime(store, start + lease).recover()
      expect((await deliver(store)).items[0]).toMatchObject({ body: titled('second, and a good deal longer').body })
      expect(await arrive(store, [titled('third')])).toMatchObject({ unchanged: 1 })
      expect(await store.nextDueAt('main')).toBeNull()
      await store.redeliverItems({ id: 'p1' }, 1, start + 5)
      expect((await claim(store, start + 5))!.items).toMatchObject([{ body: titled('third').body }])
    })

    test('a change back to what was delivered cancels the one that waits', async () => {
      const store = await openStore()
      await arrive(store, [upsert('p1', 'A')])
      await deliver(store)
      await arrive(store, [upsert('p1', 'B')])
      await arrive(store, [upsert('p1', 'A')])
      expect(await claim(store)).toBeNull()
      expect(await statusOf(store, 'p1')).toBe('delivered')
    })

    test('the same content again while it waits does not put it off', async () => {
      const store = await openStore()
      const wait = { debounceMs: 1_000, maxWaitMs: 9_000 }
      await arrive(store, [upsert('p1', 'A', wait)], start)
      expect(await arrive(store, [upsert('p1', 'A', wait)], start + 500)).toMatchObject({ unchanged: 1 })
      expect(await store.nextDueAt('main')).toBe(start + 1_000)
    })

    test('tombstones go before upserts, and never in one batch with them', async () => {
      const store = await openStore()
      await arrive(store, [upsert('p1', 'A'), upsert('p2', 'A')], start - 10)
      await arrive(store, [tombstone('p3')])
      expect(await claim(store)).toMatchObject({ kind: 'delete', items: [{ id: 'p3' }] })
      expect(await claim(store)).toMatchObject({ kind: 'upsert', items: [{ id: 'p1' }, { id: 'p2' }] })
    })

    test('a batch has at most so many items, the oldest due first', async () => {
      const store = await openStore()
      for (const [index, id] of ['c', 'a', 'b'].entries()) await arrive(store, [upsert(id, 'A')], start + index)
      const first = await claim(store, start + 9, { maxItems: 2 })
      const second = await claim(store, start + 9, { maxItems: 2 })
      expect(first!.items.map(({ id }) => id)).toEqual(['c', 'a'])
      expect(second!.items.map(({ id }) => id)).toEqual(['b'])
    })

    test('a batch has at most so many bytes, but at least one item', async () => {
      const store = await openStore()
      const large = 'ü'.repeat(500)
      await arrive(store, [upsert('p1', large), upsert('p2', large), upsert('p3', large)])
      const size = Buffer.byteLength(upsert('p1', large).body!)
      expect((await claim(store, start, { maxBytes: size * 2 + 2 }))!.items).toHaveLength(2)
      expect((await claim(store, start, { maxBytes: 10 }))!.items).toHaveLength(1)
    })

    test('a batch has no id twice', async () => {
      const store = await openStore()
      await arrive(store, [upsert('x', 'A'), upsert('x', 'A', { type: 'page' }), upsert('y', 'A')])
      expect((await claim(store))!.items.map(({ id }) => id)).toEqual(['x', 'y'])
      expect((await claim(store))!.items.map(({ id }) => id)).toEqual(['x'])
    })

    test('a destination gives out its own items only', async () => {
      const store = await openStore()
      await arrive(store, [upsert('p1', 'A'), upsert('p2', 'A', { destination: 'second' })])
      expect((await claim(store, start, { destination: 'second' }))!.items.map(({ id }) => id)).toEqual(['p2'])
      expect(await store.nextDueAt('second')).toBeNull()
      expect(await store.nextDueAt('main')).toBe(start)
    })

    test('a claimed item says since when it waits and when its oldest webhook came in', async () => {
      const store = await openStore()
      await arrive(store, [upsert('p1', 'A', { receivedAt: start - 50 })], start)
      await arrive(store, [upsert('p1', 'B', { receivedAt: start + 10 })], start + 20)
      const batch = await claim(store, start + 20)
      expect(batch!.items).toMatchObject([{ receivedAt: start - 50, pendingSince: start, attempts: 0 }])
    })
  })

  describe(`${name}: batches`, () => {
    test('an item is held by one batch at a time', async () => {
      const store = await openStore()
      await arrive(store, [upsert('p1', 'A')])
      const batch = await send(store)
      await arrive(store, [upsert('p1', 'B')])
      expect(await claim(store, never)).toBeNull()
      expect(await itemOf(store, 'p1')).toMatchObject({ batchId: batch.batchId, checksum: 'sha256:B' })
      await finish(store, batch, { result: 'delivered' })
      expect(await claim(store)).toMatchObject({ items: [{ body: upsert('p1', 'B').body }] })
    })

    test('items do not wait for each other', async () => {
      const store = await openStore()
      await arrive(store, [upsert('p1', 'A')])
      await send(store)
      await arrive(store, [upsert('p2', 'A')])
      expect(await claim(store)).toMatchObject({ items: [{ id: 'p2' }] })
    })

    test('a batch can be sealed once, and only by who has claimed it', async () => {
      const store = await openStore()
      await arrive(store, [upsert('p1', 'A')])
      const batch = await claim(store)
      const seal = { id: batch!.batchId, key: 'k1', body: Buffer.from('x') }
      expect(await store.sealBatch('other', seal)).toBe(false)
      expect(await store.sealBatch(owner, seal)).toBe(true)
      expect(await store.sealBatch(owner, { ...seal, key: 'k2' })).toBe(false)
      expect((await store.listBatches({}, all())).rows).toMatchObject([{ key: 'k1', status: 'open', bytes: 1 }])
    })

    test('a retried batch keeps its key and its exact bytes, and the items as they were sent', async () => {
      const store = await openStore()
      await arrive(store, [upsert('p1', 'A'), upsert('p2', 'A')])
      const batch = await send(store)
      await arrive(store, [upsert('p1', 'B')])
      await settle(store, batch, { kind: 'retry', nextAt: start + 100, error: 'status 503' })
      const again = { owner: 'b', destination: 'main', leaseMs: lease }
      expect(await atTime(store, start + 99).claimBatch(again)).toBeNull()
      expect(await store.nextDueAt('main')).toBe(start + 100)
      const sealed = await atTime(store, start + 100).claimBatch(again)
      expect(sealed).toMatchObject({ id: batch.batchId, key: batch.key, attempts: 1, items: batch.items })
      expect(sealed!.body.equals(batch.body)).toBe(true)
      expect(await atTime(store, start + 100).claimBatch(again)).toBeNull()
    })

    test('for how long a batch was tried is kept; an attempt that does not count leaves it, and stops the time', async () => {
      const store = await openStore()
      await arrive(store, [upsert('p1', 'A')])
      const batch = await send(store)
      const claimed = () => atTime(store, start).claimBatch({ owner, destination: 'main', leaseMs: lease })
      const retry = { kind: 'retry', nextAt: start, error: 'status 503' } as const
      await settle(store, batch, { ...retry, tried: { ms: 7, at: start } })
      expect((await claimed())!.tried).toEqual({ ms: 7, at: start })
      await settle(store, batch, retry)
      expect((await claimed())!.tried).toEqual({ ms: 7, at: null })
    })

    test('for how long an item was tried is kept with it, until a newer change', async () => {
      const store = await openStore()
      await arrive(store, [upsert('p1', 'A')])
      const first = await send(store)
      expect(first.items).toMatchObject([{ tried: { ms: 0, at: null } }])
      const seq = first.items[0]!.seq
      const again = { seq, result: 'retry', error: 'busy', dueAt: start, uncertain: false } as const
      await settle(store, first, { kind: 'done', items: [{ ...again, tried: { ms: 7, at: start } }] })
      const second = await send(store)
      expect(second.items).toMatchObject([{ tried: { ms: 7, at: start } }])
      await settle(store, second, { kind: 'done', items: [again] })
      const third = await send(store)
      expect(third.items).toMatchObject([{ tried: { ms: 7, at: null } }])
      await settle(store, third, { kind: 'done', items: [again] })
      await arrive(store, [upsert('p1', 'B')])
      expect((await send(store, start + 3_600_000)).items).toMatchObject([{ tried: { ms: 0, at: null } }])
    })

    test('the batch that has been due for longest is tried first, however old the others are', async () => {
      const store = await openStore()
      await arrive(store, [upsert('p1', 'A')])
      const first = await send(store)
      await arrive(store, [upsert('p2', 'A')])
      const second = await send(store)
      await settle(store, first, { kind: 'retry', nextAt: start + 2, error: 'e' })
      await settle(store, second, { kind: 'retry', nextAt: start + 1, error: 'e' })
      const claimed = await atTime(store, start + 5).claimBatch({ owner, destination: 'main', leaseMs: lease })
      expect(claimed!.id).toBe(second.batchId)
    })

    test('the items of a retried batch stand in the order in which they were claimed', async () => {
      const store = await openStore()
      await arrive(store, [upsert('a', 'A'), upsert('b', 'A')], start + 5)
      await arrive(store, [upsert('a', 'B')], start + 9)
      const batch = await send(store, start + 9)
      await settle(store, batch, { kind: 'retry', nextAt: start, error: 'status 503' })
      const sealed = await atTime(store, start).claimBatch({ owner, destination: 'main', leaseMs: lease })
      expect(batch.items.map(({ id }) => id)).toEqual(['b', 'a'])
      expect(sealed!.items).toEqual(batch.items)
    })

    test('a sealed batch has the same key and the same bytes after a restart', async () => {
      const { store, reopen } = await opened()
      if (!reopen) return
      await arrive(store, [upsert('p1', 'A')])
      const batch = await send(store)
      const after = await reopen()
      onTestFinished(() => after.close())
      await atTime(after, start + lease).recover()
      const sealed = await atTime(after, start).claimBatch({ owner: 'b', destination: 'main', leaseMs: lease })
      expect(sealed).toMatchObject({ id: batch.batchId, key: batch.key, items: batch.items })
      expect(sealed!.body.equals(batch.body)).toBe(true)
    })

    test('a batch is settled by its owner only', async () => {
      const store = await openStore()
      await arrive(store, [upsert('p1', 'A')])
      const batch = await send(store)
      const items = [{ seq: batch.items[0]!.seq, result: 'delivered' }] as const
      expect(await atTime(store, start).settleBatch('other', batch.batchId, { kind: 'done', items })).toBe(false)
      expect(await statusOf(store, 'p1')).toBe('pending')
      expect(await atTime(store, start).settleBatch(owner, batch.batchId, { kind: 'done', items })).toBe(true)
      expect(await atTime(store, start).settleBatch(owner, batch.batchId, { kind: 'done', items })).toBe(false)
    })

    test('what was sent becomes the delivered state, and what came meanwhile stays pending', async () => {
      const store = await openStore()
      await arrive(store, [upsert('p1', 'A')])
      const batch = await send(store)
      await arrive(store, [upsert('p1', 'B', { debounceMs: 500, maxWaitMs: 500 })], start + 10)
      await finish(store, batch, { result: 'delivered' }, start + 20)
      expect(await itemOf(store, 'p1')).toMatchObject({
        status: 'pending',
        checksum: 'sha256:B',
        deliveredKind: 'upsert',
        deliveredChecksum: 'sha256:A',
        deliveredAt: start + 20,
        dueAt: start + 510,
        batchId: null,
      })
      const next = await claim(store, start + 510)
      expect(next!.items).toMatchObject([{ pendingSince: start + 10 }])
    })

    test('a change back to what is being sent needs no second call', async () => {
      const store = await openStore()
      await arrive(store, [upsert('p1', 'A')])
      const batch = await send(store)
      await arrive(store, [upsert('p1', 'B')])
      await arrive(store, [upsert('p1', 'A')])
      await finish(store, batch, { result: 'delivered' })
      expect(await statusOf(store, 'p1')).toBe('delivered')
      expect(await claim(store)).toBeNull()
    })

    test('a change back to what was delivered before is sent where another state is under way', async () => {
      const store = await openStore()
      await arrive(store, [upsert('p1', 'A')])
      await deliver(store)
      await arrive(store, [upsert('p1', 'B')])
      const batch = await send(store)
      await arrive(store, [upsert('p1', 'A')])
      await finish(store, batch, { result: 'delivered' })
      expect(await claim(store)).toMatchObject({ items: [{ body: upsert('p1', 'A').body }] })
    })

    test('an item sent back waits until it is due, and its attempts are counted', async () => {
      const store = await openStore()
      await arrive(store, [upsert('p1', 'A')])
      await finish(store, await send(store), { result: 'retry', dueAt: start + 100 })
      expect(await claim(store, start + 99)).toBeNull()
      const batch = await send(store, start + 100)
      expect(batch.items).toMatchObject([{ attempts: 1, pendingSince: start }])
      await finish(store, batch, { result: 'retry', dueAt: start + 200 })
      expect(await itemOf(store, 'p1')).toMatchObject({ attempts: 2, error: 'failed', dueAt: start + 200 })
    })

    test('an item sent back that has changed meanwhile is due as the change says, with no attempts', async () => {
      const store = await openStore()
      await arrive(store, [upsert('p1', 'A')])
      const batch = await send(store)
      await arrive(store, [upsert('p1', 'B')], start + 1)
      await finish(store, batch, { result: 'retry', dueAt: start + 9_000 })
      expect(await itemOf(store, 'p1')).toMatchObject({ attempts: 0, dueAt: start + 1, error: null })
      expect((await claim(store, start + 1))!.items).toMatchObject([{ pendingSince: start }])
    })

    test('a dead item is listed with its error and is not due', async () => {
      const store = await openStore()
      await arrive(store, [upsert('p1', 'A')])
      await finish(store, await send(store), { result: 'dead' })
      expect(await claim(store, never)).toBeNull()
      expect((await store.listItems({ status: 'dead' }, all())).rows).toMatchObject([{ id: 'p1', error: 'refused' }])
    })

    test('a dead item that has changed meanwhile goes on with the newer state', async () => {
      const store = await openStore()
      await arrive(store, [upsert('p1', 'A')])
      const batch = await send(store)
      await arrive(store, [upsert('p1', 'B')])
      await finish(store, batch, { result: 'dead' })
      expect(await itemOf(store, 'p1')).toMatchObject({ status: 'pending', checksum: 'sha256:B', error: null })
    })

    test('any newer change brings a dead item back, even with the same content', async () => {
      const store = await openStore()
      await arrive(store, [upsert('p1', 'A')])
      await finish(store, await send(store), { result: 'dead' })
      expect(await arrive(store, [upsert('p1', 'A')])).toMatchObject({ applied: 1 })
      expect(await claim(store)).toMatchObject({ items: [{ body: upsert('p1', 'A').body, attempts: 0 }] })
    })

    test('after an uncertain outcome nothing is taken for unchanged', async () => {
      const store = await openStore()
      await arrive(store, [upsert('p1', 'A')])
      await deliver(store)
      await arrive(store, [upsert('p1', 'B')])
      await finish(store, await send(store), { result: 'dead', uncertain: true })
      expect(await itemOf(store, 'p1')).toMatchObject({ deliveredKind: 'unknown', deliveredChecksum: null })
      await arrive(store, [upsert('p1', 'A')])
      expect(await claim(store)).toMatchObject({ items: [{ body: upsert('p1', 'A').body }] })
    })

    test('after a certain refusal what was delivered before counts still', async () => {
      const store = await openStore()
      await arrive(store, [upsert('p1', 'A')])
      await deliver(store)
      await arrive(store, [upsert('p1', 'B')])
      await finish(store, await send(store), { result: 'dead' })
      await arrive(store, [upsert('p1', 'A')])
      expect(await claim(store)).toBeNull()
      expect(await statusOf(store, 'p1')).toBe('delivered')
    })

    test('a delivered tombstone is delivered, and a second one is unchanged', async () => {
      const store = await openStore()
      await arrive(store, [tombstone('p1')])
      await deliver(store)
      expect(await itemOf(store, 'p1')).toMatchObject({ status: 'delivered', deliveredKind: 'delete' })
      expect(await arrive(store, [tombstone('p1')])).toMatchObject({ unchanged: 1 })
      expect(await claim(store)).toBeNull()
    })

    test('a batch refused as a whole goes on in parts that nobody has claimed, each with its own key and bytes', async () => {
      const store = await openStore()
      await arrive(store, [upsert('p1', 'A'), upsert('p2', 'A'), upsert('p3', 'A')])
      const batch = await send(store)
      await arrive(store, [upsert('p1', 'B')])
      const [a, b, c] = batch.items.map(({ seq }) => seq)
      const parts = [
        { id: randomUUID(), key: 'k1', body: Buffer.from('one'), items: [a!] },
        { id: randomUUID(), key: 'k2', body: Buffer.from('two'), items: [b!, c!] },
      ]
      expect(await settle(store, batch, { kind: 'split', error: 'status 422', parts }, start + 5)).toBe(true)
      const next = { owner: 'b', destination: 'main', leaseMs: lease }
      const first = await store.claimBatch(next)
      const second = await store.claimBatch(next)
      expect(first).toMatchObject({ key: 'k1', attempts: 0, kind: 'upsert', items: [{ id: 'p1' }] })
      expect(first!.items[0]!.body).toBe(upsert('p1', 'A').body)
      expect(second).toMatchObject({ key: 'k2', items: [{ id: 'p2' }, { id: 'p3' }] })
      expect(second!.body.toString()).toBe('two')
      expect(await store.claimBatch(next)).toBeNull()
      expect(await claim(store, never)).toBeNull()
      const outcome = { kind: 'done', items: [{ seq: a!, result: 'delivered' }] } as const
      await atTime(store, start + 6).settleBatch('b', first!.id, outcome)
      expect(await itemOf(store, 'p1')).toMatchObject({ status: 'pending', deliveredChecksum: 'sha256:A' })
      expect((await store.listBatches({ status: 'split' }, all())).rows).toMatchObject([{ id: batch.batchId }])
    })

    test('after a split of what may have arrived nothing is taken for unchanged', async () => {
      const store = await openStore()
      await arrive(store, [upsert('p1', 'A'), upsert('p2', 'A')])
      await deliver(store)
      await arrive(store, [upsert('p1', 'B'), upsert('p2', 'B')])
      const batch = await send(store)
      const parts = batch.items.map(({ seq, id }) => ({
        id: randomUUID(),
        key: id,
        body: Buffer.from(id),
        items: [seq],
      }))
      await settle(store, batch, { kind: 'split', error: 'timeout', uncertain: true, parts })
      const next = { owner, destination: 'main', leaseMs: lease }
      for (const { id, items } of parts) {
        await store.claimBatch(next)
        await atTime(store, start).settleBatch(owner, id, {
          kind: 'done',
          items: [{ seq: items[0]!, result: 'dead', error: 'refused', uncertain: false }],
        })
      }
      await arrive(store, [upsert('p1', 'A')])
      expect(await dueIds(store)).toEqual(['p1'])
    })

    test('a split that forgets an item is refused and changes nothing', async () => {
      const store = await openStore()
      await arrive(store, [upsert('p1', 'A'), upsert('p2', 'A')])
      const batch = await send(store)
      const parts = [{ id: randomUUID(), key: 'k', body: Buffer.from('x'), items: [batch.items[0]!.seq] }]
      await expect(settle(store, batch, { kind: 'split', error: 'e', parts })).rejects.toMatchObject({
        code: 'invalid',
      })
      expect(await finish(store, batch, { result: 'delivered' })).toBe(true)
    })

    test('items of a batch that an outcome does not name are not lost', async () => {
      const store = await openStore()
      await arrive(store, [upsert('p1', 'A'), upsert('p2', 'A')])
      const batch = await send(store)
      const items = [{ seq: batch.items[0]!.seq, result: 'delivered' }] as const
      await settle(store, batch, { kind: 'done', items })
      expect(await dueIds(store)).toEqual(['p2'])
    })
  })

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

  describe(`${name}: asked for again`, () => {
    test('replayed events go back to pending, oldest first, at most so many', async () => {
      const store = await openStore()
      for (const event of await claimedEvents(store, 3)) await map(store, event, [])
      expect(await store.replayEvents({ source: 'shop', status: 'processed' }, 2)).toBe(2)
      const pending = await atTime(store, start).claimEvents({ owner, leaseMs: lease, limit: 9 })
      expect(pending.map(({ seq }) => seq)).toEqual([pending[0]!.seq, pending[0]!.seq + 1])
      expect(await store.getEvent(pending[0]!.id)).toMatchObject({ status: 'pending', replays: 1, settledAt: null })
    })

    test('events that are pending are not replayed', async () => {
      const store = await openStore()
      await store.accept([webhook()])
      expect(await store.replayEvents({}, 10)).toBe(0)
    })

    test.for<[string, EventFilter, number]>([
      ['of a source', { source: 'blog' }, 1],
      ['of a topic', { topic: 'products/delete' }, 1],
      ['received at or after', { since: start + 10 }, 2],
      ['received before', { until: start + 10 }, 1],
      ['of a status', { status: 'pending' }, 3],
      ['of another status', { status: 'failed' }, 0],
      ['of some ids', { ids: ['evt_1', 'nonsense', 'evt_99999'] }, 1],
      ['of no id', { ids: [] }, 0],
    ])('events are listed %s', async ([, filter, count]) => {
      const store = await openStore()
      const accepted = await store.accept([
        webhook(),
        webhook({ source: 'blog', receivedAt: start + 10 }),
        webhook({ topic: 'products/delete', receivedAt: start + 20 }),
      ])
      const ids = filter.ids?.map((id) => (id === 'evt_1' ? accepted[0]!.eventId : id))
      expect((await store.listEvents({ ...filter, ...(ids && { ids }) }, all())).rows).toHaveLength(count)
    })

    test('redelivered items are sent though unchanged, and then are done', async () => {
      const store = await openStore()
      await arrive(store, [upsert('p1', 'A'), upsert('p2', 'A')])
      await deliver(store)
      expect(await store.redeliverItems({ id: 'p1' }, 10, start + 5)).toBe(1)
      expect(await arrive(store, [upsert('p1', 'A')])).toMatchObject({ unchanged: 1 })
      const batch = await deliver(store, start + 5)
      expect(batch.items).toMatchObject([{ id: 'p1', body: upsert('p1', 'A').body, pendingSince: start + 5 }])
      expect(await statusOf(store, 'p1')).toBe('delivered')
    })

    test('a dead item redelivered is due at once', async () => {
      const store = await openStore()
      await arrive(store, [upsert('p1', 'A')])
      await finish(store, await send(store), { result: 'dead' })
      expect(await store.redeliverItems({ status: 'dead' }, 10, start + 5)).toBe(1)
      expect(await itemOf(store, 'p1')).toMatchObject({ status: 'pending', dueAt: start + 5, attempts: 0, error: null })
    })

    test('an item redelivered while a batch holds it is sent once more after that batch', async () => {
      const store = await openStore()
      await arrive(store, [upsert('p1', 'A')])
      const batch = await send(store)
      expect(await store.redeliverItems({ id: 'p1' }, 10, start + 5)).toBe(1)
      await settle(store, batch, { kind: 'retry', nextAt: start + 6, error: 'e' })
      const again = { owner, destination: 'main', leaseMs: lease }
      expect((await atTime(store, start + 6).claimBatch(again))!.items).toEqual(batch.items)
      await finish(store, batch, { result: 'delivered' }, start + 7)
      expect((await deliver(store, start + 8)).items).toMatchObject([{ body: upsert('p1', 'A').body }])
      expect(await claim(store, never)).toBeNull()
    })

    test('the tombstone of a draft that was never sent is not redelivered', async () => {
      const store = await openStore()
      await arrive(store, [tombstone('p1', { certain: false })])
      expect(await store.redeliverItems({}, 10, start)).toBe(0)
    })

    test('redelivering in steps with the same time comes to an end', async () => {
      const store = await openStore()
      await arrive(
        store,
        ['a', 'b', 'c'].map((id) => upsert(id, 'A')),
      )
      await deliver(store)
      const counts: number[] = []
      for (const _ of [1, 2, 3]) counts.push(await store.redeliverItems({ destination: 'main' }, 2, start + 5))
      expect(counts).toEqual([2, 1, 0])
    })

    test('what would be replayed is chosen as it is replayed, and nothing is done', async () => {
      const store = await openStore()
      const events = await claimedEvents(store, 4)
      for (const event of events.slice(0, 3)) await map(store, event, [])
      const chosen = await store.chooseEvents('replay', { status: 'processed' }, 2)
      expect(chosen).toEqual({ matching: 3, ids: [events[0]!.id, events[1]!.id] })
      expect(await store.chooseEvents('replay', {}, 9)).toMatchObject({ matching: 3 })
      expect((await store.getEvent(events[0]!.id))!.status).toBe('processed')
      expect(await store.replayEvents({ ids: chosen.ids }, 9)).toBe(2)
    })

    test('what would be redelivered is chosen as it is redelivered, and can be let go in parts', async () => {
      const store = await openStore()
      await arrive(store, [upsert('a', 'A'), upsert('b', 'A'), upsert('c', 'A')])
      await deliver(store)
      await arrive(store, [tombstone('draft', { certain: false })])
      const chosen = await store.chooseItems('redeliver', { destination: 'main' }, 2, start + 5)
      expect(chosen).toMatchObject({ matching: 3, ids: [expect.any(Number), expect.any(Number)] })
      expect(await dueIds(store, start + 5)).toEqual([])
      expect(await store.redeliverItems({ seqs: chosen.ids }, 9, start + 5)).toBe(2)
      expect(await dueIds(store, start + 5)).toEqual(['a', 'b'])
    })

    test('purged are events that are over, the oldest first, with all that is kept of them', async () => {
      const store = await openStore()
      const [kept] = await store.accept([webhook({ deliveryId: 'd1', receivedAt: start - 1 })])
      const [first] = await atTime(store, start).claimEvents({ owner, leaseMs: lease, limit: 1 })
      await map(store, first!, [])
      for (const event of await claimedEvents(store, 2)) await map(store, event, [])
      const [waits] = await store.accept([webhook({ deliveryId: 'waits' })])
      expect(await store.chooseEvents('purge', { source: 'shop' }, 1)).toEqual({ matching: 3, ids: [kept!.eventId] })
      expect(await store.purgeEvents({ source: 'blog' }, 9)).toBe(0)
      expect(await store.purgeEvents({ source: 'shop' }, 1)).toBe(1)
      expect(await store.getEvent(kept!.eventId)).toBeNull()
      expect((await store.accept([webhook({ deliveryId: 'd1' })]))[0]!.duplicate).toBe(false)
      expect(await store.purgeEvents({ source: 'shop' }, 9_999)).toBe(2)
      expect((await store.getEvent(waits!.eventId))!.status).toBe('pending')
    })

    test('an event that waits for the API of its CMS is not purged', async () => {
      const store = await openStore()
      const [event] = await claimedEvents(store, 1)
      const outcome = { status: 'waiting', dueAt: start + 9, attempts: 1, error: 'status 503' } as const
      await atTime(store, start).settleEvents(owner, [
        { seq: event!.seq, mapper: 'm', mapperVersion: 'v', outcome, changes: [] },
      ])
      expect(await store.chooseEvents('purge', {}, 9)).toEqual({ matching: 0, ids: [] })
      expect(await store.purgeEvents({}, 9)).toBe(0)
      expect(await store.nextFetchAt('shop')).toBe(start + 9)
    })

    test('dead items that are given up are sent no more, and say so', async () => {
      const store = await openStore()
      await arrive(store, [upsert('p1', 'A'), upsert('p2', 'A')])
      await finish(store, await send(store), { result: 'dead' })
      await arrive(store, [upsert('p3', 'A')])
      expect(await store.chooseItems('purge', {}, 9, start)).toMatchObject({ matching: 2 })
      expect(await store.purgeItems({ id: 'p3' }, 9)).toBe(0)
      expect(await store.purgeItems({ id: 'p1' }, 9)).toBe(1)
      expect(await itemOf(store, 'p1')).toMatchObject({
        status: 'delivered',
        deliveredKind: null,
        error: 'given up: refused',
      })
      expect(await statusOf(store, 'p2')).toBe('dead')
      expect((await store.readStats()).destinations).toMatchObject([{ dead: 1, pending: 1 }])
      expect(await dueIds(store, never)).toEqual(['p3'])
    })

    test.for<[string, { uncertain: boolean; before: boolean }]>([
      ['was there before', { uncertain: false, before: true }],
      ['may be there after an unclear answer', { uncertain: true, before: false }],
      ['was in a call at least', { uncertain: false, before: false }],
    ])('of an item that %s its draft is taken back also after it was given up', async ([, { uncertain, before }]) => {
      const store = await openStore()
      if (before) {
        await arrive(store, [upsert('p1', 'old')])
        await deliver(store)
      }
      await arrive(store, [upsert('p1', 'A')])
      await finish(store, await send(store), { result: 'dead', uncertain })
      const { deliveredKind } = await itemOf(store, 'p1')
      expect(await store.purgeItems({ destination: 'main' }, 9)).toBe(1)
      expect((await itemOf(store, 'p1')).deliveredKind).toBe(deliveredKind)
      await arrive(store, [tombstone('p1', { certain: false })])
      expect((await deliver(store)).kind).toBe('delete')
    })

    test('an item that was given up is sent when it comes again, the same or another, or is redelivered', async () => {
      const store = await openStore()
      for (const id of ['same', 'other', 'again']) await arrive(store, [upsert(id, 'A', { version: version(5) })])
      await finish(store, await send(store), { result: 'dead' })
      expect(await store.purgeItems({}, 9)).toBe(3)
      expect(await arrive(store, [upsert('same', 'old', { version: version(4) })])).toMatchObject({ stale: 1 })
      await arrive(store, [upsert('same', 'A', { version: version(5) })])
      await arrive(store, [upsert('other', 'B', { version: version(6) })])
      await store.redeliverItems({ id: 'again' }, 1, start)
      expect(new Set(await dueIds(store))).toEqual(new Set(['same', 'other', 'again']))
      expect(await itemOf(store, 'same')).toMatchObject({ status: 'pending', error: null })
    })

    test('errors of events are grouped by cause, the most frequent first', async () => {
      const store = await openStore()
      const fail = async (error: string, at: number, status: 'failed' | 'processed' = 'failed') => {
        const [event] = await claimedEvents(store, 1, at)
        const outcome = status === 'failed' ? ({ status, error } as const) : ({ status } as const)
        await atTime(store, at).settleEvents(owner, [
          { seq: event!.seq, mapper: 'm', mapperVersion: 'v', outcome, changes: [] },
        ])
        return event!.id
      }
      await fail('title: missing', start)
      await fail("item 'post:901': url: host 'a.example' is not the destination's", start + 1)
      const newest = await fail("item 'post:7': url: host 'a.example' is not the destination's\nand 3 more", start + 9)
      await fail('', start + 9, 'processed')
      const url = "item '…': url: host 'a.example' is not the destination's"
      const groups = await store.groupEventErrors({}, 9)
      expect(groups).toEqual([
        {
          source: 'shop',
          status: 'failed',
          error: url,
          count: 2,
          firstAt: start + 1,
          lastAt: start + 9,
          example: newest,
        },
        expect.objectContaining({ error: 'title: missing', count: 1 }),
      ])
      expect(await store.groupEventErrors({}, 1)).toHaveLength(1)
      expect(await store.groupEventErrors({ since: start + 5 }, 9)).toMatchObject([{ count: 1 }])
      expect(await store.groupEventErrors({ status: 'processed' }, 9)).toEqual([])
    })

    test('refusals are added up by source and code, in their time, and go with the events of theirs', async () => {
      const store = await openStore()
      const hour = 3_600_000
      const refusal = {
        source: 'shop',
        code: 'rate_limited',
        reason: 'first',
        count: 2,
        firstAt: start,
        lastAt: start + 5,
      }
      const add = (refusals: readonly Refusal[]) => store.addTurnedAway({ refusals, counts: [], last: [] })
      await add([refusal, { ...refusal, code: 'overloaded' }])
      await add([{ ...refusal, reason: 'second', count: 3, firstAt: start + 9, lastAt: start + 9 }])
      await add([{ ...refusal, reason: 'newest', firstAt: start + hour, lastAt: start + hour }])
      await add([])
      const all = { source: 'shop', status: 'refused', code: 'rate_limited', error: 'newest', example: null }
      expect(await store.groupRefusals({}, 9)).toEqual([
        { ...all, count: 7, firstAt: start, lastAt: start + hour },
        { ...all, code: 'overloaded', error: 'first', count: 2, firstAt: start, lastAt: start + 5 },
      ])
      expect(await store.groupRefusals({}, 1)).toHaveLength(1)
      expect(await store.groupRefusals({ source: 'other' }, 9)).toEqual([])
      expect(await store.groupRefusals({ since: start + hour }, 9)).toMatchObject([{ count: 2 }])
      expect(await pruneBefore(store, { events: start + hour, attempts: 0 }, 500)).toBe(2)
      expect(await store.groupRefusals({}, 9)).toMatchObject([{ count: 2, error: 'newest' }])
    })

    test('errors of items are grouped by cause, those of dead ones apart from those that are tried again', async () => {
      const store = await openStore()
      await arrive(store, [upsert('p1', 'A'), upsert('p2', 'A')])
      await finish(store, await send(store), { result: 'dead' })
      await arrive(store, [upsert('p3', 'A')], start + 5)
      await finish(store, await send(store, start + 5), { result: 'retry', dueAt: start + 9 }, start + 6)
      const main = { destination: 'main', example: expect.stringMatching(/^p\d$/) }
      expect(await store.groupItemErrors({}, 9)).toEqual([
        { ...main, status: 'dead', error: 'refused', count: 2, firstAt: start, lastAt: start },
        { ...main, status: 'pending', error: 'failed', count: 1, firstAt: start + 5, lastAt: start + 5 },
      ])
      expect(await store.groupItemErrors({ status: 'dead', id: 'p1' }, 9)).toMatchObject([{ count: 1, example: 'p1' }])
    })

    test.for<[string, ItemFilter, readonly string[]]>([
      ['of a destination', { destination: 'second' }, ['d']],
      ['of a source', { source: 'blog' }, ['b']],
      ['of a type', { type: 'page' }, ['c']],
      ['of an id', { id: 'a' }, ['a']],
      ['of a status', { status: 'delivered' }, ['a']],
      ['changed at or after', { since: start + 20 }, ['c', 'd']],
      ['changed before', { until: start + 10 }, ['a']],
      ['of two things', { destination: 'main', status: 'pending' }, ['c', 'b']],
    ])('items are listed %s, last changed first', async ([, filter, ids]) => {
      const store = await openStore()
      await arrive(store, [upsert('a', 'A')])
      await deliver(store)
      await arrive(store, [upsert('b', 'A', { source: 'blog' })], start + 10)
      await arrive(store, [upsert('d', 'A', { destination: 'second' })], start + 20)
      await arrive(store, [upsert('c', 'A', { type: 'page' })], start + 30)
      const { rows } = await store.listItems(filter, all())
      expect(rows.map(({ id }) => id)).toEqual(ids)
    })
  })

  describe(`${name}: events that wait for a fetch`, () => {
    type Waits = { readonly dueAt?: number; readonly attempts?: number; readonly error?: string | null }

    /** An event of the source, mapped and found to need a fetch. */
    async function waiting(store: Store, { source = 'blog', ...waits }: Waits & { source?: string } = {}) {
      await store.accept([webhook({ source })])
      const [event] = await atTime(store, start).claimEvents({ owner, leaseMs: lease, limit: 1 })
      await wait(store, event!.seq, waits)
      return event!
    }

    function wait(store: Store, seq: number, { dueAt = start, attempts = 0, error = null }: Waits, by = owner) {
      const outcome = { status: 'waiting', dueAt, attempts, error } as const
      return atTime(store, start).settleEvents(by, [{ seq, mapper: 'thin', mapperVersion: 'v1', outcome, changes: [] }])
    }

    function done(store: Store, seq: number, by = 'w1', changes = [upsert('p1', 'A')], fetches: readonly Fetch[] = []) {
      const outcome = { status: 'processed' } as const
      return atTime(store, start + 9).settleEvents(by, [
        { seq, mapper: 'thin', mapperVersion: 'v1', outcome, changes, fetches },
      ])
    }

    const claimBy = (store: Store, by = 'w1', at = start, source = 'blog') =>
      atTime(store, at).claimWaiting({ owner: by, source, leaseMs: lease })

    const fetched = (url: string): Fetch => ({
      at: start,
      durationMs: 12.5,
      method: 'GET',
      url,
      status: 200,
      outcome: 'found',
      error: null,
    })

    test('are not pending, are claimed for their source when they are due, and are settled as any other', async () => {
      const store = await openStore()
      const body = Buffer.from([1, 0, 255])
      await store.accept([webhook({ source: 'blog', body })])
      const [event] = await atTime(store, start).claimEvents({ owner, leaseMs: lease, limit: 1 })
      await wait(store, event!.seq, { dueAt: start + 5 })
      expect(await atTime(store, start + 5).claimEvents({ owner, leaseMs: 1e12, limit: 9 })).toEqual([])
      expect(await claimBy(store, 'w1', start + 4)).toBeNull()
      expect(await claimBy(store, 'w1', start + 5, 'shop')).toBeNull()
      const claimed = await claimBy(store, 'w1', start + 5)
      expect(claimed).toMatchObject({ ...event, body: expect.anything(), since: start, attempts: 0 })
      expect(Buffer.from(claimed!.body).equals(body)).toBe(true)
      expect(await done(store, event!.seq)).toEqual([{ applied: 1, unchanged: 0, stale: 0 }])
      expect(await store.getEvent(event!.id)).toMatchObject({ status: 'processed', settledAt: start + 9, dueAt: null })
      expect(await claimBy(store, 'w2', never)).toBeNull()
      expect(await store.nextFetchAt('blog')).toBeNull()
    })

    test('say why, since when and until when; the changes so far count', async () => {
      const store = await openStore()
      const { seq, id } = await waiting(store)
      await claimBy(store)
      const outcome = { status: 'waiting', dueAt: start + 70, attempts: 1, error: 'status 503' } as const
      const changes = [upsert('p1', 'A')]
      const event = { seq, mapper: 'thin', mapperVersion: 'v1', outcome, changes, fetches: [fetched('/a')] }
      expect(await atTime(store, start + 20).settleEvents('w1', [event])).toEqual([
        { applied: 1, unchanged: 0, stale: 0 },
      ])
      expect(await dueIds(store, start + 20)).toEqual(['p1'])
      expect(await store.getEvent(id)).toMatchObject({
        status: 'waiting',
        error: 'status 503',
        settledAt: null,
        dueAt: start + 70,
        fetches: [fetched('/a')],
      })
      expect(await store.nextFetchAt('blog')).toBe(start + 70)
      expect(await claimBy(store, 'w2', start + 70)).toMatchObject({ since: start, attempts: 1 })
      expect(await store.nextFetchAt('blog')).toBeNull()
    })

    test('are due at once where that would be later than anything may be: the clock has stepped back since', async () => {
      const store = await openStore()
      await waiting(store, { source: 'blog', dueAt: start + 100 })
      await waiting(store, { source: 'blog', dueAt: start + 300 })
      await waiting(store, { source: 'shop', dueAt: start + 300 })
      await atTime(store, start).recover({ longestWaitMs: 200 })
      expect(await store.nextFetchAt('blog')).toBe(start)
      expect(await store.nextFetchAt('shop')).toBe(start)
      await claimBy(store)
      expect(await store.nextFetchAt('blog')).toBe(start + 100)
    })

    test('are given to one worker at a time, and again to the same one', async () => {
      const store = await openStore()
      const [a, b] = [await waiting(store), await waiting(store, { dueAt: start - 1 })]
      expect(await claimBy(store, 'w1')).toMatchObject({ seq: b.seq })
      expect(await claimBy(store, 'w2')).toMatchObject({ seq: a.seq })
      expect(await claimBy(store, 'w3')).toBeNull()
      expect(await claimBy(store, 'w1')).toMatchObject({ seq: b.seq })
      expect(await done(store, a.seq, 'w1')).toEqual([null])
      expect(await store.getEvent(a.id)).toMatchObject({ status: 'waiting' })
    })

    test('are claimed by another once the lease is over, and then the first settles nothing', async () => {
      const store = await openStore()
      const { seq, id } = await waiting(store)
      await claimBy(store, 'w1')
      expect(await claimBy(store, 'w2', start + lease - 1)).toBeNull()
      expect(await claimBy(store, 'w2', start + lease)).toMatchObject({ seq })
      expect(await done(store, seq, 'w1')).toEqual([null])
      expect(await done(store, seq, 'w2')).toEqual([{ applied: 1, unchanged: 0, stale: 0 }])
      expect((await store.getEvent(id))!.status).toBe('processed')
    })

    test('outlive a restart, with their claims taken back', async () => {
      const { store, reopen } = await opened()
      if (!reopen) return
      const { seq } = await waiting(store, { attempts: 3 })
      await claimBy(store, 'w1')
      const again = await reopen()
      onTestFinished(() => again.close())
      await atTime(again, start + 1 + lease).recover()
      expect(await claimBy(again, 'w2', start + 1)).toMatchObject({ seq, attempts: 3, since: start })
    })

    test('can be replayed: they are pending, and nobody else settles them', async () => {
      const store = await openStore()
      const { seq, id } = await waiting(store, { attempts: 3, error: 'status 503' })
      const other = await waiting(store)
      await claimBy(store, 'w1')
      expect(await store.replayEvents({ ids: [id] }, 9)).toBe(1)
      expect(await done(store, seq)).toEqual([null])
      expect(await store.getEvent(id)).toMatchObject({ status: 'pending', replays: 1, error: null, dueAt: null })
      expect(await store.nextFetchAt('blog')).toBe(start)
      expect(await claimBy(store, 'w2')).toMatchObject({ seq: other.seq })
      const [again] = await atTime(store, start + 9).claimEvents({ owner, leaseMs: 1e12, limit: 9 })
      expect(again).toMatchObject({ seq })
      await wait(store, seq, {})
      expect(await claimBy(store, 'w3')).toMatchObject({ seq, attempts: 0 })
    })

    test('of sources that fetch no more are pending again', async () => {
      const store = await openStore()
      const [a, b, c] = [
        await waiting(store, { source: 'old' }),
        await waiting(store),
        await waiting(store, { source: 'gone' }),
      ]
      await claimBy(store, 'w1', start, 'old')
      expect(await store.releaseWaiting(['blog', 'shop'], 1)).toBe(1)
      expect(await store.releaseWaiting(['blog', 'shop'], 9)).toBe(1)
      expect(await store.releaseWaiting(['blog', 'shop'], 9)).toBe(0)
      const pending = await atTime(store, start).claimEvents({ owner, leaseMs: 1e12, limit: 9 })
      expect(pending.map(({ seq }) => seq)).toEqual([a.seq, c.seq])
      expect(await claimBy(store)).toMatchObject({ seq: b.seq })
    })

    test('are listed and counted, are not pruned, and keep their newest fetches', async () => {
      const store = await openStore()
      const { seq, id } = await waiting(store)
      expect((await store.listEvents({ status: 'waiting' }, all())).rows).toMatchObject([{ id }])
      expect(await store.readStats()).toMatchObject({ eventsPending: 0, eventsWaiting: 1, oldestPendingEventAt: start })
      expect(await pruneBefore(store, { events: never, attempts: never }, 9)).toBe(0)
      await claimBy(store)
      await done(
        store,
        seq,
        'w1',
        [],
        Array.from({ length: 130 }, (_, index) => fetched(`/${index}`)),
      )
      await store.replayEvents({ ids: [id] }, 1)
      await atTime(store, start).claimEvents({ owner, leaseMs: 1e12, limit: 9 })
      await wait(store, seq, {})
      await claimBy(store)
      await done(store, seq, 'w1', [], [fetched('/new')])
      const { fetches } = (await store.getEvent(id))!
      expect(fetches).toHaveLength(100)
      expect([fetches[0]!.url, fetches[1]!.url, fetches[99]!.url]).toEqual(['/new', '/129', '/31'])
      expect(await pruneBefore(store, { events: never, attempts: never }, 9)).toBe(1)
      expect(await store.getEvent(id)).toBeNull()
    })
  })

  describe(`${name}: lists and numbers`, () => {
    test('events are paged newest first, each once', async () => {
      const store = await openStore()
      const accepted = await store.accept(
        Array.from({ length: 7 }, (_, i) => webhook({ receivedAt: start + (i >> 1) })),
      )
      const seen: string[] = []
      let cursor: string | undefined
      do {
        const page = await store.listEvents({ source: 'shop' }, { limit: 3, ...(cursor && { cursor }) })
        seen.push(...page.rows.map(({ id }) => id))
        cursor = page.next ?? undefined
      } while (cursor)
      expect(seen).toEqual(accepted.map(({ eventId }) => eventId).toReversed())
    })

    test('a page that is exactly full is the last', async () => {
      const store = await openStore()
      await store.accept([webhook(), webhook()])
      expect((await store.listEvents({}, { limit: 2 })).next).toBeNull()
    })

    test('a cursor that is none of ours is refused', async () => {
      const store = await openStore()
      const page = { limit: 2, cursor: 'x' }
      await expect(store.listEvents({}, page)).rejects.toMatchObject({ code: 'invalid' })
      await expect(store.listItems({}, page)).rejects.toMatchObject({ code: 'invalid' })
    })

    test('an unknown event is null', async () => {
      const store = await openStore()
      expect(await store.getEvent('evt_12345')).toBeNull()
      expect(await store.getEvent("' or 1=1")).toBeNull()
    })

    test('an item shows its body, its event and its batch', async () => {
      const store = await openStore()
      const [event] = await claimedEvents(store, 1)
      await map(store, event!, [upsert('p1', 'A', { version: version(1) })])
      const batch = await send(store)
      expect(await store.getItems({ id: 'p1' })).toMatchObject([
        {
          body: upsert('p1', 'A').body,
          eventId: event!.id,
          batchId: batch.batchId,
          changedAt: start,
          version: version(1),
        },
      ])
    })

    test('batches and attempts are listed newest first, and by the item they held', async () => {
      const store = await openStore()
      await arrive(store, [upsert('p1', 'A'), upsert('p2', 'A')])
      const first = await send(store, start, { maxItems: 1 })
      const second = await send(store)
      const attempt = { destination: 'main', at: start, durationMs: 1.5, requestId: 'r', itemCount: 1 }
      const failed = { ...attempt, batchId: first.batchId, status: null, outcome: 'retry', error: 'timeout' }
      await store.recordAttempt(failed)
      await store.recordAttempt({ ...failed, batchId: second.batchId })
      await store.recordAttempt({ ...attempt, batchId: first.batchId, status: 200, outcome: 'delivered', error: null })
      const batches = (await store.listBatches({ destination: 'main', status: 'open' }, all())).rows
      expect(batches.map(({ id }) => id)).toEqual([second.batchId, first.batchId])
      expect(batches[1]).toMatchObject({ key: first.key, itemCount: 1, kind: 'upsert', attempts: 0 })
      const itemSeq = first.items[0]!.seq
      const { rows } = await store.listAttempts({ itemSeq }, all())
      expect(rows).toMatchObject([
        { ...attempt, batchId: first.batchId, key: first.key, status: 200 },
        { batchId: first.batchId, status: null, error: 'timeout' },
      ])
      expect((await store.listAttempts({ batchId: second.batchId }, all())).rows).toHaveLength(1)
      const page = await store.listAttempts({ destination: 'main' }, { limit: 2 })
      const rest = await store.listAttempts({ destination: 'main' }, { limit: 2, cursor: page.next! })
      expect([page.rows.length, rest.rows.length, rest.next]).toEqual([2, 1, null])
    })

    test('an attempt of an unknown batch is refused', async () => {
      const store = await openStore()
      const attempt = {
        batchId: 'none',
        destination: 'main',
        at: 1,
        durationMs: 1,
        status: 200,
        outcome: 'x',
        error: null,
      }
      const recorded = store.recordAttempt({ ...attempt, requestId: null, itemCount: 1 })
      await expect(recorded).rejects.toMatchObject({ code: 'not_found' })
    })

    test('the numbers count what there is', async () => {
      const store = await openStore()
      await arrive(store, [upsert('a', 'A')])
      await deliver(store)
      await arrive(store, [upsert('b', 'A')])
      await finish(store, await send(store), { result: 'dead' })
      await arrive(store, [upsert('c', 'A', { receivedAt: start - 5 }), upsert('d', 'A', { destination: 'second' })])
      await send(store)
      await store.accept([webhook({ receivedAt: start + 1 }), webhook({ receivedAt: start + 2 })])
      expect(await store.readStats()).toEqual({
        eventsPending: 2,
        eventsWaiting: 0,
        eventsFailed: 0,
        oldestPendingEventAt: start + 1,
        destinations: [
          {
            destination: 'main',
            pending: 1,
            delivered: 1,
            dead: 1,
            held: 0,
            openBatches: 1,
            oldestPendingAt: start - 5,
          },
          { destination: 'second', pending: 1, delivered: 0, dead: 0, held: 0, openBatches: 0, oldestPendingAt: start },
        ],
      })
    })

    test('an empty store has empty numbers', async () => {
      const store = await openStore()
      const none = { eventsPending: 0, eventsWaiting: 0, eventsFailed: 0, oldestPendingEventAt: null, destinations: [] }
      expect(await store.readStats()).toEqual(none)
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

  describeExecutions(name, openStore)
  describeOrigins(name, openStore)
  describeStatistics(name, openStore, runs)
  describeSteps(name, openStore)

  /** Two connections to the same data; none where the engine has but one. */
  async function openTwo(): Promise<Store[]> {
    const { store, beside } = await opened()
    if (!beside) return []
    const other = await beside()
    onTestFinished(() => other.close())
    return [store, other]
  }

  describeCircuits(name, openStore, openTwo)
  describeTakingAway(name, openStore, openTwo)

  describe(`${name}: any sequence of steps`, () => {
    test('loses no change, lets no old one win, holds an item once and knows what was acknowledged', async () => {
      const property = fc.asyncProperty(steps, async (taken) => {
        const { store } = await open()
        try {
          await runModel(store, taken)
        } finally {
          await store.close()
        }
      })
      await fc.assert(property, { numRuns: runs })
    }, 60_000)
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
  })
}
