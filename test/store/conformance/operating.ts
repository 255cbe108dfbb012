import { describe, expect, test } from 'vitest'
import type { ItemFilter } from '../../../src/store/contract/store.ts'
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
  send,
  settle,
  start,
  statusOf,
  tombstone,
  upsert,
  version,
  webhook,
} from '../support.ts'
import type { Openers } from './openers.ts'

/** What every store promises of what people ask for. */
export function describeOperating(name: string, { openStore }: Openers): void {
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
      const asSent = batch.items.map((item) => ({ ...item, eventSeq: null })) // it is wanted anew, by an operator
      expect((await atTime(store, start + 6).claimBatch(again))!.items).toEqual(asSent)
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
}
