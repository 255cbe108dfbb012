import { randomUUID } from 'node:crypto'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Settlement } from '../../../src/store/contract/store.ts'
import {
  all,
  arrive,
  atTime,
  claim,
  deliver,
  dueIds,
  finish,
  itemOf,
  lease,
  never,
  owner,
  send,
  settle,
  start,
  statusOf,
  tombstone,
  upsert,
  version,
} from '../support.ts'
import type { Openers } from './openers.ts'

/** What every store promises of delivering. */
export function describeDelivering(name: string, { opened, openStore, openTwo }: Openers): void {
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

    test('a claimed item says which source and event is behind it, and nothing if an operator is', async () => {
      const store = await openStore()
      await arrive(store, [upsert('p1', 'A')])
      await arrive(store, [upsert('p1', 'B'), upsert('p2', 'A')])
      const [first, second] = (await claim(store))!.items
      expect([first, second]).toMatchObject([
        { source: 'shop', eventSeq: 2 },
        { source: 'shop', eventSeq: 2 },
      ])
      await store.removeItem({ destination: 'main', type: 'product', id: 'p9', hold: false })
      expect((await claim(store))!.items).toMatchObject([{ id: 'p9', source: null, eventSeq: null }])
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
      const [changed, same] = batch.items
      const items = [{ ...changed, eventSeq: null }, same] // the event behind it is another one now
      expect(sealed).toMatchObject({ id: batch.batchId, key: batch.key, attempts: 1, items })
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

    test('a batch without bytes was not tried: it is neither tried again nor split', async () => {
      const store = await openStore()
      await arrive(store, [upsert('p1', 'A'), upsert('p2', 'A')])
      const batch = (await claim(store))!
      const parts = batch.items.map(({ seq }) => ({
        id: `part ${seq}`,
        key: 'k',
        body: Buffer.from('{}'),
        items: [seq],
      }))
      expect(await settle(store, batch, { kind: 'retry', nextAt: start, error: 'failed' })).toBe(false)
      expect(await settle(store, batch, { kind: 'split', error: 'too large', parts })).toBe(false)
      expect((await store.listBatches({}, all())).rows).toMatchObject([{ status: 'claimed', attempts: 0, error: null }])
      expect(await settle(store, batch, { kind: 'done', items: [] })).toBe(true)
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

  describe(`${name}: two owners at once`, () => {
    const call = { destination: 'main', leaseMs: lease }

    test('that claim items hold different ones', async () => {
      const [one, two] = await openTwo()
      if (!one || !two) return
      await arrive(
        one,
        Array.from({ length: 40 }, (_, index) => upsert(`p${index}`, 'A')),
      )
      const sizes = { maxItems: 10, maxBytes: 1_000_000 }
      const batches = await Promise.all(
        [one, two, one, two, one].map((store, index) =>
          store.claimItems({ ...call, ...sizes, owner: `o${index}`, batchId: randomUUID() }),
        ),
      )
      const ids = batches.flatMap((batch) => batch?.items.map(({ id }) => id) ?? [])
      expect(ids).toHaveLength(40)
      expect(new Set(ids).size).toBe(40)
    })

    test('that claim a batch get it once, and of two that settle it the one that has it', async () => {
      const [one, two] = await openTwo()
      if (!one || !two) return
      await arrive(one, [upsert('p1', 'A')])
      const batch = await send(one)
      await settle(one, batch, { kind: 'retry', nextAt: start, error: 'status 503' })
      const claims = await Promise.all(
        [one, two].map((store, index) => store.claimBatch({ ...call, owner: `o${index}` })),
      )
      expect(claims.filter(Boolean)).toHaveLength(1)
      const winner = claims[0] ? 'o0' : 'o1'
      const items = [{ seq: batch.items[0]!.seq, result: 'delivered' }] as const
      const settled = await Promise.all(
        [two, one].map((store, index) => store.settleBatch(`o${index}`, batch.batchId, { kind: 'done', items })),
      )
      expect(settled.indexOf(true)).toBe(winner === 'o0' ? 0 : 1)
      expect(settled.filter(Boolean)).toHaveLength(1)
    })

    test.each(['done', 'retry', 'split'] as const)('and a lease that is over settles nothing: %s', async (kind) => {
      const [one, two] = await openTwo()
      if (!one || !two) return
      await arrive(one, [upsert('p1', 'A')])
      const batch = await send(one)
      expect(await atTime(two, start + lease).claimBatch({ ...call, owner: 'o2' })).toMatchObject({ id: batch.batchId })
      const seqs = batch.items.map(({ seq }) => seq)
      const settlements = {
        done: { kind, items: seqs.map((seq) => ({ seq, result: 'dead', error: 'e', uncertain: false })) },
        retry: { kind, nextAt: start, error: 'e' },
        split: { kind, error: 'e', parts: [{ id: randomUUID(), key: 'k', body: Buffer.from('x'), items: seqs }] },
      }
      expect(await one.settleBatch(owner, batch.batchId, settlements[kind] as Settlement)).toBe(false)
      expect(await itemOf(one, 'p1')).toMatchObject({ status: 'pending', batchId: batch.batchId, error: null })
      expect(await finish(two, batch, { result: 'delivered' }, start + lease)).toBe(false)
      expect(await two.settleBatch('o2', batch.batchId, { kind: 'done', items: [] })).toBe(true)
    })
  })
}
