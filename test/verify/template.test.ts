import { describe, expect, test } from 'vitest'
import type { InboundRequest } from '../../src/domain/inbound-request.ts'
import { createCoverage } from '../../src/verify/coverage.ts'
import { createSigner, createVerifier, type VerifyConfig, verifySchema } from '../../src/verify/verifier.ts'
import fc from '../fast-check.ts'
import { delivery, reasonOf, verdictOf } from './support.ts'

const nowMs = Date.parse('2026-03-01T12:00:00Z')
const base = { scheme: 'hmac', header: 'x-sig' }
const publicUrl = 'https://hooks.example.com/in'

function signed(config: object, given: InboundRequest, secret = 'key'): InboundRequest {
  return createSigner(verifySchema.parse({ ...base, ...config }), [secret])(given, { nowMs, id: 'msg_1' })
}
const reason = (config: object, given: InboundRequest) => reasonOf({ ...base, ...config }, ['key'], given, nowMs)

describe('mistakes in a template', () => {
  const time = { header: 'x-at' }
  test.each([
    [
      { over: '{bdy}' },
      /^over: has no placeholder \{bdy\} \(did you mean \{body\}\?\): there is \{body\}, .*\{header:x-name\}$/,
    ],
    [{ over: '{body}{header:}' }, /^over: has no placeholder \{header:\}/],
    [{ over: '{body' }, /^over: has no placeholder \{/],
    [{ over: '' }, /^over: must hold \{body\} or \{form\}/],
    [
      { over: '{timestamp}.{id}', timestamp: time, id: 'x-id' },
      /^over: must hold \{body\} or \{form\}: .*proves nothing/,
    ],
    [{ over: '{timestamp}.{body}' }, /^timestamp: is needed for \{timestamp\}/],
    [{ over: '{timestamp}.{body}', timestamp: {} }, /^timestamp: needs a header; or a prefix/],
    [{ over: '{timestamp}.{body}', timestamp: { prefix: 't=' } }, /^timestamp: needs a header; or a prefix/],
    [{ over: '{timestamp}.{body}', timestamp: { ...time, field: 'at' } }, /must not hold \{timestamp\}/],
    [{ timestamp: { ...time, field: 'at' } }, /^timestamp: is either in a header or in a field/],
    [{ timestamp: time }, /^over: must hold \{timestamp\}: a time that is not signed is anybody's/],
    [{ over: '{id}.{body}' }, /^id: is needed for \{id\}/],
    [{ id: 'x-id' }, /^over: must hold \{id\}: an id that is not signed is anybody's/],
    [{ over: '{url}{body}' }, /^public_url: is needed for \{url\}/],
    [{ over: '{id}{body}', id: 'x-id' }, /^over: has nothing between \{id\} and \{body\}/],
    [{ over: '{header:X-Topic}{body}' }, /^over: has nothing between \{header:x-topic\} and \{body\}/],
    [{ over: '{id}{timestamp}{body}', id: 'x-id', timestamp: time }, /nothing between \{id\} and \{timestamp\}/],
    [{ over: '{path}{query}|{body}' }, /nothing between \{path\} and \{query\}/],
    [{ over: '{url}{id}.{body}', id: 'x-id', public_url: publicUrl }, /nothing between \{url\} and \{id\}/],
    [{ over: '{url}{timestamp}{body}', timestamp: time, public_url: publicUrl }, /between \{url\} and \{timestamp\}/],
    [{ over: '{body}{id}', id: 'x-id' }, /nothing between \{body\} and \{id\}/],
    [{ over: '{form}{query}' }, /nothing between \{form\} and \{query\}/],
    [
      { over: '{body}{timestamp}', timestamp: { ...time, tolerance: 'unlimited' } },
      /^timestamp: needs a tolerance: nothing stands between/,
    ],
    [{ over: '{timestamp}{body}', timestamp: { ...time, unit: 'min' } }, /^timestamp.unit: /],
  ])('%j', (config, message) => {
    const { error } = verifySchema.safeParse({ ...base, ...config })
    expect(error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('\n')).toMatch(message)
  })
})

test('a date may follow an id without anything between: no part of the one passes for the other', async () => {
  const config = {
    over: '{id}{timestamp}{body}',
    id: 'x-id',
    timestamp: { header: 'x-at', unit: 'rfc3339', tolerance: 'unlimited' },
  }
  const given = signed(config, delivery({}, '{}'))
  const { 'x-id': id = '', 'x-at': at = '' } = given.headers
  expect(await reason(config, given)).toBeNull()
  for (const cut of [1, 2, 3]) {
    const moved = { 'x-id': id.slice(0, -cut), 'x-at': id.slice(-cut) + at }
    expect(await reason(config, { ...given, headers: { ...given.headers, ...moved } })).toMatch(/holds no timestamp/)
    const back = { 'x-id': id + at.slice(0, cut), 'x-at': at.slice(cut) }
    expect(await reason(config, { ...given, headers: { ...given.headers, ...back } })).toMatch(/holds no timestamp/)
  }
})

test('a value that holds what ends it is refused, however it is signed', async () => {
  const config = { over: '{id}.{header:x-topic}:{query}|{body}', id: 'x-id' }
  const headers = { 'x-id': 'a', 'x-topic': 'b' }
  const of = (over: object, query = 'c') => delivery({ ...headers, ...over }, 'd', { query })
  expect(await reason(config, signed(config, of({})))).toBeNull()
  const moved = { ...signed(config, of({})), headers: { ...signed(config, of({})).headers } }
  for (const [over, query, name] of [
    [{ 'x-topic': 'b:c' }, '', 'header x-topic'],
    [{}, 'c|d', 'the query'],
  ] as const) {
    const bad = { ...moved, query, headers: { ...moved.headers, ...over } }
    expect(await reason(config, bad)).toBe(
      `${name} holds what marks its end in what is signed: '${name === 'the query' ? '|' : ':'}'`,
    )
    expect(() => signed(config, of(over, query))).toThrow(/marks its end/)
  }
  expect(signed(config, of({ 'x-id': 'a.b' })).headers['x-id']).toBe('msg_1')
  for (const name of ['x-id', 'x-topic']) {
    const { [name]: _left, ...rest } = moved.headers
    expect(await reason(config, { ...moved, headers: rest })).toBe(`header ${name} is missing or empty`)
  }
})

describe('one signature stands for one request: text moved', () => {
  const moved = async (config: object, of: InboundRequest, to: Partial<InboundRequest>) => {
    const given = signed(config, of)
    expect(await reason(config, given)).toBeNull()
    return reason(config, { ...given, ...to, headers: { ...given.headers, ...to.headers } })
  }
  const form = { 'content-type': 'application/x-www-form-urlencoded' }

  test('from the end of a body to the time behind it', async () => {
    const config = { over: '{body}{timestamp}', timestamp: { header: 'x-at' } }
    const given = signed(config, delivery(form, 'id=7&qty=10'))
    const at = `0${given.headers['x-at']}`
    expect(
      await moved(config, delivery(form, 'id=7&qty=10'), { body: Buffer.from('id=7&qty=1'), headers: { 'x-at': at } }),
    ).toBe('header x-at holds no timestamp')
  })
  test('from a body to the id behind it', async () => {
    const config = { over: '{body}.{id}', id: 'x-id' }
    const of = delivery({ ...form, 'x-id': 'a' }, 'id=7&price=1.5&live=1')
    expect(await moved(config, of, { body: Buffer.from('id=7&price=1'), headers: { 'x-id': '5&live=1.a' } })).toMatch(
      /^header x-id holds what marks its beginning/,
    )
  })
  test('from the query to a body, and back', async () => {
    const config = { over: '{url}{body}', public_url: `${publicUrl}?a=1` }
    const of = delivery(form, 'b=2&c=3', { query: 'a=1' })
    expect(await moved(config, of, { body: Buffer.from('c=3'), query: 'a=1b=2&' })).toMatch(/^the url is longer/)
    expect(await moved(config, of, { body: Buffer.from('1b=2&c=3'), query: 'a=' })).toMatch(/^the url is longer/)
  })
  test('from a form to the query', async () => {
    const config = { over: '{url}{form}', public_url: `${publicUrl}?a=1` }
    const of = delivery(form, 'deleted=yes&id=7', { query: 'a=1' })
    expect(await moved(config, of, { body: Buffer.from('id=7'), query: 'a=1deletedyes' })).toMatch(/^the url is longer/)
  })
  test('nowhere: JSON has one end, whatever stands around it', async () => {
    const json = '{"at":"a.b"}'
    expect(
      await reason(
        { over: '{body}.{header:x-date}' },
        signed({ over: '{body}.{header:x-date}' }, delivery({ 'x-date': 'a.b' }, json)),
      ),
    ).toBeNull()
    const square = { over: '{url}{body}', public_url: publicUrl }
    expect(await reason(square, signed(square, delivery({}, json, { query: 'a=1' })))).toBeNull()
  })
})

test('a member that every object has is no header', async () => {
  const config = { over: '{header:constructor}:{body}' }
  const sent = delivery({ 'x-sig': 'a'.repeat(64) }, 'd')
  expect(await reason(config, sent)).toBe('header constructor is missing or empty')
})

const templates = [
  ['{timestamp}.{body}', ['x-at']],
  ['{method} {path}?{query}#{header:x-topic},{body}', ['x-topic']],
  ['{id}/{timestamp}/{url}|{body}', ['x-id', 'x-at']],
  ['{body}{timestamp}', ['x-at']],
] as const

test.each(templates)('%s: what sign makes passes, and no covered part can be changed', async (over, headers) => {
  const config: VerifyConfig = verifySchema.parse({
    ...base,
    over,
    ...(over.includes('{id}') && { id: 'x-id' }),
    ...(over.includes('{url}') && { public_url: publicUrl }),
    ...(over.includes('{timestamp}') && { timestamp: { header: 'x-at', unit: 'ms' } }),
  })
  const word = fc.stringMatching(/^[a-z0-9-]{1,20}$/)
  const request = fc.record({ topic: word, id: word, rest: word, query: word, body: fc.uint8Array({ minLength: 1 }) })
  await fc.assert(
    fc.asyncProperty(request, fc.nat(), async ({ topic, id, rest, query, body }, at) => {
      const before = delivery({ 'x-topic': topic, 'x-id': id }, Buffer.from(body), {
        path: `/webhooks/s/${rest}`,
        query,
      })
      const given = createSigner(config, ['key'])(before, { nowMs, id: 'msg_1' })
      const verifier = createVerifier(config, ['other', 'key'])
      const passes = async (over: Partial<InboundRequest>) => (await verifier.verify({ ...given, ...over }, nowMs)).ok
      const spoiled = (text: string) => {
        const place = at % text.length
        return text.slice(0, place) + (text[place] === '1' ? '2' : '1') + text.slice(place + 1)
      }
      expect(await passes({})).toBe(true)
      const bytes = Buffer.from(body)
      bytes[at % bytes.length]! ^= 1 << (at % 8)
      expect(await passes({ body: bytes })).toBe(false)
      for (const name of [...headers, 'x-sig']) {
        const header = spoiled(given.headers[name]!)
        expect(await passes({ headers: { ...given.headers, [name]: header } })).toBe(false)
      }
      const isUrl = over.includes('{url}')
      if (isUrl || over.includes('{query}')) expect(await passes({ query: spoiled(query) })).toBe(false)
      const path = `/webhooks/s/${spoiled(rest)}`
      if (isUrl || over.includes('{path}')) expect(await passes({ path })).toBe(false)
      if (over.includes('{method}')) expect(await passes({ method: 'PUT' })).toBe(false)
    }),
    { numRuns: 40 },
  )
})

describe('what a template covers', () => {
  const proofOf = async (config: object, body = '{"at":1}') => {
    const verdict = await verdictOf(
      { ...base, ...config },
      ['key'],
      signed(config, delivery({ 'x-topic': 't' }, body)),
      nowMs,
    )
    return verdict.ok ? verdict.proof : verdict.reason
  }
  const time = { header: 'x-at', unit: 'ms' }
  test.each([
    [{}, {}],
    [
      { over: '{timestamp}.{body}', timestamp: time },
      { at: nowMs, headers: ['x-at'] },
    ],
    [{ over: '{id}.{header:x-topic}.{body}', id: 'x-id' }, { headers: ['x-id', 'x-topic'] }],
    [{ over: '{method}{url}{body}', public_url: publicUrl }, { url: true }],
    [{ over: '{method} {path} {query} {body}' }, { url: true }],
    [{ over: '{path} {query} {body}' }, {}],
    [{ over: '{url}{body}', public_url: publicUrl }, {}],
    [
      { over: '{timestamp}{body}', separator: ',', prefix: 'v1=', timestamp: { prefix: 't=', unit: 'ms' } },
      { at: nowMs },
    ],
  ])('%j', async (config, proof) => expect(await proofOf(config)).toEqual(proof))

  test('the time in a signed body', async () => {
    const config = { timestamp: { field: 'at', unit: 's' } }
    const ok = `{"at":${nowMs / 1000},"a":{"at":1}}`
    expect(await proofOf(config, ok)).toEqual({ at: nowMs })
    expect(await proofOf(config, `{"at":"${nowMs / 1000}"}`)).toEqual({ at: nowMs })
    expect(await proofOf(config, '{"at":1}')).toMatch(/^the timestamp is \d+ s old/)
    for (const body of ['{}', '{"at":null}', '{"at":1.5}', '[]', 'text', '{"at":"soon"}']) {
      expect(await proofOf(config, body)).toBe('at in the body is no timestamp')
    }
    const forged = { ...signed(config, delivery({}, ok)), body: Buffer.from('{') }
    expect(await reason(config, forged)).toBe('header x-sig does not match')
  })
  test("ghost's time counts only where no other form passes", () => {
    const given = delivery({ 'x-ghost-signature': `sha256=00, t=${nowMs}` })
    const of = (config: object) => createCoverage(verifySchema.parse({ scheme: 'ghost', ...config }))(given, given.body)
    expect(of({})).toEqual({})
    expect(of({ tolerance: '5m' })).toEqual({ at: nowMs })
  })
})

describe('a form', () => {
  const config = { over: '{form}' }
  const reasonFor = (body: string, as: string) =>
    reason(config, { ...signed(config, delivery({}, body)), body: Buffer.from(as) })
  test('its fields are signed, in any order and escape', async () => {
    expect(await reasonFor('b=2&a=1&b=1%20x', 'a=%31&b=1+x&b=2')).toBeNull()
    expect(await reasonFor('b=2&a=1', 'b=2&a=2')).toMatch(/does not match/)
    expect(await reasonFor('b=2&a=1', 'b=2&a=1&c=')).toMatch(/does not match/)
  })
  test('what would be read as JSON is none', async () => {
    for (const as of ['{"a":1}', ' [1]', '\ufeff{}', 'eyJhbGciOiJub25lIn0.e30.']) {
      expect(await reasonFor('a=1', as)).toBe('the body is not a form')
    }
  })
})

describe('timestamps', () => {
  const config = { over: '{timestamp}.{body}', timestamp: { header: 'x-at', unit: 'rfc3339' } }
  test.each(['2026-03-01', '2026-03-01T12:00:00', '2026-13-01T12:00:00Z', '12026-03-01T12:00:00Z', '1772366400', ''])(
    'no date with a zone: %s',
    async (at) => {
      const given = signed(config, delivery({}, '{}'))
      const sent = { ...given, headers: { ...given.headers, 'x-at': at } }
      expect(await reason(config, sent)).toBe('header x-at holds no timestamp')
    },
  )
})

describe('secrets', () => {
  test.each([
    [{}, ''],
    [{}, ' \n'],
    [{ secret_prefix: 'whsec_' }, 'whsec_'],
    [{ secret_prefix: 'whsec_', key: 'base64' }, 'whsec_'],
  ])('%j: a blank one %j is a mistake', (config, secret) => {
    expect(() => createVerifier(verifySchema.parse({ ...base, ...config }), [secret])).toThrow(
      /blank|nothing that could be a key/,
    )
    expect(() => createVerifier(verifySchema.parse({ ...base, ...config }), ['good', secret])).toThrow()
  })
  test('the prefix is no part of the key, and may be left out', async () => {
    const given = signed({}, delivery({}, '{}'))
    for (const secret of ['key', 'k_key']) {
      expect(await reasonOf({ ...base, secret_prefix: 'k_' }, [secret], given, nowMs)).toBeNull()
    }
  })
})
