import { describe, expect, test } from 'vitest'
import { bucketOf } from '../../../src/domain/latency.ts'
import type { MappedEvent, RefusedWebhook, StatsQuery, Store } from '../../../src/store/contract/store.ts'
import fc from '../../fast-check.ts'
import {
  arrive,
  atTime,
  claim,
  claimedEvents,
  deliver,
  finish,
  owner,
  pruneBefore,
  send,
  start,
  upsert,
  webhook,
} from '../support.ts'

const minute = 60_000
const hour = 60 * minute
/** The beginning of an hour. */
const noon = Math.ceil(start / hour) * hour

/** Numbers by the minute and the last refusals: a part of what every store promises. */
export function describeStatistics(name: string, openStore: () => Promise<Store>, runs: number): void {
  const bySource: StatsQuery = { since: noon - hour, until: noon + 24 * hour, step: '1m', groupBy: 'source' }
  const nothing = { refusals: [], counts: [], last: [] }

  describe(`${name}: numbers by the minute`, () => {
    test('accepted webhooks count in the minute of their receipt, from the moment they are kept', async () => {
      const store = await openStore()
      const times = [noon, noon + minute - 1, noon + minute, noon + hour]
      await store.accept(times.map((receivedAt) => webhook({ receivedAt })))
      await store.accept([webhook({ receivedAt: noon, source: 'blog' })])
      const series = await store.readStatsSeries(bySource)
      expect(series.map(({ at, name, accepted }) => [at - noon, name, accepted])).toEqual([
        [0, 'blog', 1],
        [0, 'shop', 2],
        [minute, 'shop', 1],
        [hour, 'shop', 1],
      ])
      const byHour = await store.readStatsSeries({ ...bySource, step: '1h', since: noon + 5, until: noon + 6 })
      expect(byHour.map(({ at, name, accepted }) => [at - noon, name, accepted])).toEqual([
        [0, 'blog', 1],
        [0, 'shop', 3],
      ])
    })

    test('duplicates and refusals are added up', async () => {
      const store = await openStore()
      const count = { source: 'shop', at: noon + 5, duplicate: 1, refused: 2 }
      await store.addTurnedAway({ ...nothing, counts: [count, { ...count, at: noon + minute }] })
      await store.addTurnedAway({ ...nothing, counts: [{ ...count, duplicate: 0 }] })
      const series = await store.readStatsSeries({ ...bySource, step: '1h' })
      expect(series).toMatchObject([{ at: noon, name: 'shop', accepted: 0, duplicate: 2, refused: 6 }])
    })

    test('what waits is noted as of a minute, wherever it waits', async () => {
      const store = await openStore()
      const [mapped] = await claimedEvents(store, 3, noon)
      const waiting = { status: 'waiting', dueAt: noon + hour, attempts: 0, error: null } as const
      const event = { seq: mapped!.seq, mapper: 'm', mapperVersion: '1', outcome: waiting, changes: [] }
      await atTime(store, noon).settleEvents('relay-1', [event])
      await arrive(store, [upsert('p1', 'A', { receivedAt: noon }), upsert('p2', 'A', { receivedAt: noon })], noon)
      await store.accept([webhook({ receivedAt: noon - 5 }), webhook({ receivedAt: noon, source: 'blog' })])
      await atTime(store, noon + 10).noteWaiting()
      await atTime(store, noon + 20).noteWaiting()
      const shop = { at: noon, name: 'shop', pending: 4, oldestPendingMs: 25 }
      const blog = { at: noon, name: 'blog', pending: 1, oldestPendingMs: 20 }
      expect(await store.readStatsSeries({ ...bySource, since: noon })).toMatchObject([blog, shop])
      expect(await store.readStatsSeries({ ...bySource, since: noon, groupBy: 'destination' })).toMatchObject([
        { at: noon, name: 'main', pending: 2, oldestPendingMs: 20 },
      ])
    })

    test('an item that a batch brings over counts for its source and its destination, with the time since its webhook', async () => {
      const store = await openStore()
      await arrive(store, [upsert('p1', 'A', { receivedAt: noon }), upsert('p2', 'A', { source: 'blog' })], noon)
      await deliver(store, noon + minute)
      const delivered = { at: noon + minute, delivered: 1, dead: 0 }
      const series = (await store.readStatsSeries(bySource)).filter(({ at }) => at === noon + minute)
      expect(series).toMatchObject([
        { ...delivered, name: 'blog' },
        { ...delivered, name: 'shop' },
      ])
      expect(series[1]!.p50Ms).toBeGreaterThan(minute / 2)
      expect(series[1]!.p95Ms).toBeLessThan(minute * 2)
      expect(await store.readStatsSeries({ ...bySource, groupBy: 'destination' })).toMatchObject([
        { name: 'main', at: noon + minute, delivered: 2, accepted: 0 },
      ])
    })

    test('what was given up while something newer came is not dead', async () => {
      const store = await openStore()
      await arrive(store, [upsert('p1', 'A'), upsert('p2', 'A')], noon)
      const batch = await send(store, noon)
      await arrive(store, [upsert('p2', 'B')], noon)
      await finish(store, batch, { result: 'dead' }, noon)
      const query = { ...bySource, groupBy: 'destination' } as const
      expect(await store.readStatsSeries(query)).toMatchObject([{ name: 'main', dead: 1, delivered: 0 }])
    })

    // One step of a history: so many webhooks come in, are mapped, are sent, each with its outcome.
    const step = fc.record({
      source: fc.constantFrom('shop', 'blog'),
      count: fc.integer({ min: 1, max: 4 }),
      outcome: fc.constantFrom('processed', 'skipped', 'failed', 'unmapped'),
      sent: fc.constantFrom('delivered', 'dead', 'retry'),
      afterMs: fc.integer({ min: 0, max: 3 * minute }),
      delayMs: fc.integer({ min: 0, max: 10 * minute }),
    })

    test('the numbers of all minutes add up to what has happened, and say when', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
          const store = await openStore()
          const happened = new Map<string, number>()
          const note = (at: number, name: string, what: string, by = 1) => {
            const key = `${Math.floor(at / minute)} ${name} ${what}`
            if (by > 0) happened.set(key, (happened.get(key) ?? 0) + by)
          }
          const latencies: number[] = []
          let at = noon
          let id = 0
          for (const { source, count, outcome, sent, afterMs, delayMs } of steps) {
            at += afterMs
            const receivedAt = at
            await store.accept(Array.from({ length: count }, () => webhook({ receivedAt, source })))
            note(receivedAt, source, 'accepted', count)
            if (outcome === 'unmapped') continue
            at += delayMs
            const claimed = await atTime(store, at).claimEvents({ owner, leaseMs: 1, limit: 100 })
            const result = { processed: {}, skipped: { reason: 'r' }, failed: { error: 'e' } }[outcome]
            const events = claimed.map(({ seq, source: from, receivedAt: since }) => {
              note(at, from, outcome)
              const change = upsert(`p${++id}`, 'A', { source: from, receivedAt: since })
              const shared = { seq, mapper: 'm', mapperVersion: '1', outcome: { status: outcome, ...result } }
              return { ...shared, changes: outcome === 'processed' ? [change] : [] } as MappedEvent
            })
            await atTime(store, at).settleEvents(owner, events)
            if (outcome !== 'processed') continue
            at += delayMs
            const batch = await claim(store, at)
            if (!batch) continue
            await store.sealBatch(owner, { id: batch.batchId, key: batch.batchId, body: Buffer.from('[]') })
            const sources = new Map(
              (await store.listItems({}, { limit: 100 })).rows.map((row) => [row.seq, row.source]),
            )
            for (const item of sent === 'retry' ? [] : batch.items) {
              for (const name of [sources.get(item.seq)!, 'main']) note(at, name, sent)
              if (sent === 'delivered') latencies.push(at - item.receivedAt)
            }
            await finish(store, batch, sent === 'retry' ? { result: 'retry', dueAt: at } : { result: sent }, at)
          }
          const counted = new Map<string, number>()
          for (const groupBy of ['source', 'destination'] as const) {
            for (const point of await store.readStatsSeries({ ...bySource, groupBy })) {
              for (const what of ['accepted', 'processed', 'skipped', 'failed', 'delivered', 'dead'] as const) {
                if (point[what] > 0) counted.set(`${point.at / minute} ${point.name} ${what}`, point[what])
              }
            }
          }
          expect(new Map([...counted].sort())).toEqual(new Map([...happened].sort()))
          if (latencies.length === 1) {
            const points = await store.readStatsSeries({ ...bySource, step: '1h', groupBy: 'destination' })
            const { p50Ms, p95Ms } = points.find(({ delivered }) => delivered === 1)!
            for (const ms of [p50Ms!, p95Ms!]) expect(bucketOf(ms)).toBe(bucketOf(latencies[0]!))
          }
          await store.close()
        }),
        { numRuns: runs },
      )
    })

    test('numbers are pruned with the events of their time, a few at once', async () => {
      const store = await openStore()
      const count = { source: 'shop', duplicate: 1, refused: 0 }
      const counts = Array.from({ length: 610 }, (_, index) => ({ ...count, at: noon + index * minute }))
      await store.addTurnedAway({ ...nothing, counts })
      const left = async () => {
        await pruneBefore(store, { events: noon + 608 * minute, attempts: 0 }, 500)
        return (await store.readStatsSeries(bySource)).map(({ at }) => (at - noon) / minute)
      }
      expect((await left())[0]).toBe(500)
      expect(await left()).toEqual([608, 609])
      expect(await left()).toEqual([608, 609])
    })
  })

  describe(`${name}: the last refused webhooks`, () => {
    const refused = (reason: string, more: Partial<RefusedWebhook> = {}): RefusedWebhook => {
      return { source: 'shop', at: noon, code: 'unauthorized', reason, address: '203.0.113.0/24', ...more }
    }

    test('are listed newest first, those of one source', async () => {
      const store = await openStore()
      await store.addTurnedAway({ ...nothing, last: [refused('a'), refused('b', { address: null })] })
      await store.addTurnedAway({ ...nothing, last: [refused('c', { source: 'blog' }), refused('d')] })
      expect(await store.listRefusals('shop')).toEqual([refused('d'), refused('b', { address: null }), refused('a')])
      expect(await store.listRefusals('other')).toEqual([])
    })

    test('are a hundred of each source', async () => {
      const store = await openStore()
      await store.addTurnedAway({ ...nothing, last: [refused('of the blog', { source: 'blog' })] })
      const last = Array.from({ length: 70 }, (_, index) => refused(`first ${index}`))
      await store.addTurnedAway({ ...nothing, last })
      await store.addTurnedAway({ ...nothing, last: last.map((one, index) => ({ ...one, reason: `second ${index}` })) })
      const reasons = (await store.listRefusals('shop')).map(({ reason }) => reason)
      expect(reasons).toHaveLength(100)
      expect([reasons[0], reasons[69], reasons[70], reasons[99]]).toEqual([
        'second 69',
        'second 0',
        'first 69',
        'first 40',
      ])
      expect(await store.listRefusals('blog')).toHaveLength(1)
    })
  })
}
