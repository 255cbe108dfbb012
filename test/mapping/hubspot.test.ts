import { expect, test } from 'vitest'
import { bindMapper } from '../../src/mapping/library/bind.ts'
import { loadMappers } from '../../src/mapping/library/load.ts'
import { outcomeOf, webhook } from './support.ts'

const library = await loadMappers()
const vars = { fetch: true, currency: 'EUR' }
const mapper = bindMapper(library.get('hubspot')!, { source: 'hubspot', vars, models: {} })

const event = (subscriptionType: string, objectId: number, occurredAt = 1) => {
  return { subscriptionType, objectId, occurredAt, portalId: 1, subscriptionId: 2, eventId: occurredAt }
}

test('the products of a batch of events are asked for at once, and the one that is not known is gone', async () => {
  const batch = [
    event('product.propertyChange', 501),
    event('contact.creation', 7),
    event('product.propertyChange', 501, 2),
    event('product.creation', 502),
    event('product.deletion', 503, 1_564_113_600_000),
  ]
  const bag = { name: 'Bag', price: '34.50', hs_url: 'https://example.com/bag' }
  const answer = { results: [{ id: '501', properties: bag, updatedAt: '2026-01-15T11:30:00Z', archived: false }] }
  const outcome = await outcomeOf(mapper, webhook(batch), { siteDomain: 'example.com', defaultLanguage: 'en' }, [
    { method: 'POST', url: '/crm/v3/objects/products/batch/read', body: answer },
  ])
  expect(outcome.asks).toHaveLength(1)
  expect(outcome.problems).toEqual([])
  expect(outcome.changes).toMatchObject([
    { kind: 'delete', id: 'product:503' },
    { kind: 'upsert', item: { id: 'product:501', json: { product: { price: { value: 34.5, currency: 'EUR' } } } } },
    { kind: 'delete', id: 'product:502' },
  ])
})
