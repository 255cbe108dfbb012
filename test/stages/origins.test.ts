import { expect, test } from 'vitest'
import { createClock, product, startRelay, startSandbox } from '../support.ts'

// What is known of the record behind an item: of which model and in which locale it was, and from when it is.

const vars = { origin: 'https://example.com' }

async function started() {
  const clock = createClock()
  const sandbox = await startSandbox(clock)
  const sources = {
    blog: {
      mapper: 'strapi',
      destination: 'main',
      verify: 'none',
      vars,
      models: { article: { type: 'post', url: '$vars.origin & "/blog/" & slug' } },
    },
    shop: { mapper: 'shopify', destination: 'main', verify: 'none', vars },
  }
  const one = await startRelay({ baseUrl: sandbox.baseUrl, clock, sources })
  const itemOf = async (id: string) => (await one.relay.store.getItems({ id }))[0]!
  return { ...one, clock, itemOf }
}

test('an item has the model that its source has registered, and the locale in the words of the CMS', async () => {
  const { send, map, itemOf } = await started()
  const entry = { documentId: 'd1', slug: 'a', title: 'A', locale: 'de_CH', publishedAt: '2026-01-01T00:00:00Z' }
  await send('blog', { event: 'entry.publish', model: 'article', entry })
  await map()
  expect(await itemOf('article:d1@de_CH')).toMatchObject({ resource: 'article', locale: 'de_CH', sources: ['blog'] })
})

test('a record without models is known by its name in the mapper', async () => {
  const { send, map, itemOf } = await started()
  await send('shop', product(7), { 'x-shopify-topic': 'products/update' })
  await map()
  expect(await itemOf('product:7')).toMatchObject({ resource: 'product', locale: null })
})

test('what an event knows from an earlier time is as of that time, and so is a version that lies ahead of it', async () => {
  const { relay, map, itemOf, clock } = await started()
  const asOf = clock.now() - 3_600_000
  const body = Buffer.from(JSON.stringify({ ...product(7), updated_at: new Date(clock.now()).toISOString() }))
  const headers = { 'x-shopify-topic': 'products/update', 'content-type': 'application/json' }
  const page = { source: 'shop', deliveryId: null, topic: 'products/update', receivedAt: clock.now(), asOf }
  await relay.store.accept([{ ...page, method: 'POST', path: '/webhooks/shop', query: '', headers, body }])
  await map()
  const { known } = await itemOf('product:7')
  expect(known).toMatchObject({ asOf, isCounted: true })
})
