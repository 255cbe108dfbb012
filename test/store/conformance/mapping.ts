import { describe, expect, onTestFinished, test } from 'vitest'
import type { Fetch, NewEvent, PendingEvent, Store } from '../../../src/store/contract/store.ts'
import {
  all,
  arrive,
  atTime,
  claimedEvents,
  dueIds,
  itemOf,
  lease,
  map,
  never,
  owner,
  pruneBefore,
  start,
  tombstone,
  upsert,
  version,
  webhook,
} from '../support.ts'
import type { Openers } from './openers.ts'

/** What every store promises of mapping. */
export function describeMapping(name: string, { opened, openStore, openTwo }: Openers): void {
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

  describe(`${name}: turns of sources`, () => {
    /** So many webhooks that come one after the other, as from callers that do not wait for each other. */
    async function crowd(store: Store, count: number, of: Partial<NewEvent> = {}): Promise<readonly string[]> {
      const commits = Array.from({ length: Math.ceil(count / 50) }, (_, index) =>
        store.accept(Array.from({ length: Math.min(50, count - index * 50) }, () => webhook(of))),
      )
      return (await Promise.all(commits)).flat().map(({ eventId }) => eventId)
    }

    /** What claims give out until nothing is left, each mapped at once. */
    async function claimAll(store: Store, limit: number): Promise<readonly (readonly PendingEvent[])[]> {
      const claims: (readonly PendingEvent[])[] = []
      for (;;) {
        const events = await store.claimEvents({ owner, leaseMs: lease, limit })
        if (events.length === 0) return claims
        for (const event of events) await map(store, event, [])
        claims.push(events)
      }
    }

    test('a source is claimed from at once, however many webhooks of another came before', async () => {
      const store = await openStore()
      await crowd(store, 3_000)
      const [blog] = await store.accept([webhook({ source: 'blog' })])
      const claimed = await store.claimEvents({ owner, leaseMs: lease, limit: 10 })
      expect(claimed).toHaveLength(10)
      expect(claimed.map(({ id }) => id)).toContain(blog!.eventId)
    })

    test('each source gets a like share, the webhooks of each are claimed in their order, and every one once', async () => {
      const store = await openStore()
      const accepted = new Map<string, string[]>()
      for (const [source, count] of [
        ['a', 120],
        ['b', 7],
        ['a', 60],
        ['c', 90],
        ['b', 3],
      ] as const) {
        // biome-ignore format: one idea
        accepted.set(source, [...(accepted.get(source) ?? []), ...(await crowd(store, count, { source }))])
      }
      const claims = await claimAll(store, 9)
      expect(claims.slice(0, 3).map((events) => events.filter(({ source }) => source === 'b').length)).toEqual([
        3, 3, 3,
      ])
      for (const [source, ids] of accepted) {
        const claimed = claims.flat().filter((event) => event.source === source)
        expect(claimed.map(({ id }) => id)).toEqual(ids)
      }
    })

    test('more sources than a claim has room for come one after the other', async () => {
      const store = await openStore()
      for (const source of ['a', 'b', 'c', 'd', 'e']) await crowd(store, 4, { source })
      const claims = await claimAll(store, 2)
      const rounds = claims.map((events) =>
        events
          .map(({ source }) => source)
          .sort()
          .join(''),
      )
      // A rival takes turns of its own in between, but nobody waits for long, and nobody comes twice while others wait.
      expect([...new Set(rounds.slice(0, 5).join(''))].sort().join('')).toBe('abcde')
      for (const round of rounds.slice(0, 5)) expect(new Set(round).size).toBe(2)
      expect(rounds.join('')).toHaveLength(20)
    })

    test('what has a lower priority waits until nothing else does', async () => {
      const store = await openStore()
      const pages = await crowd(store, 60, { source: 'blog', priority: 1 })
      const webhooks = [...(await crowd(store, 20, { source: 'blog' })), ...(await crowd(store, 15))]
      const claims = await claimAll(store, 10)
      const ids = claims.flat().map(({ id }) => id)
      expect(new Set(ids.slice(0, webhooks.length))).toEqual(new Set(webhooks))
      expect(ids.slice(webhooks.length)).toEqual(pages)
    })

    test('a delivery that has come out of its turn is known, as are those that wait', async () => {
      const { store, reopen } = await opened()
      await crowd(store, 300)
      const event = webhook({ source: 'blog', deliveryId: 'd1' })
      const [first] = await store.accept([event])
      await store.accept([webhook({ deliveryId: 'd2' })])
      await store.claimEvents({ owner, leaseMs: lease, limit: 2 })
      expect(await store.accept([event])).toEqual([{ eventId: first!.eventId, duplicate: true }])
      if (!reopen) return
      const again = await reopen()
      onTestFinished(() => again.close())
      const answers = await again.accept([event, webhook({ deliveryId: 'd2' }), webhook({ source: 'new' })])
      expect(answers.map(({ duplicate }) => duplicate)).toEqual([true, true, false])
      expect((await again.listEvents({}, all(1_000))).rows).toHaveLength(303)
    })

    test('two owners that claim at once share what there is, and each settles its own', async () => {
      const [one, two] = await openTwo()
      if (!one || !two) return
      await crowd(one, 40, { source: 'a' })
      await crowd(two, 40, { source: 'b' })
      const claims = await Promise.all(
        [one, two, one, two].map((store, index) =>
          store.claimEvents({ owner: `o${index}`, leaseMs: lease, limit: 20 }),
        ),
      )
      const seqs = claims.flat().map(({ seq }) => seq)
      expect(seqs).toHaveLength(80)
      expect(new Set(seqs).size).toBe(80)
      expect(await map(two, claims[0]![0]!, [], start, 'o1')).toBeNull()
      expect(await map(two, claims[0]![0]!, [], start, 'o0')).not.toBeNull()
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
}
