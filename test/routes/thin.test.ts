import { createHmac } from 'node:crypto'
import { expect, test } from 'vitest'
import { startScriptedCms } from '../cms-api/support.ts'
import { startRelay } from '../support.ts'

const baseUrl = 'http://127.0.0.1:9/v1/ingest'
const secret = 'secret-of-the-webhook'
const after = 'b'.repeat(40)

test("GitHub's push, signed and sent as a form, brings the files as they are at its end", async () => {
  const cms = await startScriptedCms(({ url }) => {
    if (url !== `/repos/example/docs/contents/docs/a%20b.md?ref=${after}`) return { status: 404 }
    const content = Buffer.from('# Grüße\n\nHello.\n').toString('base64')
    return { body: { type: 'file', encoding: 'base64', path: 'docs/a b.md', content } }
  })
  const docs = {
    mapper: 'github',
    destination: 'main',
    secret,
    vars: { origin: 'https://example.com', root: 'docs' },
    fetch: { token: 'token-of-github', base_url: cms.origin, allow_private: true },
  }
  const test = await startRelay({ baseUrl, sources: { docs } })
  const commit = { added: ['docs/a b.md'], modified: [], removed: ['docs/old.md'] }
  const repository = { full_name: 'example/docs', default_branch: 'main', pushed_at: 1_767_225_600 }
  const push = { ref: 'refs/heads/main', after, commits: [commit], repository }
  const payload = `payload=${encodeURIComponent(JSON.stringify(push))}`
  const answer = await test.app.inject({
    method: 'POST',
    url: '/webhooks/docs',
    payload,
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'x-github-event': 'push',
      'x-github-delivery': 'd-1',
      'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(payload).digest('hex')}`,
    },
  })
  expect(answer.statusCode).toBe(202)
  await test.map()
  await test.fetch()
  expect(await test.relay.store.getEvent(answer.json().data.event_id)).toMatchObject({ status: 'processed' })
  const [file] = await test.relay.store.getItems({ id: 'doc:docs/a b.md' })
  expect(JSON.parse(file?.body ?? '{}')).toMatchObject({ title: 'Grüße', url: 'https://example.com/a%20b' })
  expect((await test.relay.store.getItems({ id: 'doc:docs/old.md' }))[0]).toMatchObject({ desiredKind: 'delete' })
  expect(cms.requests.map(({ headers }) => headers['authorization'])).toEqual(['Bearer token-of-github'])
})

test("BigCommerce's webhook, signed with the client secret's own bytes, brings the product from the API", async () => {
  const product = { id: 205, name: 'Bag', price: 24.99, is_visible: true, custom_url: { url: '/bag/' } }
  const cms = await startScriptedCms(({ url }) => {
    return url === '/v3/catalog/products/205?include=images%2Cvariants' ? { body: { data: product } } : { status: 404 }
  })
  const shop = {
    mapper: 'bigcommerce',
    destination: 'main',
    secret,
    vars: { store_hash: 'abc123', origin: 'https://example.com', currency: 'USD' },
    fetch: { token: 'token-of-the-store', base_url: cms.origin, allow_private: true },
  }
  const test = await startRelay({ baseUrl, sources: { shop } })
  const body = JSON.stringify({
    scope: 'store/product/updated',
    data: { type: 'product', id: 205 },
    created_at: Math.floor(test.clock.now() / 1000),
    producer: 'stores/abc123',
  })
  const timestamp = String(Math.floor(test.clock.now() / 1000))
  const signature = createHmac('sha256', secret).update(`msg_1.${timestamp}.${body}`).digest('base64')
  const headers = { 'webhook-id': 'msg_1', 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` }
  const answer = await test.send('shop', body, headers)
  expect(answer.statusCode).toBe(202)
  expect((await test.send('shop', body, headers)).json().data.status).toBe('duplicate')
  await test.map()
  await test.fetch()
  expect(await test.relay.store.getEvent(answer.json().data.event_id)).toMatchObject({
    status: 'processed',
    error: null,
  })
  const [item] = await test.relay.store.getItems({ id: 'product:205' })
  expect(JSON.parse(item?.body ?? '{}').json.product.price).toEqual({ value: 24.99, unit: 'currency', currency: 'USD' })
  expect(cms.requests.map(({ headers }) => headers['x-auth-token'])).toEqual(['token-of-the-store'])
})
