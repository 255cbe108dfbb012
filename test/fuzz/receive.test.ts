import { createHmac, generateKeyPairSync } from 'node:crypto'
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import fc, { character } from '../fast-check.ts'
import { adminToken, shopSecret, startRelay, type TestRelay } from '../support.ts'
import { numRuns, timeout } from './runs.ts'

const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const pem = publicKey.export({ type: 'spki', format: 'pem' }) as string
const ed25519 = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }) as string
const secret = '5ec12e7f'.repeat(8)

/** A source for each way to verify, and one that takes anything. */
const verifications: Readonly<Record<string, object>> = {
  hmac: { scheme: 'hmac', header: 'x-sig', encoding: 'base64', separator: ',' },
  hmac_url: { scheme: 'hmac', header: 'x-sig', encoding: 'base64url', prefix: 'v1=' },
  timestamped: { scheme: 'timestamped', header: 'x-sig' },
  standard: { scheme: 'standard-webhooks', key: 'raw' },
  standard_key: { scheme: 'standard-webhooks', key: 'raw', public_key: ed25519 },
  header: { scheme: 'header', header: 'x-sig', prefix: 'Bearer ' },
  basic: { scheme: 'basic', username: 'user' },
  path: { scheme: 'path' },
  query: { scheme: 'query' },
  body: { scheme: 'body' },
  contentful: { scheme: 'contentful' },
  hygraph: { scheme: 'hygraph' },
  hubspot: { scheme: 'hubspot', public_url: 'https://hooks.example.com/x' },
  ghost: { scheme: 'ghost' },
  webflow: { scheme: 'webflow' },
  rsa: { scheme: 'rsa', header: 'x-sig', public_key: pem },
  jwt: { scheme: 'jwt', algorithm: 'RS256', public_key: pem },
}
const keyed = new Set(['rsa', 'jwt'])

async function startAll(): Promise<TestRelay> {
  const settings = { destination: 'main' }
  const sources = Object.fromEntries(
    Object.entries(verifications).map(([name, verify]) => [
      name,
      { ...settings, mapper: 'generic', verify, ...(!keyed.has(name) && { secret }) },
    ]),
  )
  const shop = { ...settings, mapper: 'shopify', secret: shopSecret, vars: { origin: 'https://example.com' } }
  const woo = { ...settings, mapper: 'woocommerce', secret, vars: { currency: 'EUR' } }
  const open = { ...settings, mapper: 'generic', verify: 'none' }
  const server = { body_limit: '16kb', admin_token: adminToken }
  const relay = await startRelay({
    baseUrl: 'http://127.0.0.1:9/v1/ingest',
    server,
    sources: { ...sources, shop, woo, open },
  })
  // What is said of each refusal is not looked at here, and a long run would keep all of it.
  relay.lines.push = () => 0
  relay.signals.push = () => 0
  return relay
}

const words = fc.constantFrom(
  ...[
    'application/json',
    'application/x-www-form-urlencoded',
    'text/plain; charset=utf-16le',
    'charset="',
    'a/b;;charset',
  ],
  ...[
    'gzip',
    'br',
    'deflate',
    'identity',
    'gzip, br',
    'x-gzip,',
    'zstd',
    'Bearer ',
    'Basic dTpw',
    't=1,v1=',
    'sha256=',
  ],
  ...[
    'v1,AAAA',
    'v1a,AAAA',
    '__proto__',
    'constructor',
    '1772366400',
    '99999999999999999999',
    '-1',
    'NaN',
    '0x1',
    '…',
    '%00',
  ],
  ...['eyJhbGciOiJub25lIn0.e30.', 'eyJhbGciOiJSUzI1NiJ9.e30.AAAA', '=', '==', ',', ';', '"', '\\'],
)
const printable = fc.string({
  unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)),
  maxLength: 80,
})
const value = fc.oneof(
  words,
  printable,
  fc.array(words, { maxLength: 4 }).map((parts) => parts.join('')),
)
const name = fc.oneof(
  fc.constantFrom(
    ...[
      'content-type',
      'content-encoding',
      'authorization',
      'x-sig',
      'webhook-id',
      'webhook-timestamp',
      'webhook-signature',
    ],
    ...['x-contentful-signature', 'x-contentful-signed-headers', 'x-contentful-timestamp', 'gcms-signature'],
    ...['x-hubspot-signature-v3', 'x-hubspot-request-timestamp', 'x-ghost-signature', 'x-webflow-signature'],
    ...['x-webflow-timestamp', 'x-shopify-hmac-sha256', 'x-shopify-topic', 'x-wc-webhook-signature', 'x-forwarded-for'],
    ...['__proto__', 'constructor', 'x-original-url', 'accept', 'expect', 'cookie'],
  ),
  fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/),
)
const headers = fc
  .dictionary(
    name.filter((one) => !/^(content-length|transfer-encoding|host|connection|expect|upgrade|te|trailer)$/.test(one)),
    value,
  )
  .map((made) => ({ 'content-type': 'application/json', ...made }))

const json = fc.oneof(
  fc.json(),
  fc.jsonValue().map((some) => JSON.stringify({ event: 'post.updated', type: 'post', id: 1, secret: some })),
)
const bytes = fc.oneof(
  json.map((text) => Buffer.from(text)),
  fc.uint8Array({ maxLength: 300 }).map((some) => Buffer.from(some)),
  fc.nat(400).map((depth) => Buffer.from('['.repeat(depth) + ']'.repeat(depth))),
  fc.nat(20_000).map((length) => Buffer.alloc(length, 0x20)),
  printable.map((text) => Buffer.from(`secret=${text}&payload=${text}`)),
)
const packed = fc.oneof(
  { weight: 3, arbitrary: bytes },
  {
    weight: 1,
    arbitrary: fc
      .tuple(bytes, fc.constantFrom(gzipSync, brotliCompressSync, deflateSync, deflateRawSync), fc.nat(3))
      .map(([body, pack, cut]) => {
        const all = pack(body)
        return all.subarray(0, all.length - cut)
      }),
  },
)
// fast-check's own paths and parameters take a second before the first is made.
const segment = fc
  .array(
    fc.oneof(
      fc.string({ unit: character, maxLength: 8 }).map(encodeURIComponent),
      fc.constantFrom(...'@:=&+;,$', '%F3%B0', '%ff'),
    ),
    { maxLength: 3 },
  )
  .map((parts) => parts.join(''))
const path = fc.oneof(
  fc.constantFrom(
    '',
    '?',
    '/',
    '/a/b?c=d',
    '?token=',
    '?token=a&token=b',
    '?__proto__=1',
    '/%2e%2e/%2e%2e',
    '/%00',
    '?%',
    '?a[b]=c',
  ),
  fc.array(segment, { maxLength: 4 }).map((segments) => segments.map((one) => `/${one}`).join('')),
  fc.array(segment, { maxLength: 4 }).map((segments) => `?${segments.join('&')}`),
)
const anySource = fc.oneof(
  fc.constantFrom(...Object.keys(verifications), 'shop', 'woo', 'open'),
  fc.constantFrom('__proto__', 'constructor', 'none', '..', '%2e%2e', 'SHOP', ' shop', 'shop%00', 'toString'),
  fc.string({ minLength: 1, maxLength: 20 }).map(encodeURIComponent),
)

test('any request is answered, and never with 5xx; what is not verified is not kept', { timeout }, async () => {
  const { app, relay } = await startAll()
  const seen = new Set<number>()
  await fc.assert(
    fc.asyncProperty(
      anySource,
      path,
      fc.constantFrom('POST', 'POST', 'POST', 'GET'),
      headers,
      packed,
      async (source, rest, method, headers, payload) => {
        const url = `/webhooks/${source}${rest}`
        const request = { method, url, headers, ...(method === 'POST' && { payload }) } as const
        const { statusCode } = await app.inject(request)
        seen.add(statusCode)
        expect(statusCode).toBeLessThan(500)
        if (source !== 'open') expect(statusCode).not.toBe(202)
      },
    ),
    { numRuns },
  )
  expect([...seen]).toEqual(expect.arrayContaining([202, 400, 401, 404, 413, 415]))
  expect(relay.intake).toMatchObject({ webhooks: 0, bytes: 0 })
  for (const source of relay.sources.keys()) {
    const { rows } = await relay.store.listEvents({ source }, { limit: 1 })
    expect(rows.length, source).toBe(source === 'open' ? 1 : 0)
  }
})

test('what is accepted comes out of the store as it was sent, and not once anything of it is spoilt', {
  timeout,
}, async () => {
  const { app, relay } = await startAll()
  await fc.assert(
    fc.asyncProperty(bytes, headers, fc.nat(), async (payload, headers, place) => {
      const signature = createHmac('sha256', shopSecret).update(payload).digest('base64')
      const { 'content-encoding': _encoding, ...others } = headers as Record<string, string>
      const send = (body: Buffer) =>
        app.inject({
          method: 'POST',
          url: '/webhooks/shop',
          payload: body,
          headers: { ...others, 'x-shopify-hmac-sha256': signature },
        })
      const answer = await send(payload)
      if (answer.statusCode === 202) {
        const event = await relay.store.getEvent(answer.json().data.event_id)
        expect(event?.body.equals(payload)).toBe(true)
        expect(event?.source).toBe('shop')
      } else {
        expect([400, 413, 415]).toContain(answer.statusCode)
      }
      if (payload.length === 0) return
      const spoilt = Buffer.from(payload)
      spoilt[place % spoilt.length]! ^= 1 << (place % 8)
      const { statusCode } = await send(spoilt)
      expect(statusCode).toBeGreaterThanOrEqual(400)
      expect(statusCode).toBeLessThan(500)
    }),
    { numRuns },
  )
})
