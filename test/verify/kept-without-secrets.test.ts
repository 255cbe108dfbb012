import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { adminToken, startRelay } from '../support.ts'

const canary = 'canary/s3cret+value'
const nowhere = 'http://127.0.0.1:9/v1/ingest'
const body = { event: 'post.deleted', type: 'post', id: 7, delivery_id: 'd-1' }
const source = (verify: object) => ({ mapper: 'generic', destination: 'main', secret: canary, verify })

const cases: readonly (readonly [
  name: string,
  url: string,
  payload: string | Buffer,
  headers: Record<string, string>,
])[] = [
  ['path', `/webhooks/path/${encodeURIComponent(canary)}`, JSON.stringify(body), {}],
  ['query', `/webhooks/query?token=${encodeURIComponent(canary)}`, JSON.stringify(body), {}],
  ['body', '/webhooks/body', JSON.stringify({ ...body, secret: canary }), {}],
  ['body', '/webhooks/body', gzipSync(JSON.stringify({ ...body, secret: canary })), { 'content-encoding': 'gzip' }],
  ['header', '/webhooks/header', JSON.stringify(body), { 'x-hook': canary }],
]

test.each(cases)(
  'promise 11: a secret in the %s is kept nowhere and comes out nowhere',
  async (name, url, payload, headers) => {
    const sources = {
      path: source({ scheme: 'path' }),
      query: source({ scheme: 'query' }),
      body: source({ scheme: 'body' }),
      header: source({ scheme: 'header', header: 'x-hook' }),
    }
    const { app, relay, lines, map, admin } = await startRelay({ baseUrl: nowhere, sources })
    const seen = `https://relay${url}`
    const otherwise = seen.replace('%2F', '/').replace('s3cret', '%733cret') // as a proxy may write the same URL
    const sent = {
      'content-type': 'application/json',
      'x-original-url': seen,
      'x-forwarded-uri': otherwise,
      ...headers,
    }
    const answer = await app.inject({ method: 'POST', url, payload, headers: sent })
    expect(answer.statusCode).toBe(202)
    const wrong = url.replace('s3cret', 's3cres')
    await app.inject({
      method: 'POST',
      url: wrong,
      payload: '{"secret":"x"}',
      headers: { 'content-type': 'application/json' },
    })
    await map()

    const id = answer.json().data.event_id
    const event = await relay.store.getEvent(id)
    expect(event).toMatchObject({ source: name, deliveryId: 'd-1', status: 'processed' })
    const shown = await admin('GET', `/events/${id}`)
    const everything = [
      answer.body,
      shown.body,
      (await app.inject('/metrics')).body,
      JSON.stringify({ ...event, body: event?.body.toString('latin1') }),
      ...lines,
    ].join('\n')
    expect(shown.body).not.toContain(adminToken)
    for (const form of [canary, encodeURIComponent(canary), 's3cret', '733cret', JSON.stringify(canary).slice(1, -1)]) {
      expect(everything).not.toContain(form)
    }
  },
)

test('the same webhook twice is the same event, whichever of the live secrets it showed', async () => {
  const secrets = ['secret-old', 'secret-new']
  const hook = { mapper: 'generic', destination: 'main', secret: secrets, verify: { scheme: 'body' } }
  const { send, relay } = await startRelay({ baseUrl: nowhere, sources: { hook } })
  const bodies: string[] = []
  for (const secret of secrets) {
    const { event_id } = (await send('hook', { ...body, delivery_id: undefined, secret })).json().data
    bodies.push((await relay.store.getEvent(event_id))?.body.toString() ?? '')
  }
  expect(bodies[0]).toBe(bodies[1])
  expect(JSON.parse(bodies[0] ?? '')).toMatchObject({ id: 7, secret: '[secret]' })
})
