import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { ItemChange, MappedEvent, Store } from '../../../src/store/contract/store.ts'
import { arrive, atTime, claimedEvents, dueIds, itemOf, lease, owner, send, settle, start, tombstone, upsert, version } from '../support.ts' // biome-ignore format: one idea

/** Many events and changes in one settlement: a part of what every store promises. */
export function describeSteps(name: string, openStore: () => Promise<Store>): void {
  describe(`${name}: several events in one step`, () => {
    test('that change one item count in their order, and it goes out once', async () => {
      const store = await openStore()
      const [a, b, c] = await claimedEvents(store, 3)
      const events = [
        mapped(a!.seq, [upsert('p1', 'A', { version: version(1) })]),
        mapped(b!.seq, [upsert('p1', 'C', { version: version(3) }), upsert('p2', 'A')]),
        mapped(c!.seq, [upsert('p1', 'B', { version: version(2) })]),
      ]
      const none = { applied: 0, unchanged: 0, stale: 0 }
      expect(await atTime(store, start).settleEvents(owner, events)).toEqual([{ ...none, applied: 1 }, { ...none, applied: 2 }, { ...none, stale: 1 }]) // biome-ignore format: one idea
      expect(await itemOf(store, 'p1')).toMatchObject({ checksum: 'sha256:C', eventId: b!.id, status: 'pending' })
      expect((await store.listEvents({ status: 'skipped' }, { limit: 10 })).rows).toMatchObject([{ id: c!.id, reason: 'stale' }]) // biome-ignore format: one idea
      const batch = await send(store)
      expect(batch.items.map(({ id, body }) => [id, body])).toEqual([['p1', upsert('p1', 'C').body], ['p2', upsert('p2', 'A').body]]) // biome-ignore format: one idea
    })

    test('of which one belongs to another owner: it is answered with null, and its changes count for nothing', async () => {
      const store = await openStore()
      const [mine] = await claimedEvents(store, 1)
      const [theirs] = await claimedEvents(store, 1, start, 'another')
      const events = [theirs, mine, mine].map((event, index) => mapped(event!.seq, [upsert(`p${index}`, 'A')]))
      expect(await atTime(store, start).settleEvents(owner, events)).toMatchObject([null, { applied: 1 }, null])
      expect(await dueIds(store)).toEqual(['p1'])
    })

    test('that bring an item back as it was sent let its batch show what it has sent', async () => {
      const store = await openStore()
      await arrive(store, [upsert('p1', 'A')])
      const batch = await send(store)
      const [a, b] = await claimedEvents(store, 2)
      const events = [mapped(a!.seq, [tombstone('p1')]), mapped(b!.seq, [upsert('p1', 'A')])]
      await atTime(store, start).settleEvents(owner, events)
      await settle(store, batch, { kind: 'retry', nextAt: start, error: 'later' })
      const again = await atTime(store, start).claimBatch({ owner, destination: 'main', leaseMs: lease })
      expect(again?.items).toMatchObject([{ body: upsert('p1', 'A').body }])
    })
  })

  describe(`${name}: a split`, () => {
    test.each([
      ['names an item twice and forgets another', [0, 0]],
      ['names an item twice', [0, 1, 1]],
      ['names an item of another batch', [0, 2]],
    ])('that %s is refused', async (_what, named) => {
      const store = await openStore()
      await arrive(store, [upsert('p1', 'A'), upsert('p2', 'A')])
      const batch = await send(store)
      await arrive(store, [upsert('p3', 'A')])
      const items = [...batch.items, ...(await send(store)).items].map(({ seq }) => seq)
      const parts = named.map((index) => ({ id: randomUUID(), key: 'k', body: Buffer.from('x'), items: [items[index]!] })) // biome-ignore format: one idea
      await expect(settle(store, batch, { kind: 'split', error: 'e', parts })).rejects.toMatchObject({
        code: 'invalid',
      })
    })
  })
}

function mapped(seq: number, changes: readonly ItemChange[]): MappedEvent {
  return { seq, mapper: 'shopify', mapperVersion: 'v1', outcome: { status: 'processed' }, changes }
}
