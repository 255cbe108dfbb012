import { createHmac } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { describe, expect, test, vi } from 'vitest'
import { adminToken, product, shopSecret, startRelay, type TestRelay } from '../support.ts'

const nowhere = 'http://127.0.0.1:9/v1/ingest'
const start = (over: Partial<Parameters<typeof startRelay>[0]> = {}) => startRelay({ baseUrl: nowhere, ...over })

function sign(body: string | Buffer, secret = shopSecret): string {
  return createHmac('sha256', secret).update(body).digest('base64')
}

async function eventCount({ relay }: TestRelay): Promise<number> {
  return (await relay.store.listEvents({}, { limit: 200 })).rows.length
}

describe('an authentic webhook', () => {
  test('is answered 202 with the id of its event, and kept byte for byte', async () => {
    const test = await start()
    const body = '{"id": 788032119674292922,\r\n "title":"caf\\u00e9 \\/ x", "handle":"x"}'
    const answer = await test.sendShop('products/update', body, {
      'x-shopify-webhook-id': 'd-1',
      authorization: 'Bearer inbound-canary',
    })
    expect(answer.statusCode).toBe(202)
    expect(answer.json()).toEqual({
      ok: true,
      data: { event_id: expect.stringMatching(/^evt_\d+$/), status: 'accepted' },
      meta: { requestId: expect.any(String) },
    })
    const event = await test.relay.store.getEvent(answer.json().data.event_id)
    expect(event?.body.toString()).toBe(body)
    expect(event).toMatchObject({ source: 'shop', deliveryId: 'd-1', topic: 'products/update', status: 'pending' })
    expect(JSON.stringify(event?.headers)).not.toMatch(/canary|hmac/i)
  })

  test('with a delivery id that is known is a duplicate: the first event stands, nothing is added', async () => {
    const test = await start()
    const first = await test.sendShop('products/update', product(1), { 'x-shopify-webhook-id': 'same' })
    const again = await test.sendShop('products/update', product(1), { 'x-shopify-webhook-id': 'same' })
    expect(again.statusCode).toBe(202)
    expect(again.json().data).toEqual({ event_id: first.json().data.event_id, status: 'duplicate' })
    expect(await eventCount(test)).toBe(1)
  })

  test.each(['json', '', 'application/json charset=utf-8', 'application/json, application/json'])(
    'is taken with the Content-Type %j, which is none, and kept with it',
    async (type) => {
      const test = await start()
      const answer = await test.sendShop('products/update', product(1), { 'content-type': type })
      expect(answer.statusCode).toBe(202)
      const id = answer.json().data.event_id
      await test.map()
      const event = await test.relay.store.getEvent(id)
      expect(event).toMatchObject({ status: 'processed', headers: { 'content-type': type } })
    },
  )

  test.each([
    ['a', 'a\n', 'a\u0000', 'a\u200b'],
    ['\ud800', '\ud801', '\ufffd'],
    ['x'.repeat(256), 'x'.repeat(257), 'x'.repeat(258)],
  ])('is kept apart from those whose delivery ids look like its own: %j …', async (...ids) => {
    const { send } = await start()
    const statusOf = async (id: string) => {
      return (await send('demo', { event: 'post.deleted', type: 'post', id: 1, delivery_id: id })).json().data.status
    }
    for (const id of ids) expect(await statusOf(id)).toBe('accepted')
    for (const id of ids) expect(await statusOf(id)).toBe('duplicate')
  })

  test('is kept apart from one of another source with the same delivery id', async () => {
    const test = await start()
    const body = {
      event: 'post.updated',
      type: 'post',
      id: 1,
      url: '/a',
      title: 'A',
      html: '<p>a</p>',
      delivery_id: 'same',
    }
    expect((await test.send('demo', body)).json().data.status).toBe('accepted')
    const shop = await test.sendShop('products/update', product(1), { 'x-shopify-webhook-id': 'same' })
    expect(shop.json().data.status).toBe('accepted')
    expect(await eventCount(test)).toBe(2)
  })

  test('reaches its source on a longer path too', async () => {
    const test = await start()
    const body = JSON.stringify(product(1))
    const headers = {
      'content-type': 'application/json',
      'x-shopify-topic': 'products/update',
      'x-shopify-hmac-sha256': sign(body),
    }
    const answer = await test.app.inject({
      method: 'POST',
      url: '/webhooks/shop/some/path?x=1',
      payload: body,
      headers,
    })
    expect(answer.statusCode).toBe(202)
    const event = await test.relay.store.getEvent(answer.json().data.event_id)
    expect(event).toMatchObject({ path: '/webhooks/shop/some/path', query: 'x=1' })
  })

  test('passes under each of several live secrets', async () => {
    const shop = {
      mapper: 'shopify',
      destination: 'main',
      secret: ['old-secret-1', 'new-secret-2'],
      vars: { origin: 'https://example.com' },
    }
    const test = await start({ sources: { shop } })
    for (const secret of shop.secret) {
      const body = JSON.stringify(product(1))
      const answer = await test.send('shop', body, {
        'x-shopify-topic': 'products/update',
        'x-shopify-hmac-sha256': sign(body, secret),
      })
      expect(answer.statusCode).toBe(202)
    }
  })
})

describe('a webhook that is not authentic is answered 401 and leaves nothing behind', () => {
  const body = JSON.stringify(product(1))
  test.each([
    ['no signature', {}],
    ['an empty one', { 'x-shopify-hmac-sha256': '' }],
    ['a wrong one', { 'x-shopify-hmac-sha256': sign(body, 'other') }],
    ['one of another body', { 'x-shopify-hmac-sha256': sign(`${body} `) }],
    ['a truncated one', { 'x-shopify-hmac-sha256': sign(body).slice(0, -2) }],
    ['a doubled one', { 'x-shopify-hmac-sha256': `${sign(body)}, ${sign(body)}` }],
    ['an oversized one', { 'x-shopify-hmac-sha256': 'A'.repeat(12_000) }],
  ])('%s', async (_name, headers) => {
    const test = await start()
    const answer = await test.send('shop', body, {
      'x-shopify-topic': 'products/update',
      ...(headers as Record<string, string>),
    })
    expect(answer.statusCode).toBe(401)
    expect(answer.headers['content-type']).toMatch('application/problem+json')
    expect(answer.json()).toMatchObject({ ok: false, error: { code: 'unauthorized', status: 401, retryable: false } })
    expect(answer.body).not.toContain(shopSecret)
    expect(await eventCount(test)).toBe(0)
    expect(test.signals).toMatchObject([{ kind: 'webhook.refused', source: 'shop', code: 'unauthorized' }])
  })

  test('an address that keeps failing is told to wait, while authentic webhooks from it pass', async () => {
    const test = await start()
    const statuses: number[] = []
    for (let sent = 0; sent < 32; sent += 1) statuses.push((await test.send('shop', body, {})).statusCode)
    expect(statuses[0]).toBe(401)
    expect(statuses.at(-1)).toBe(429)
    expect((await test.sendShop('products/update', body)).statusCode).toBe(202)
  })

  test.each([
    ['the addresses of a /64 network of IPv6', (sent: number) => `2001:db8::${sent.toString(16)}`, '2001:db8:0:1::1'],
    ['an IPv4 address, mapped or not', (sent: number) => (sent % 2 ? '192.0.2.1' : '::ffff:192.0.2.1'), '192.0.2.2'],
  ])('%s count as one sender', async (_name, addressOf, other) => {
    const { app } = await start()
    const send = async (remoteAddress: string) =>
      (await app.inject({ method: 'POST', url: '/webhooks/shop', payload: '{}', remoteAddress })).statusCode
    const statuses = []
    for (let sent = 1; sent <= 32; sent += 1) statuses.push(await send(addressOf(sent)))
    expect(statuses).toEqual([...Array(30).fill(401), 429, 429])
    expect(await send(other)).toBe(401)
  })
})

describe('a source', () => {
  test('that is unknown, or disabled, is 404', async () => {
    const demo = { mapper: 'generic', destination: 'main', verify: 'none' }
    const test = await start({ sources: { demo, off: { ...demo, enabled: false } } })
    for (const source of ['other', 'off', '__proto__', 'constructor', '..%2Fetc', '%00']) {
      const answer = await test.send(source, {})
      expect(answer.statusCode, source).toBe(404)
      expect(answer.json().error.code).toBe('not_found')
    }
    expect(test.signals.every((signal) => signal.kind === 'webhook.refused')).toBe(true)
    expect((await test.send('x'.repeat(600), {})).statusCode).toBe(404)
  })

  test('over its rate is told 429 with Retry-After; forged webhooks do not use the rate up', async () => {
    const demo = {
      mapper: 'shopify',
      destination: 'main',
      secret: shopSecret,
      vars: { origin: 'https://example.com' },
      rate_limit: { max: 2, window: '1m' },
    }
    const test = await start({ sources: { shop: demo } })
    for (let sent = 0; sent < 5; sent += 1) expect((await test.send('shop', '{}', {})).statusCode).toBe(401)
    const statuses = []
    for (let sent = 0; sent < 3; sent += 1) statuses.push(await test.sendShop('products/update', product(sent)))
    expect(statuses.map(({ statusCode }) => statusCode)).toEqual([202, 202, 429])
    expect(Number(statuses[2]?.headers['retry-after'])).toBeGreaterThan(0)
    expect(statuses[2]?.json().error).toMatchObject({ code: 'rate_limited', retryable: true })
    expect(await eventCount(test)).toBe(2)
  })
})

describe('a rate', () => {
  const settings = {
    mapper: 'shopify',
    destination: 'main',
    secret: shopSecret,
    vars: { origin: 'https://example.com' },
  }

  test('is limited for no source that says nothing of it', async () => {
    const test = await start({ sources: { shop: settings } })
    const answers = await Promise.all(
      Array.from({ length: 900 }, (_, id) => test.sendShop('products/update', product(id))),
    )
    expect(new Set(answers.map(({ statusCode }) => statusCode))).toEqual(new Set([202]))
    expect((await test.admin('GET', '/sources')).json().data[0].rate_limit).toBeNull()
  })

  test('that was exceeded is told once a minute, and stands among the errors until its time is over', async () => {
    const test = await start({ sources: { shop: { ...settings, rate_limit: { max: 2, window: '1m' } } } })
    const told = () => test.signals.filter(({ kind }) => kind === 'webhook.rate_limited')
    const send = async (count: number) => {
      for (let sent = 0; sent < count; sent += 1) await test.sendShop('products/update', product(sent))
    }
    const errors = async (query = '') => (await test.admin('GET', `/events?group_by=error${query}`)).json().data
    expect(await errors()).toEqual([])
    await send(50)
    await test.relay.refusals.step()
    const reason = "more than 2 webhooks of source 'shop' in 60 s, its rate_limit"
    expect(told()).toEqual([{ kind: 'webhook.rate_limited', source: 'shop', count: 1, reason }])
    test.clock.advance(60_000)
    await test.relay.refusals.step()
    expect(told()).toMatchObject([{ count: 1 }, { count: 47 }])
    expect(test.lines.filter((line) => line.includes('"msg":"webhook.rate_limited"'))).toHaveLength(2)
    expect(await errors()).toMatchObject([
      { source: 'shop', status: 'refused', code: 'rate_limited', error: reason, count: 48, example: null },
    ])
    expect(await errors('&status=failed')).toEqual([])
    expect(await errors('&source=other')).toEqual([])
  })

  test('is one reason of several to make no event: all are counted by the minute, and the refused ones are kept', async () => {
    const test = await start({ sources: { shop: { ...settings, rate_limit: { max: 2, window: '1m' } } } })
    const id = { 'x-shopify-webhook-id': 'w1' }
    await test.sendShop('products/update', product(1), id)
    await test.sendShop('products/update', product(1), id)
    await test.sendShop('products/update', product(2))
    await test.send('shop', product(3), { 'x-shopify-hmac-sha256': 'forged' })
    await test.send('nowhere', product(4))
    await test.relay.refusals.step()
    const { store, now } = test.relay
    const query = { since: now(), until: now() + 1, step: '1m', groupBy: 'source' } as const
    expect(await store.readStatsSeries(query)).toMatchObject([{ name: 'shop', accepted: 1, duplicate: 1, refused: 2 }])
    const refusals = await store.listRefusals('shop')
    expect(refusals).toMatchObject([
      { at: now(), code: 'unauthorized', address: '127.0.0.1' },
      { at: now(), code: 'rate_limited', address: '127.0.0.1' },
    ])
    expect(JSON.stringify(refusals)).not.toContain('forged')
  })

  test('of a store that can not be written is counted until it can', async () => {
    const test = await start({ sources: { shop: { ...settings, rate_limit: { max: 1, window: '1m' } } } })
    await test.sendShop('products/update', product(1))
    await test.sendShop('products/update', product(2))
    const add = vi.spyOn(test.relay.store, 'addTurnedAway').mockRejectedValueOnce(new Error('full'))
    await expect(test.relay.refusals.step()).rejects.toThrow('full')
    await test.sendShop('products/update', product(3))
    await test.relay.refusals.step()
    expect(add.mock.lastCall).toMatchObject([
      { refusals: [{ source: 'shop', count: 2 }], counts: [{ refused: 2 }], last: [{}, {}] },
    ])
  })
})

describe('a body', () => {
  test('that is malformed JSON is 400, naming the place and not the content', async () => {
    const test = await start()
    const answer = await test.send('demo', '{"id": 1,\n "canary": }')
    expect(answer.statusCode).toBe(400)
    expect(answer.json().error.message).toMatch(/line 2/)
    expect(answer.body).not.toContain('canary')
  })

  test('that is malformed JSON is 400 also where its mapper names webhooks by their headers alone', async () => {
    const test = await start()
    const body = '{"id": 1,\n "canary": }'
    const headers = {
      'content-type': 'application/json',
      'x-shopify-hmac-sha256': sign(body),
      'x-shopify-topic': 'a/b',
    }
    const answer = await test.send('shop', body, headers)
    expect(answer.statusCode).toBe(400)
    expect(answer.json().error.message).toMatch(/line 2/)
    expect(await eventCount(test)).toBe(0)
  })

  test('nested a thousand deep is 400', async () => {
    const test = await start()
    expect((await test.send('demo', `${'['.repeat(1000)}${']'.repeat(1000)}`)).statusCode).toBe(400)
    expect((await test.send('demo', '{"a":'.repeat(1000) + '1' + '}'.repeat(1000))).statusCode).toBe(400)
  })

  test('with __proto__ and constructor keys pollutes nothing', async () => {
    const test = await start()
    const body =
      '{"event":"post.updated","type":"post","id":1,"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}'
    expect((await test.send('demo', body)).statusCode).toBe(202)
    await test.map()
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })

  test('of no bytes is taken: what it means is for the mapper to say', async () => {
    const test = await start()
    expect((await test.send('demo', '')).statusCode).toBe(202)
    await test.map()
    const [event] = (await test.relay.store.listEvents({}, { limit: 1 })).rows
    expect(event).toMatchObject({ status: 'failed', error: expect.stringContaining('no JSON'), bytes: 0 })
  })

  test('of exactly the limit passes, one byte more is 413', async () => {
    const test = await start({ server: { body_limit: '1kb' } })
    const padded = (bytes: number) => `"${'x'.repeat(bytes - 2)}"`
    expect((await test.send('demo', padded(1024))).statusCode).toBe(202)
    const answer = await test.send('demo', padded(1025))
    expect(answer.statusCode).toBe(413)
    expect(answer.json().error).toMatchObject({ code: 'too_large', retryable: false })
  })

  test('as a form, as text and without a type is taken', async () => {
    const test = await start()
    for (const [type, body] of [
      ['application/x-www-form-urlencoded', 'event=post.deleted&type=post&id=7'],
      ['text/plain', 'hello'],
      ['application/xml', '<a/>'],
    ] as const) {
      const answer = await test.app.inject({
        method: 'POST',
        url: '/webhooks/demo',
        payload: body,
        headers: { 'content-type': type },
      })
      expect(answer.statusCode, type).toBe(202)
    }
    await test.map()
    expect((await test.relay.store.getItems({ id: 'post:7' }))[0]).toMatchObject({ desiredKind: 'delete' })
  })

  describe('that is compressed', () => {
    const plain = JSON.stringify(product(1))
    const zipped = gzipSync(plain)
    const headers = {
      'content-type': 'application/json',
      'content-encoding': 'gzip',
      'x-shopify-topic': 'products/update',
    }

    test.each([
      ['as sent', sign(zipped)],
      ['before it was compressed in transit', sign(plain)],
    ])('passes with a signature over the bytes %s, and is kept as sent', async (_name, signature) => {
      const test = await start()
      const answer = await test.app.inject({
        method: 'POST',
        url: '/webhooks/shop',
        payload: zipped,
        headers: { ...headers, 'x-shopify-hmac-sha256': signature },
      })
      expect(answer.statusCode).toBe(202)
      expect((await test.relay.store.getEvent(answer.json().data.event_id))?.body.equals(zipped)).toBe(true)
      await test.map()
      expect((await test.relay.store.getItems({ id: 'product:1' }))[0]?.status).toBe('pending')
    })

    test('as a bomb is 413, corrupt is 400, in an unknown encoding 415', async () => {
      const test = await start({ server: { body_limit: '100kb' } })
      const send = (payload: Buffer, encoding: string) =>
        test.app.inject({
          method: 'POST',
          url: '/webhooks/demo',
          payload,
          headers: { 'content-type': 'application/json', 'content-encoding': encoding },
        })
      expect((await send(gzipSync(Buffer.alloc(50_000_000)), 'gzip')).statusCode).toBe(413)
      expect((await send(zipped.subarray(0, 20), 'gzip')).statusCode).toBe(400)
      expect((await send(zipped, 'zstd-like')).statusCode).toBe(415)
      expect(await eventCount(test)).toBe(0)
    })
  })
})

describe('a stranger', () => {
  const plain = JSON.stringify(product(1))
  const forged = { 'content-type': 'application/json', 'x-shopify-hmac-sha256': sign('another body') }
  const zipped = gzipSync(plain)

  async function startCounting(sources = {}) {
    const test = await start({ sources: { shop: { ...settings, secret: shopSecret }, ...sources } })
    const held = vi.spyOn(test.relay.intake, 'hold')
    const send = (payload: Buffer, headers: Record<string, string>, url = '/webhooks/shop') =>
      test.app.inject({ method: 'POST', url, payload, headers: { ...forged, ...headers } })
    /** How many bodies were decompressed: each is held a second time. */
    const decoded = () => held.mock.calls.length
    return { ...test, send, decoded, forget: () => held.mockClear() }
  }
  const settings = { mapper: 'shopify', destination: 'main', vars: { origin: 'https://example.com' } }

  test('has one encoding undone, and only where the signature could be of what comes out', async () => {
    const sources = {
      token: { ...settings, verify: { scheme: 'header', header: 'x-token' }, secret: 'a-token-of-mine' },
      late: { ...settings, verify: { scheme: 'timestamped', header: 'x-t' }, secret: 'another-secret' },
      woo: { mapper: 'woocommerce', destination: 'main', secret: 'woo-secret-1', vars: { currency: 'EUR' } },
    }
    const test = await startCounting(sources)
    const none = { 'x-shopify-hmac-sha256': '' }
    const cases: readonly (readonly [Buffer, Record<string, string>, string, number])[] = [
      [zipped, { 'content-encoding': 'gzip' }, 'shop', 1],
      [zipped, { 'content-encoding': 'identity, gzip' }, 'shop', 1],
      [gzipSync(zipped), { 'content-encoding': 'gzip, gzip' }, 'shop', 0],
      [zipped, { 'content-encoding': 'gzip', ...none }, 'shop', 0],
      [zipped, { 'content-encoding': 'gzip', 'x-token': 'guess' }, 'token', 0],
      [zipped, { 'content-encoding': 'gzip', 'x-t': 't=1' }, 'late', 0],
      [zipped, { 'content-encoding': 'gzip' }, 'woo', 0],
    ]
    for (const [payload, headers, source, expected] of cases) {
      test.forget()
      const answer = await test.send(payload, headers, `/webhooks/${source}`)
      expect(answer.statusCode).toBe(401)
      expect(test.decoded() - 1, `${source} ${JSON.stringify(headers)}`).toBe(expected)
    }
    expect(test.relay.intake.bytes).toBe(0)
  })

  test.each([
    ['a bomb', gzipSync(Buffer.alloc(50_000_000)), 'gzip'],
    ['what is not gzip', zipped.subarray(0, 20), 'gzip'],
    ['an unknown encoding', zipped, 'zstd'],
  ])('that sends %s is no more than unverified, and slowed down as any other', async (_name, payload, encoding) => {
    const test = await startCounting()
    const statuses = []
    for (let sent = 0; sent < 32; sent += 1) {
      statuses.push((await test.send(payload, { 'content-encoding': encoding })).statusCode)
    }
    expect(statuses).toEqual([...Array(30).fill(401), 429, 429])
  })

  test('over its failures has nothing undone any more, while what is signed as sent passes', async () => {
    const test = await startCounting()
    for (let sent = 0; sent < 31; sent += 1) await test.send(Buffer.from('{}'), {})
    test.forget()
    expect((await test.send(zipped, { 'content-encoding': 'gzip' })).statusCode).toBe(429)
    expect(test.decoded()).toBe(1)
    const authentic = { 'content-encoding': 'gzip', 'x-shopify-topic': 'products/update' }
    const answer = await test.send(zipped, { ...authentic, 'x-shopify-hmac-sha256': sign(zipped) })
    expect(answer.statusCode).toBe(202)
    test.clock.advance(60_000)
    expect((await test.send(zipped, { ...authentic, 'x-shopify-hmac-sha256': sign(plain) })).statusCode).toBe(202)
  })

  test('can not make what comes out more than the relay may hold', async () => {
    const test = await startCounting()
    const room = 64 * 1024 * 1024 - zipped.length
    test.relay.intake.hold(room)
    const answer = await test.send(zipped, { 'content-encoding': 'gzip', 'x-shopify-hmac-sha256': sign(plain) })
    expect(answer.statusCode).toBe(503)
    expect(answer.json().error.code).toBe('overloaded')
    expect(test.relay.intake.bytes).toBe(room)
    test.relay.intake.release(room)
  })
})

describe('a delivery id', () => {
  test.each([
    ['of 10 KB', 'x'.repeat(10_000)],
    ['with control characters', 'a\u0007b\u0000c'],
  ])('%s dedupes like any other and is kept short and printable', async (_name, id) => {
    const test = await start()
    const body = { event: 'post.deleted', type: 'post', id: 1, delivery_id: id }
    const first = await test.send('demo', body)
    expect((await test.send('demo', body)).json().data).toEqual({
      event_id: first.json().data.event_id,
      status: 'duplicate',
    })
    expect((await test.send('demo', { ...body, delivery_id: `${id}x` })).json().data.status).toBe('accepted')
    const stored = (await test.relay.store.getEvent(first.json().data.event_id))?.deliveryId
    expect(stored).toMatch(/^[\x20-\x7e]{1,256}$/)
  })
})

test("WooCommerce's unsigned ping is answered exactly 200 and is no event", async () => {
  const woo = { mapper: 'woocommerce', destination: 'main', secret: 'woo-secret', vars: { currency: 'EUR' } }
  const test = await start({ sources: { woo } })
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const ping = await test.app.inject({ method: 'POST', url: '/webhooks/woo', payload: 'webhook_id=12', headers })
  expect(ping.statusCode).toBe(200)
  const other = await test.app.inject({ method: 'POST', url: '/webhooks/woo', payload: 'other=12', headers })
  expect(other.statusCode).toBe(401)
  expect(await eventCount(test)).toBe(0)
})

test('promise 1: a store that cannot be written is 503 with Retry-After, never a lie', async () => {
  const test = await start()
  await test.relay.store.close()
  const answer = await test.sendShop('products/update', product(1))
  expect(answer.statusCode).toBe(503)
  expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0)
  expect(answer.json().error).toMatchObject({ code: 'unavailable', retryable: true })
})

test('promise 11: no secret comes out in logs, answers, metrics or stored events', async () => {
  const test = await start()
  await test.sendShop('products/update', product(1), { cookie: 'session-canary', 'x-api-key': 'key-canary' })
  await test.send('shop', product(1), {
    'x-shopify-hmac-sha256': 'wrong-canary',
    authorization: `Bearer ${shopSecret}`,
  })
  await test.map()
  await test.deliver(5_000)
  const paths = ['/events', '/items', '/destinations', '/sources', '/mappers', '/batches', '/attempts', '/events/evt_1']
  const answers = await Promise.all(paths.map((path) => test.admin('GET', path)))
  expect(answers.map(({ statusCode }) => statusCode)).toEqual(paths.map(() => 200))
  const metrics = await test.app.inject('/metrics')
  const everything = [...answers.map(({ body }) => body), metrics.body, ...test.lines].join('\n')
  expect(everything.length).toBeGreaterThan(5_000)
  for (const secret of [shopSecret, 'destination-secret', adminToken, 'canary'])
    expect(everything).not.toContain(secret)
})
