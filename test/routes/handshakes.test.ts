import { generateKeyPairSync, sign } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { folder } from '../mapping/support.ts'
import { startRelay } from '../support.ts'

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString()

/** A JWT of these claims, signed with the test's key. */
function jwt(claims: object): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const signed = `${part({ alg: 'RS256', typ: 'JWT' })}.${part(claims)}`
  return `${signed}.${sign('sha256', Buffer.from(signed), privateKey).toString('base64url')}`
}

const mapper = `
name: greeter
title: Greeter
verify: { scheme: header, header: x-token }
event: { id: delivery }
accepted: { status: 200, body: { op: success } }
pings:
  - { name: challenge, method: GET, match: $exists($query.challenge), body: $query.challenge, unsigned: true }
  - { name: as JSON, method: GET, match: $exists($query.json), body: { challenge: $query.json }, unsigned: true }
  - { name: signed check, method: GET, match: $exists($query.signed) }
  - name: validation
    match: $contains(validationUrl, /^https:\\/\\/cms\\.example\\//)
    note: '"open " & validationUrl'
    unsigned: true
  - { name: acknowledged, match: kind = "soap", content_type: text/xml, body: '"<Ack>true</Ack>"' }
records:
  - { name: post, type: post, id: '"post:" & id', live: false }
`

const source = (over: object = {}) => ({ mapper: 'greeter', destination: 'main', secret: 'token-canary', ...over })

async function start(sources: Record<string, unknown> = { greeter: source(), off: source({ enabled: false }) }) {
  const mappersDir = folder({ 'greeter.yaml': mapper })
  const relay = await startRelay({ baseUrl: 'http://127.0.0.1:9/v1/ingest', sources, mappersDir })
  const get = (url: string, headers: Record<string, string> = {}, method: 'GET' | 'HEAD' | 'POST' = 'GET') =>
    relay.app.inject({ method, url, headers })
  return { ...relay, get }
}

async function eventCount({ relay }: Awaited<ReturnType<typeof start>>): Promise<number> {
  return (await relay.store.listEvents({}, { limit: 200 })).rows.length
}

describe('a ping that is not signed', () => {
  test('is 401 if its mapper does not say that it may be', async () => {
    const { send } = await start()
    expect((await send('greeter', { kind: 'soap' })).statusCode).toBe(401)
    expect((await send('greeter', { kind: 'soap' }, { 'x-token': 'token-canary' })).statusCode).toBe(200)
  })

  test('is not looked for in a body longer than a ping is', async () => {
    const { send } = await start()
    const ping = { validationUrl: 'https://cms.example/confirm' }
    expect((await send('greeter', ping)).statusCode).toBe(200)
    expect((await send('greeter', { ...ping, more: 'x'.repeat(70_000) })).statusCode).toBe(401)
  })
})

describe('a GET', () => {
  test('that is a challenge is answered with it as plain text, and is no event', async () => {
    const test = await start()
    const answer = await test.get('/webhooks/greeter?challenge=8ec8d794%3Cb%3E')
    expect(answer.statusCode).toBe(200)
    expect(answer.headers['content-type']).toBe('text/plain; charset=utf-8')
    expect(answer.body).toBe('8ec8d794<b>')
    expect(await eventCount(test)).toBe(0)
    expect(test.signals).toMatchObject([{ kind: 'webhook.answered', source: 'greeter', status: 200 }])
  })

  test('may be answered as JSON, on a longer path, and a HEAD with the same headers alone', async () => {
    const test = await start()
    const answer = await test.get('/webhooks/greeter/some/path?json=abc')
    expect(answer.json()).toEqual({ challenge: 'abc' })
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8')
    const head = await test.get('/webhooks/greeter?challenge=abc', {}, 'HEAD')
    expect([head.statusCode, head.body]).toEqual([200, ''])
  })

  test('is never taken for a page by a browser', async () => {
    const test = await start()
    const { headers } = await test.get('/webhooks/greeter?challenge=%3Cscript%3E')
    expect(headers['x-content-type-options']).toBe('nosniff')
    expect(headers['content-security-policy']).toMatch('sandbox')
  })

  test.each([
    ['that no ping claims', '/webhooks/greeter'],
    ['whose ping wants a signature', '/webhooks/greeter?signed=1'],
    ['of an unknown source', '/webhooks/nobody?challenge=1'],
    ['of a disabled source', '/webhooks/off?challenge=1'],
    ['of an inherited name', '/webhooks/__proto__?challenge=1'],
  ])('%s is 404, counted, and no event', async (_name, url) => {
    const test = await start()
    const answer = await test.get(url)
    expect(answer.statusCode).toBe(404)
    expect(answer.json()).toMatchObject({ ok: false, error: { code: 'not_found', status: 404, retryable: false } })
    expect(await eventCount(test)).toBe(0)
    expect(test.signals).toMatchObject([{ kind: 'webhook.refused', code: 'not_found' }])
  })

  test('with the proof that the source asks for is answered where its ping wants one', async () => {
    const test = await start()
    expect((await test.get('/webhooks/greeter?signed=1', { 'x-token': 'token-canary' })).statusCode).toBe(200)
    expect((await test.get('/webhooks/greeter?signed=1', { 'x-token': 'other' })).statusCode).toBe(404)
  })

  test('is no POST and a POST is no GET: pings are told apart by their method', async () => {
    const test = await start()
    const post = await test.get('/webhooks/greeter?challenge=1', {}, 'POST')
    expect(post.statusCode).toBe(401)
    expect((await test.get('/webhooks/greeter?kind=soap', { 'x-token': 'token-canary' })).statusCode).toBe(404)
  })
})

describe('a POST', () => {
  test('that wants a url visited is acknowledged, told to the operator, and the url is not called', async () => {
    const test = await start()
    const answer = await test.send('greeter', { validationUrl: 'https://cms.example/validate?id=1\u0007\u202e' })
    expect(answer.statusCode).toBe(200)
    expect(await eventCount(test)).toBe(0)
    const note = 'open https://cms.example/validate?id=1'
    expect(test.signals).toMatchObject([{ kind: 'webhook.answered', note }])
    const line = test.lines.map((text) => JSON.parse(text)).find(({ msg }) => msg === 'webhook.answered')
    expect(line).toMatchObject({ level: expect.toSatisfy((level) => level === 40 || level === 'warn'), note })
  })

  test('with a url of someone else is a webhook like any other: refused', async () => {
    const test = await start()
    expect((await test.send('greeter', { validationUrl: 'https://evil.example/' })).statusCode).toBe(401)
    expect(test.signals).toMatchObject([{ kind: 'webhook.refused', code: 'unauthorized' }])
  })

  test('may be answered in another content type', async () => {
    const test = await start()
    const answer = await test.send('greeter', { kind: 'soap' }, { 'x-token': 'token-canary' })
    expect(answer.headers['content-type']).toBe('text/xml; charset=utf-8')
    expect(answer.body).toBe('<Ack>true</Ack>')
  })

  test('that has been kept is answered as the CMS needs it, and so is its duplicate; a refusal is not', async () => {
    const test = await start()
    for (let sent = 0; sent < 2; sent += 1) {
      const answer = await test.send('greeter', { id: 1, delivery: 'd-1' }, { 'x-token': 'token-canary' })
      expect(answer.statusCode).toBe(200)
      expect(answer.headers['content-type']).toBe('application/json; charset=utf-8')
      expect(answer.json()).toEqual({ op: 'success' })
    }
    expect(await eventCount(test)).toBe(1)
    const refused = await test.send('greeter', { id: 1 }, {})
    expect(refused.statusCode).toBe(401)
    expect(refused.json().ok).toBe(false)
  })
})

describe('a body that is a JWT', () => {
  const packed = `
name: packed
title: Packed
verify: { scheme: jwt }
body: { format: jwt, json: [data], root: data }
event: { id: delivery }
records:
  - { name: post, type: post, id: '"post:" & id', live: false }
`
  const clockSec = Date.parse('2026-03-01T12:00:00Z') / 1000

  async function startPacked() {
    const mappersDir = folder({ 'packed.yaml': packed })
    const sources = { packed: { mapper: 'packed', destination: 'main', verify: { public_key: pem } } }
    return startRelay({ baseUrl: 'http://127.0.0.1:9/v1/ingest', sources, mappersDir })
  }

  const claims = { data: JSON.stringify({ id: 5, delivery: 'd-1' }), iat: clockSec, exp: clockSec + 60 }

  test.each(['text/plain', 'application/json', 'application/jwt'])(
    'sent as %s is mapped by what it says',
    async (type) => {
      const test = await startPacked()
      const answer = await test.send('packed', jwt(claims), { 'content-type': type })
      expect(answer.statusCode).toBe(202)
      await test.map()
      const event = await test.relay.store.getEvent(answer.json().data.event_id)
      expect(event).toMatchObject({ deliveryId: 'd-1', status: 'processed' })
      expect((await test.relay.store.getItems({ id: 'post:5' }))[0]).toMatchObject({ desiredKind: 'delete' })
      expect((await test.send('packed', jwt(claims), { 'content-type': type })).json().data.status).toBe('duplicate')
    },
  )

  test('stays readable after it has expired: a replay reads what was verified when it came', async () => {
    const test = await startPacked()
    const answer = await test.send('packed', jwt(claims), { 'content-type': 'text/plain' })
    test.clock.advance(3_600_000)
    await test.map()
    expect(await test.relay.store.getEvent(answer.json().data.event_id)).toMatchObject({ status: 'processed' })
  })

  test('that is forged, expired or unsigned is 401 and leaves nothing behind', async () => {
    const test = await startPacked()
    const good = jwt(claims)
    const [head, , signature] = good.split('.')
    const other = Buffer.from(JSON.stringify({ ...claims, data: '{"id":6}' })).toString('base64url')
    for (const body of [
      `${head}.${other}.${signature}`,
      jwt({ ...claims, exp: clockSec - 600 }),
      good.split('.').slice(0, 2).join('.') + '.',
    ]) {
      expect((await test.send('packed', body, { 'content-type': 'text/plain' })).statusCode).toBe(401)
    }
    expect((await test.relay.store.listEvents({}, { limit: 10 })).rows).toEqual([])
  })
})

describe('Adobe Commerce', () => {
  const vars = { origin: 'https://example.com', currency: 'EUR' }
  const verify = { public_key: pem, claims: { recipientclientid: 'client-1' } }
  const shop = { mapper: 'adobe-commerce', destination: 'main', verify, vars }

  async function startShop() {
    return startRelay({ baseUrl: 'http://127.0.0.1:9/v1/ingest', sources: { shop } })
  }

  test('gets its challenge answered as plain text, and its POST for a validation 200', async () => {
    const test = await startShop()
    const answer = await test.app.inject('/webhooks/shop?challenge=8ec8d794-e0ab-42df-9017-e3dada8e84f7')
    expect([answer.statusCode, answer.body]).toEqual([200, '8ec8d794-e0ab-42df-9017-e3dada8e84f7'])
    expect(answer.headers['content-type']).toMatch('text/plain')
    const validationUrl = 'https://csm.adobe.io/csm/registrations/validate?id=1&challenge=2'
    expect((await test.send('shop', { validationUrl })).statusCode).toBe(200)
    expect((await test.send('shop', { validationUrl: 'https://csm.adobe.io@evil.example/' })).statusCode).toBe(401)
    expect(test.signals.map((signal) => ('note' in signal ? signal.note : undefined)).filter(Boolean)).toEqual([
      expect.stringContaining(validationUrl),
    ])
  })

  test('sends signed events, which are answered 200 with the operation that its webhooks wait for', async () => {
    const test = await startShop()
    const body = JSON.stringify({
      type: 'com.adobe.commerce.observer.catalog_product_delete_commit_after',
      eventid: 'e-1',
      recipientclientid: 'client-1',
      time: '2026-03-01T11:59:00Z',
      data: { value: { entity_id: '42' } },
    })
    const signature = sign('sha256', Buffer.from(body), privateKey).toString('base64')
    const answer = await test.send('shop', body, { 'x-adobe-digital-signature-1': signature })
    expect([answer.statusCode, answer.json()]).toEqual([200, { op: 'success' }])
    await test.map()
    expect((await test.relay.store.getItems({ id: 'product:42@default' }))[0]).toMatchObject({ desiredKind: 'delete' })
    const forOther = body.replace('client-1', 'client-2')
    const other = sign('sha256', Buffer.from(forOther), privateKey).toString('base64')
    expect((await test.send('shop', forOther, { 'x-adobe-digital-signature-1': other })).statusCode).toBe(401)
  })
})

test("Wix's JWT is verified with the app's key, answered 200, and mapped by the JSON in its JSON", async () => {
  const vars = { origin: 'https://example.com', currency: 'EUR' }
  const sources = { wix: { mapper: 'wix', destination: 'main', verify: { public_key: pem }, vars } }
  const test = await startRelay({ baseUrl: 'http://127.0.0.1:9/v1/ingest', sources })
  const nowSec = test.clock.now() / 1000
  const product = { id: 'p-1', slug: 'bag', name: 'Bag', visible: true, updatedDate: '2026-03-01T11:59:00Z' }
  const fqdn = 'wix.stores.catalog.v3.product'
  const event = { id: 'e-1', entityFqdn: fqdn, entityId: 'p-1', createdEvent: { entity: product } }
  const data = JSON.stringify({ data: JSON.stringify(event), instanceId: 'i-1', eventType: `${fqdn}_created` })
  const body = jwt({ data, iat: nowSec, exp: nowSec + 60 })
  const answer = await test.send('wix', body, { 'content-type': 'text/plain' })
  expect(answer.statusCode).toBe(200)
  await test.map()
  const [item] = await test.relay.store.getItems({ id: 'wixStores.product#p-1' })
  expect(item).toMatchObject({ desiredKind: 'upsert' })
  const forged = `${body.slice(0, -4)}AAAA`
  expect((await test.send('wix', forged, { 'content-type': 'text/plain' })).statusCode).toBe(401)
})
