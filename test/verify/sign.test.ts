import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { InboundRequest } from '../../src/domain/inbound-request.ts'
import { createSigner, createVerifier, type VerifyConfig, verifySchema } from '../../src/verify/verifier.ts'
import fc, { character } from '../fast-check.ts'
import { delivery } from './support.ts'

const nowMs = Date.parse('2026-03-01T12:00:00.500Z')
const signing = { nowMs, id: 'msg_fresh' }
const publicUrl = 'https://relay.example.com/in/s'
const rsaKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ type: 'spki', format: 'pem' })
const edKey = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' })

/** Where a scheme carries its proof: a byte of that is spoiled, too. */
type Carrier = 'headers' | 'path' | 'query' | 'body'

/** Settings of each scheme that we can sign by, and what the proof is of. */
const signable: Readonly<
  Partial<Record<VerifyConfig['scheme'], readonly [carrier: Carrier, isBodySigned: boolean, ...settings: object[]]>>
> = {
  hmac: [
    'headers',
    true,
    { header: 'x-sig' },
    { header: 'x-sig', algorithm: 'sha512', encoding: 'base64', prefix: 'v=', separator: ',' },
    { header: 'x-sig', algorithm: 'sha1', encoding: 'base64url', key: 'hex' },
    { header: 'x-sig', over: '{timestamp}.{body}', separator: ';', prefix: 'h1=', timestamp: { prefix: 'ts=' } },
    {
      header: 'x-sig',
      over: '{id}.{timestamp}\n{method} {url}\n{body}',
      id: 'webhook-id',
      timestamp: { header: 'x-at' },
      public_url: publicUrl,
    },
  ],
  timestamped: [
    'headers',
    true,
    { header: 'x-sig' },
    { header: 'x-sig', unit: 'ms', encoding: 'base64', version: 'v2' },
  ],
  'standard-webhooks': ['headers', true, {}, { header_prefix: 'svix', key: 'raw' }],
  contentful: ['headers', true, {}, { public_url: publicUrl }],
  ghost: ['headers', true, {}, { tolerance: '5m' }],
  hubspot: ['headers', true, { version: 'v1' }, { version: 'v2', public_url: publicUrl }, { public_url: publicUrl }],
  hygraph: ['headers', true, {}, { tolerance: '5m' }],
  webflow: ['headers', true, {}],
  header: ['headers', false, { header: 'x-token' }, { header: 'authorization', prefix: 'Bearer ' }],
  basic: ['headers', false, { username: 'cms' }],
  path: ['path', false, {}],
  query: ['query', false, {}, { parameter: 'k&y' }],
  body: ['body', false, {}, { field: 'a "key"' }],
}

const cases = Object.entries(signable).flatMap(([scheme, [carrier, isBodySigned, ...settings]]) =>
  settings.map((own) => [JSON.stringify({ scheme, ...own }), carrier, isBodySigned, { scheme, ...own }] as const),
)

const text = fc.array(character, { maxLength: 12 }).map((parts) => parts.join(''))
const secret = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString('hex'))
const object = fc.dictionary(fc.oneof(text, fc.constantFrom('secret', 'a "key"')), fc.oneof(text, fc.jsonValue()))
const request = fc
  .record({ members: object, space: fc.constantFrom('', '  '), query: fc.constantFrom('', 'a=1&b=%20', 'token=x&a') })
  .map(({ members, space, query }) => {
    const headers = { 'x-contentful-topic': 'ContentManagement.Entry.publish', 'webhook-id': 'of-a-fixture' }
    return delivery(headers, `${space}${JSON.stringify(members, null, space)}`, { query })
  })

const isAccepted = async (config: object, secrets: readonly string[], given: InboundRequest) =>
  (await createVerifier(verifySchema.parse(config), secrets).verify(given, nowMs)).ok

/** The text with another character at a place. */
function spoiled(value: string, at: number): string {
  const place = at % value.length
  return value.slice(0, place) + (value[place] === 'x' ? 'y' : 'x') + value.slice(place + 1)
}

/** The delivery with a byte of its proof spoiled, wherever that is. */
function withSpoiledProof(signed: InboundRequest, config: object, carrier: Carrier, first: string, at: number) {
  if (carrier === 'headers') {
    const { proofHeaders } = createVerifier(verifySchema.parse(config), [first])
    const name = proofHeaders.find((one) => one in signed.headers)!
    return { ...signed, headers: { ...signed.headers, [name]: spoiled(signed.headers[name]!, at) } }
  }
  const wrong = spoiled(first, at)
  if (carrier === 'body') return { ...signed, body: Buffer.from(signed.body.toString().replace(first, wrong)) }
  return { ...signed, [carrier]: signed[carrier].replace(first, wrong) }
}

describe.each(cases)('%s', (_name, carrier, isBodySigned, config) => {
  test('what sign makes, verify accepts by the first secret alone, and a spoiled byte is refused', async () => {
    await fc.assert(
      fc.asyncProperty(request, secret, secret, fc.nat(), async (before, first, other, at) => {
        fc.pre(first !== other)
        const signed = createSigner(verifySchema.parse(config), [first, other])(before, signing)
        expect(await isAccepted(config, [first], signed)).toBe(true)
        expect(await isAccepted(config, [other], signed)).toBe(false)
        expect(await isAccepted(config, [first], withSpoiledProof(signed, config, carrier, first, at))).toBe(false)
        if (!isBodySigned) return
        const body = Buffer.from(signed.body)
        body[at % body.length]! ^= 1
        expect(await isAccepted(config, [first], { ...signed, body })).toBe(false)
      }),
      { numRuns: 30 },
    )
  })
})

describe('what can not be signed', () => {
  test('every scheme is either tried above, or signed by the CMS alone, or by nobody', () => {
    const schemes = verifySchema.options.map(({ shape }) => shape.scheme.value)
    expect(schemes.filter((scheme) => !(scheme in signable)).sort()).toEqual(['jwt', 'none', 'rsa'])
  })
  test.each([
    { scheme: 'rsa', header: 'x-sig', public_key: rsaKey },
    { scheme: 'jwt', public_key: rsaKey },
    { scheme: 'standard-webhooks', public_key: edKey },
  ])('$scheme by a private key is for the CMS alone', (config) => {
    const sign = createSigner(verifySchema.parse(config), [])
    expect(() => sign(delivery({}, '{}'), signing)).toThrow(/only the CMS can sign/)
  })
  test('a secret in the body needs a JSON object', () => {
    const sign = createSigner(verifySchema.parse({ scheme: 'body' }), ['s3cret'])
    for (const body of ['', '[]', 'text', '{"a":']) {
      expect(() => sign(delivery({}, body), signing)).toThrow(/has to be a JSON object/)
    }
  })
  test('hygraph signs a text', () => {
    const sign = createSigner(verifySchema.parse({ scheme: 'hygraph' }), ['s3cret'])
    expect(() => sign(delivery({}, Buffer.from([0xff])), signing)).toThrow(/has to be UTF-8/)
  })
  test('a secret is needed here as well', () => {
    expect(() => createSigner(verifySchema.parse({ scheme: 'ghost' }), [])).toThrow(/needs a secret/)
  })
})

test('none: what nobody verifies stays as it is', () => {
  const given = delivery({ a: 'b' }, '{}')
  expect(createSigner({ scheme: 'none' }, [])(given, signing)).toBe(given)
})

test('a delivery keeps its id, if it may stand in what is signed, and else has a fresh one', () => {
  const sign = createSigner(verifySchema.parse({ scheme: 'standard-webhooks', key: 'raw' }), ['s3cret'])
  const idOf = (headers: Record<string, string>) => sign(delivery(headers, '{}'), signing).headers['webhook-id']
  expect(idOf({ 'webhook-id': 'own' })).toBe('own')
  expect(idOf({ 'webhook-id': 'has.a.dot' })).toBe('msg_fresh')
  expect(idOf({})).toBe('msg_fresh')
})
