import { describe, expect, test } from 'vitest'
import type { EventFilter, Refusal } from '../../../src/store/contract/store.ts'
import {
  all,
  arrive,
  atTime,
  claimedEvents,
  deliver,
  finish,
  map,
  owner,
  pruneBefore,
  send,
  start,
  upsert,
  version,
  webhook,
} from '../support.ts'
import type { Openers } from './openers.ts'

/** What every store promises of lists and numbers. */
export function describeBrowsing(name: string, { openStore }: Openers): void {
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
  })
}
