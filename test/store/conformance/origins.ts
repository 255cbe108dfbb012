import { describe, expect, test } from 'vitest'
import type { Store } from '../../../src/store/contract/store.ts'
import { arrive, atTime, claimedEvents, map, owner, start, tombstone, upsert, webhook } from '../support.ts'

/** Where events and items come from: a part of what every store promises. */
export function describeOrigins(name: string, openStore: () => Promise<Store>): void {
  const detailOf = async (store: Store, id: string) => {
    const [item] = await store.getItems({ id })
    const { resource, locale, sources } = item!
    return { resource, locale, sources }
  }
  const article = { resource: 'article', locale: 'de-CH' }

  describe(`${name}: where items come from`, () => {
    test('an item has the model and the locale of the record that made its desired state', async () => {
      const store = await openStore()
      await arrive(store, [upsert('p1', 'A', article), upsert('p2', 'A')])
      expect(await detailOf(store, 'p1')).toEqual({ ...article, sources: ['shop'] })
      expect(await detailOf(store, 'p2')).toEqual({ resource: null, locale: null, sources: ['shop'] })
      await arrive(store, [upsert('p1', 'B', { resource: 'page', locale: null })])
      expect(await detailOf(store, 'p1')).toMatchObject({ resource: 'page', locale: null })
      await arrive(store, [upsert('p1', 'B', article)]) // the same content, from another record
      expect(await detailOf(store, 'p1')).toMatchObject(article)
    })

    test('a removal, which has no record, leaves both as they are', async () => {
      const store = await openStore()
      await arrive(store, [upsert('p1', 'A', article)])
      await arrive(store, [tombstone('p1')])
      expect(await detailOf(store, 'p1')).toMatchObject(article)
    })

    test('an item that was held has those of what it was released to', async () => {
      const store = await openStore()
      const key = { destination: 'main', type: 'product', id: 'p1' }
      await arrive(store, [upsert('p1', 'A', { resource: 'page', locale: 'en' })])
      await atTime(store, start + 1).removeItem({ ...key, hold: true })
      await arrive(store, [upsert('p1', 'B', article)], start + 2)
      expect(await detailOf(store, 'p1')).toMatchObject({ resource: 'page', locale: 'en' })
      await atTime(store, start + 3).releaseItem(key)
      expect(await detailOf(store, 'p1')).toMatchObject(article)
    })

    test('every source that has spoken of an item is known, whatever came of it', async () => {
      const store = await openStore()
      await arrive(store, [upsert('p1', 'A', { source: 'shop' }), upsert('p2', 'A', { source: 'shop' })])
      const [early, late] = await claimedEvents(store, 2, start + 1)
      await map(store, late!, [upsert('p1', 'B', { source: 'blog' })], start + 1)
      expect(await map(store, early!, [tombstone('p1', { source: 'archive' })], start + 1)).toMatchObject({ stale: 1 })
      await arrive(store, [upsert('p1', 'C', { source: 'shop' })], start + 2)
      expect((await detailOf(store, 'p1')).sources).toEqual(['archive', 'blog', 'shop'])
      expect((await detailOf(store, 'p2')).sources).toEqual(['shop'])
    })

    test('an item that an operator removed unseen has the sources that speak of it later', async () => {
      const store = await openStore()
      await store.removeItem({ destination: 'main', type: 'product', id: 'p1', hold: false })
      expect((await detailOf(store, 'p1')).sources).toEqual([])
      await arrive(store, [upsert('p1', 'A', { source: 'blog' })], start + 1)
      expect((await detailOf(store, 'p1')).sources).toEqual(['blog'])
    })
  })

  describe(`${name}: where events come from`, () => {
    test('an event keeps its tenant, its priority and the time from which it knows what it says', async () => {
      const store = await openStore()
      const page = { priority: 1, asOf: start - 500, tenant: 'acme' }
      await store.accept([webhook(page), webhook({ deliveryId: 'd1' })])
      const claim = { owner, leaseMs: 1, limit: 10 }
      const [first, second] = [...(await store.claimEvents(claim))].sort((a, b) => a.seq - b.seq)
      expect(first).toMatchObject(page)
      expect(second).not.toHaveProperty('priority')
      expect(second).not.toHaveProperty('asOf')
      expect(second).not.toHaveProperty('tenant')
    })
  })
}
