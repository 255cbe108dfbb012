import { createHmac } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createFolder } from '../folder.ts'
import { product, startRelay, type TestRelay } from '../support.ts'

const nowhere = 'http://127.0.0.1:9/v1/ingest'
const usual = {
  'content-type': 'application/json',
  date: 'Sun, 01 Mar 2026 12:00:00 GMT',
  'user-agent': 'a-shop/1',
  traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  'x-request-id': 'r-1',
}
const sent = { ...usual, 'x-forwarded-for': '203.0.113.9', 'x-shopify-shop-domain': 'a.example', accept: '*/*' }

async function headersOf({ relay }: TestRelay, answer: { json(): { data: { event_id: string } } }) {
  const event = await relay.store.getEvent(answer.json().data.event_id)
  const { 'content-length': length, ...headers } = event?.headers ?? {}
  expect(Number(length)).toBeGreaterThan(0)
  return headers
}

function withMappers(files: Readonly<Record<string, string>>): string {
  const folder = createFolder()
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  return folder
}

test('of a webhook, the usual headers are kept, and those that the mapper names', async () => {
  const relay = await startRelay({ baseUrl: nowhere })
  const named = { 'x-shopify-webhook-id': 'd-1', 'x-shopify-triggered-at': '2026-03-01T12:00:00Z' }
  const answer = await relay.sendShop('products/update', product(1), { ...sent, ...named })
  expect(await headersOf(relay, answer)).toEqual({ ...usual, ...named, 'x-shopify-topic': 'products/update' })
})

test('a header that a model of the source names is kept, and so is what the proof covers', async () => {
  const secret = `whsec_${Buffer.from('a secret of a test that is long').toString('base64')}`
  const cms = {
    mapper: 'strapi',
    destination: 'main',
    secret,
    verify: { scheme: 'standard-webhooks' },
    vars: { origin: 'https://example.com' },
    models: { post: { type: 'post', url: '$headers."x-site" & "/" & $string(id)' } },
  }
  const relay = await startRelay({ baseUrl: nowhere, sources: { cms } })
  const body = JSON.stringify({ event: 'entry.update', model: 'post', entry: { id: 1 } })
  const stamp = { 'webhook-id': 'm-1', 'webhook-timestamp': String(relay.clock.now() / 1000) }
  const signature = createHmac('sha256', Buffer.from(secret.slice(6), 'base64'))
    .update(`${stamp['webhook-id']}.${stamp['webhook-timestamp']}.${body}`)
    .digest('base64')
  const more = { ...stamp, 'webhook-signature': `v1,${signature}`, 'x-site': 'https://example.com' }
  const answer = await relay.send('cms', body, { ...sent, ...more })
  expect(await headersOf(relay, answer)).toEqual({ ...usual, ...stamp, 'x-site': 'https://example.com' })
})

test('all headers but secret ones are kept for a mapper that may read any', async () => {
  const mapper = `
name: whole
title: Whole
event: { topic: '$join($keys($headers)[$contains("x-shopify")])' }
records:
  - { name: a, type: post, id: '"post:1"', url: '"https://example.com/"', title: '"A"' }
`
  const sources = { whole: { mapper: 'whole', destination: 'main', verify: 'none' } }
  const relay = await startRelay({ baseUrl: nowhere, sources, mappersDir: withMappers({ 'whole.yaml': mapper }) })
  // Each has one word in its name that tells, and no other does.
  const secrets = {
    'proxy-authorization': 'Bearer a',
    cookie: 'a=b',
    'x-a-signature': 'd',
    'x-a-hmac-sha256': 'e',
    'x-access-token': 'f',
    'x-shared-secret': 'g',
    'x-password': 'h',
    'x-api-key': 'c',
    'x-apikey': 'i',
    'x-credentials': 'j',
  }
  const answer = await relay.send('whole', {}, { ...sent, ...secrets })
  expect(await headersOf(relay, answer)).toMatchObject(sent)
  for (const name of Object.keys(secrets)) expect(await headersOf(relay, answer)).not.toHaveProperty(name)
})

/** Names its events by what headers it is shown. */
const module = (headers: string) => `
export default ({ defineMapper, item, z }) => {
  const shown = ({ headers }) => Object.keys(headers).filter((name) => name !== 'content-length').sort().join()
  return defineMapper({
    name: 'shown',
    ${headers}
    event: { topic: shown },
    input: z.any(),
    map: (body, { webhook, topic }) => [
      item('post:1', { type: 'post', url: 'https://example.com/', title: 'A', json: { topic, shown: shown(webhook) } }),
    ],
  })
}`

test.each([
  ['none', '', []],
  ['two', "headers: ['X-Forwarded-For', 'x-absent'],", ['x-forwarded-for']],
])(
  'a module that declares %s of its headers is shown the same at receipt and when it maps',
  async (_name, declares, more) => {
    const sources = { own: { mapper: 'shown', destination: 'main', verify: 'none' } }
    const mappersDir = withMappers({ 'shown.ts': module(declares) })
    const relay = await startRelay({ baseUrl: nowhere, sources, mappersDir })
    const answer = await relay.send('own', {}, sent)
    const names = [...Object.keys(usual), ...more].sort()
    expect(Object.keys(await headersOf(relay, answer)).sort()).toEqual(names)
    await relay.map()
    const event = await relay.relay.store.getEvent(answer.json().data.event_id)
    expect(event).toMatchObject({ status: 'processed', topic: names.join() })
    const [item] = (await relay.relay.store.listItems({}, { limit: 1 })).rows
    const detail = await relay.admin('GET', `/items/${encodeURIComponent(item!.id)}`)
    expect(detail.body).toContain(names.join())
  },
)

test('an event that was kept with more headers is mapped as ever', async () => {
  const relay = await startRelay({ baseUrl: nowhere })
  const [kept] = await relay.relay.store.accept([
    {
      source: 'shop',
      deliveryId: null,
      topic: 'products/update',
      receivedAt: relay.clock.now(),
      method: 'POST',
      path: '/webhooks/shop',
      query: '',
      headers: { ...sent, 'x-shopify-topic': 'products/update' },
      body: Buffer.from(JSON.stringify(product(1))),
      proof: {},
      deliveryTag: null,
    },
  ])
  await relay.map()
  expect(await relay.relay.store.getEvent(kept!.eventId)).toMatchObject({ status: 'processed', headers: sent })
})
