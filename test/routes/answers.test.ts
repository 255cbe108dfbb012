import { describe, expect, test } from 'vitest'
import type { Document } from '../../src/api/openapi.ts'
import { refused, startScriptedIngest } from '../scripted-ingest.ts'
import { createClock, startRelay } from '../support.ts'

/** A relay in which everything that the API can show has happened. */
async function startBusy() {
  const clock = createClock()
  const ingest = await startScriptedIngest(clock)
  const main = {
    token: 'con_test.destination-secret',
    website_id: 'site_1',
    site_domain: 'example.com',
    base_url: ingest.baseUrl,
    default_language: 'en',
  }
  const vars = { origin: 'https://example.com' }
  const relay = await startRelay({
    baseUrl: ingest.baseUrl,
    clock,
    destinations: { main, second: { ...main, token: 'con_two.destination-secret', website_id: 'site_2' } },
    sources: {
      demo: { mapper: 'generic', destination: 'main', verify: 'none', vars },
      slow: {
        mapper: 'generic',
        destination: 'main',
        verify: 'none',
        vars,
        rate_limit: { max: 1, window: '1h' },
        silent_after: '1h',
      },
    },
  })
  const post = (id: number | string, over: object = {}) => ({
    event: 'post.updated',
    type: 'post',
    id,
    url: '/a',
    title: 'A',
    html: '<p>a</p>',
    version: 1,
    ...over,
  })
  ingest.answer(({ ids }) => (ids.includes('post:2') ? refused(400, 'validation.failed') : undefined))
  for (const id of [1, 2, 3]) await relay.send('demo', post(id))
  await relay.send('demo', post(4, { url: 'https://elsewhere.example/a' }))
  await relay.send('demo', Buffer.from([0x7b, 0xff]))
  for (const id of [5, 6]) await relay.send('slow', post(id))
  await relay.map()
  await relay.deliver(60_000)
  return { ...relay, post }
}

/** What is asked, by the name of the operation; in this order. */
const requests: readonly (readonly [name: string, method: 'GET' | 'POST', path: string, body?: object])[] = [
  ['listEvents', 'GET', '/events'],
  ['listEvents', 'GET', '/events?group_by=error'],
  ['getEvent', 'GET', '/events/evt_1'],
  ['previewEvent', 'POST', '/events/evt_1/preview'],
  ['replayEvent', 'POST', '/events/evt_1/replay'],
  ['replayEvents', 'POST', '/events/replay', { status: 'failed', dry_run: true }],
  ['replayEvents', 'POST', '/events/replay', { status: 'failed' }],
  ['purgeEvents', 'POST', '/events/purge', { source: 'slow', dry_run: true }],
  ['listItems', 'GET', '/items'],
  ['listItems', 'GET', '/items?group_by=error'],
  ['getItem', 'GET', '/items/post:2'],
  ['redeliverItem', 'POST', '/items/post:1/redeliver', { reset_version: true }],
  ['redeliverItems', 'POST', '/items/redeliver', { status: 'dead', dry_run: true }],
  ['redeliverItems', 'POST', '/items/redeliver', { id: 'post:1' }],
  ['removeItem', 'POST', '/items/post:3/remove', { hold: true }],
  ['getItem', 'GET', '/items/post:3'],
  ['releaseItem', 'POST', '/items/post:3/release'],
  ['purgeItems', 'POST', '/items/purge', { status: 'dead' }],
  ['moveItems', 'POST', '/items/move', { from: 'main', to: 'second', dry_run: true }],
  ['moveItems', 'POST', '/items/move', { from: 'main', to: 'second' }],
  ['listBatches', 'GET', '/batches'],
  ['listAttempts', 'GET', '/attempts'],
  ['listDestinations', 'GET', '/destinations'],
  ['getDestination', 'GET', '/destinations/main'],
  ['disableDestination', 'POST', '/destinations/main/disable', { reason: 'moving' }],
  ['enableDestination', 'POST', '/destinations/main/enable'],
  ['reload', 'POST', '/reload', { dry_run: true }],
  ['listSources', 'GET', '/sources'],
  ['listMappers', 'GET', '/mappers'],
  [
    'previewWebhook',
    'POST',
    '/mappers/generic/preview',
    {
      source: 'demo',
      body: [
        { type: 'post', id: 1, url: '/a', text: 't' },
        { type: 'post', id: 2, status: 'draft' },
      ],
    },
  ],
]

describe('an answer of each resource holds all that the document names, and no more', () => {
  // What `startRelay` starts judges each answer; here each operation has one that is good and, if it is a list, not empty.
  test('once everything has happened', async () => {
    const { admin, app, send, post } = await startBusy()
    expect((await send('demo', post(9))).statusCode).toBe(202)
    expect((await app.inject('/healthz')).statusCode).toBe(200)
    for (const [name, method, path, body] of requests) {
      const answer = await admin(method, path, body)
      expect(answer.statusCode, `${name}: ${answer.body}`).toBeLessThan(300)
      const { data } = answer.json()
      if (Array.isArray(data)) expect(data.length, name).toBeGreaterThan(0)
    }
  })

  test('and no operation of the admin API is left out', async () => {
    const { app } = await startRelay({ baseUrl: 'http://127.0.0.1:9/v1/ingest' })
    const { paths }: Document = (await app.inject('/openapi.json')).json()
    const described = Object.entries(paths)
      .filter(([path]) => path.startsWith('/api/v1/'))
      .flatMap(([, methods]) => Object.values(methods).map(({ operationId }) => String(operationId)))
    const asked = new Set([...requests.map(([name]) => name), 'streamSignals']) // has tests of its own
    expect([...asked].sort()).toEqual(described.sort())
  })
})
