import { expect, test } from 'vitest'
import { shopSecret, startRelay } from '../support.ts'

const nowhere = 'http://127.0.0.1:9/v1/ingest'
const secret = 'c4nary/s3cret+value'
const escaped = encodeURIComponent(secret)
const basic = Buffer.from(`cms:${secret}`).toString('base64')
const record = { event: 'post.deleted', type: 'post', id: 7 }
const source = (verify: object) => ({ mapper: 'generic', destination: 'main', secret, verify })
const sources = {
  header: source({ scheme: 'header', header: 'x-hook' }),
  basic: source({ scheme: 'basic', username: 'cms' }),
  path: source({ scheme: 'path' }),
  query: source({ scheme: 'query' }),
  body: source({ scheme: 'body' }),
  twice: { ...source({ scheme: 'header', header: 'x-hook', secret }), secret },
  hmac: source({ scheme: 'hmac', header: 'x-signature' }),
}

const hook = { 'x-hook': secret }
const cases: readonly (readonly [what: string, url: string, body: object, headers: Record<string, string>])[] = [
  ['two headers', 'header', record, { ...hook, 'x-delivery-id': secret }],
  ['a header and a sentence of another', 'header', record, { ...hook, 'user-agent': `a/1 (${secret})` }],
  ['a header and the query', `header?a=1&b=${escaped}&${escaped}`, record, hook],
  ['a header and the query, with the plus as it is', `header?b=${secret}`, record, hook],
  ['a header and the path', `header/x/${escaped}`, record, hook],
  ['a header and the body', 'header', { ...record, more: { secret: [secret, `a ${secret} b`] } }, hook],
  ['basic authentication and a cookie', 'basic', record, { authorization: `Basic ${basic}`, cookie: `a=${secret}` }],
  ['basic authentication twice', 'basic', record, { authorization: `Basic ${basic}`, 'x-delivery-id': basic }],
  ['path and header', `path/${escaped}`, record, { 'x-delivery-id': secret }],
  ['the path twice', `path/${escaped}/${escaped}`, record, {}],
  ['two parameters', `query?token=${escaped}&other=${escaped}`, record, {}],
  ['the query and the path', `query/${escaped}?token=${escaped}`, record, {}],
  ['two members of the body', 'body', { ...record, secret, a: { secret }, delivery_id: secret }, {}],
  ['two settings', 'twice', record, { ...hook, 'x-delivery-id': secret }],
]

test.each(cases)('a secret that comes in %s is kept and shown nowhere', async (_what, url, body, headers) => {
  const { send, relay, admin, lines, map } = await startRelay({ baseUrl: nowhere, sources })
  const answer = await send(url, body, headers)
  expect(answer.statusCode, answer.body).toBe(202)
  await map()
  const id = answer.json().data.event_id
  const event = await relay.store.getEvent(id)
  expect(event?.status).toBe('processed')
  const kept = JSON.stringify({ ...event, body: event?.body.toString('latin1') })
  const shown = [(await admin('GET', `/events/${id}`)).body, (await admin('GET', '/events')).body, ...lines].join('\n')
  for (const form of [secret, escaped, 's3cret', basic]) {
    expect(kept, form).not.toContain(form)
    expect(shown, form).not.toContain(form)
  }
})

test('a header or a parameter that comes twice is no proof', async () => {
  const { app, send } = await startRelay({ baseUrl: nowhere, sources })
  expect((await send(`query?token=${escaped}&token=${escaped}`, record)).statusCode).toBe(401)
  const headers = { 'content-type': 'application/json', 'x-hook': [secret, secret] }
  const twice = await app.inject({ method: 'POST', url: '/webhooks/header', payload: JSON.stringify(record), headers })
  expect(twice.statusCode).toBe(401)
})

test('a signed body stays as it was signed, and is shown without the secret', async () => {
  const { sendShop, relay, admin } = await startRelay({ baseUrl: nowhere })
  const body = JSON.stringify({ id: 1, title: `A ${shopSecret}`, handle: 'a' })
  const id = (await sendShop('products/update', body)).json().data.event_id
  expect((await relay.store.getEvent(id))?.body.toString()).toBe(body)
  const shown = await admin('GET', `/events/${id}`)
  expect(shown.json().data.body).toBe(body.replace(shopSecret, '[secret]'))
  expect((await admin('POST', `/events/${id}/preview`)).body).not.toContain(shopSecret)
})
