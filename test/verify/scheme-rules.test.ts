import { createHash, createHmac, generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { createVerifier, verifySchema } from '../../src/verify/verifier.ts'
import { delivery, reasonOf, verdictOf } from './support.ts'

const at = Date.parse('2026-03-01T12:00:00Z')
const hmac = (key: string | Buffer, text: string | Buffer) => createHmac('sha256', key).update(text)

describe('timestamped', () => {
  const config = { scheme: 'timestamped', header: 'x' }
  const t = at / 1000
  const good = hmac('k', `${t}.body`).digest('hex')
  const reason = (value: string, over: object = {}) =>
    reasonOf({ ...config, ...over }, ['k'], delivery({ x: value }, 'body'), at)

  test('any of several signatures of the version may match, in any place; others are ignored', async () => {
    expect(await reason(`t=${t},v1=00,v1=${good.toUpperCase()},v0=11`)).toBeNull()
    expect(await reason(`v1=${good}, t=${t}`)).toBeNull()
    expect(await reason(`t=${t},v0=${good}`)).toMatch(/not of the form/)
    expect(await reason(`t=${t},v0=${good}`, { version: 'v0' })).toBeNull()
  })
  test('a second timestamp, none, or more signatures than anyone sends are refused', async () => {
    expect(await reason(`t=${t},v1=${good},t=${t}`)).toMatch(/not of the form/)
    expect(await reason(`v1=${good}`)).toMatch(/not of the form/)
    expect(await reason(`t=${t},${'v1=00,'.repeat(16)}v1=${good}`)).toMatch(/more than 16/)
  })
  test('tolerance: unlimited checks no age, 0s none at all', async () => {
    const given = delivery({ x: `t=${t},v1=${good}` }, 'body')
    expect(await reasonOf({ ...config, tolerance: 'unlimited' }, ['k'], given, at * 2)).toBeNull()
    expect(await reasonOf({ ...config, tolerance: '0s' }, ['k'], given, at)).toBeNull()
    expect(await reasonOf({ ...config, tolerance: '0s' }, ['k'], given, at + 1)).toMatch(/timestamp/)
    expect(() => verifySchema.parse({ ...config, tolerance: '5' })).toThrow(/duration/)
  })
  test('a forger is told of the signature, not of the clock', async () => {
    expect(await reasonOf(config, ['k'], delivery({ x: 't=1,v1=00' }, 'body'), at)).toMatch(/does not match/)
  })
})

test('ghost: a signature of the body alone passes only where no age is asked for', async () => {
  const signature = hmac('k', 'body').digest('hex')
  for (const value of [`sha256=${signature}`, `sha256=${signature}, t=${at}`]) {
    const given = delivery({ 'x-ghost-signature': value }, 'body')
    expect(await reasonOf({ scheme: 'ghost' }, ['k'], given, at)).toBeNull()
    expect(await reasonOf({ scheme: 'ghost', tolerance: '5m' }, ['k'], given, at)).toMatch(/timestamp|does not match/)
  }
})

describe('hygraph', () => {
  const sign = (body: string, environment = 'master') => {
    const signed = `{"Body":${body},"EnvironmentName":"${environment}","TimeStamp":${at}}`
    return { 'gcms-signature': `sign=${hmac('k', signed).digest('base64')}, env=master, t=${at}` }
  }
  const reason = (headers: Record<string, string>, body: string | Buffer) =>
    reasonOf({ scheme: 'hygraph' }, ['k'], delivery(headers, body), at)

  test('a body with & < > passes as the helper signs it, and as it is', async () => {
    const body = '{"html":"<p>a & b</p>"}'
    const plain = JSON.stringify(body)
    const escaped = plain.replace(/[&<>]/g, (char) => ({ '&': '\\\\u0026', '<': '\\\\u003c', '>': '\\\\u003e' })[char]!)
    expect(await reason(sign(plain), body)).toBeNull()
    expect(await reason(sign(escaped), body)).toBeNull()
    // What Go itself has escaped on the wire is signed as it is.
    expect(await reason(sign(escaped), '{"html":"\\u003cp\\u003ea \\u0026 b\\u003c/p\\u003e"}')).toBeNull()
    expect(await reason(sign(plain), body.replace('&', '&&'))).toMatch(/does not match/)
  })
  test('the environment is signed', async () => {
    const header = sign('"{}"', 'other')['gcms-signature']
    expect(await reason({ 'gcms-signature': header.replace('env=master', 'env=other') }, '{}')).toBeNull()
    expect(await reason({ 'gcms-signature': header }, '{}')).toMatch(/does not match/)
  })
  test('bytes that are no UTF-8 are refused: as text they would all look alike', async () => {
    const headers = sign(JSON.stringify('\ufffd'))
    expect(await reason(headers, '\ufffd')).toBeNull()
    expect(await reason(headers, Buffer.from([0xff]))).toBe('the body is not UTF-8')
  })
})

describe('contentful', () => {
  const secret = 's'.repeat(64)
  const names = ['x-contentful-signed-headers', 'x-contentful-timestamp', 'x-contentful-topic']
  interface Request {
    readonly path: string
    readonly topic: string
    readonly names: readonly string[]
  }
  function headersOf({ path = '/webhooks/s', topic = 'publish', names: signed = names }: Partial<Request> = {}) {
    const list = signed.join(',')
    const values: Record<string, string> = {
      'x-contentful-signed-headers': list,
      'x-contentful-timestamp': String(at),
      'x-contentful-topic': topic,
    }
    const pairs = signed.map((name) => `${name}:${values[name]}`).join(';')
    const signature = hmac(secret, `POST\n${path}\n${pairs}\nbody`).digest('hex')
    return { ...values, 'x-contentful-signature': signature }
  }
  const reason = (headers: Record<string, string>, over = {}, config: object = {}) =>
    reasonOf({ scheme: 'contentful', ...config }, [secret], delivery(headers, 'body', over), at)

  test('method, path, query and the headers that are named are signed', async () => {
    expect(await reason(headersOf())).toBeNull()
    expect(await reason(headersOf(), { method: 'PUT' })).toMatch(/does not match/)
    expect(await reason(headersOf(), { path: '/webhooks/t' })).toMatch(/does not match/)
    expect(await reason(headersOf(), { query: 'a=1' })).toMatch(/does not match/)
    expect(await reason({ ...headersOf(), 'x-contentful-topic': 'delete' })).toMatch(/does not match/)
    expect(await reason({ ...headersOf(), 'x-other': 'not signed' })).toBeNull()
  })
  test('the query is signed encoded twice', async () => {
    expect(
      await reason(headersOf({ path: '/webhooks/s?a%253D1%2526b%253Dx%252520y' }), { query: 'a=1&b=x%20y' }),
    ).toBeNull()
  })
  test('names out of order are put in order, as the toolkit does', async () => {
    const list = [...names].reverse().join(', ')
    expect(await reason({ ...headersOf(), 'x-contentful-signed-headers': list })).toBeNull()
  })
  test('a list that leaves out the timestamp or itself is refused, though it were signed so', async () => {
    for (const left of names.slice(0, 2)) {
      const signed = names.filter((name) => name !== left)
      expect(await reason(headersOf({ names: signed }))).toMatch(/does not name|missing/)
    }
  })
  test('a header that is named and does not come is refused', async () => {
    const { 'x-contentful-topic': _topic, ...headers } = headersOf() as Record<string, string>
    expect(await reason(headers)).toBe('a signed header is missing')
    const list = [...names, '__proto__', 'constructor'].join(',')
    expect(await reason({ ...headersOf(), 'x-contentful-signed-headers': list })).toBe('a signed header is missing')
  })
  test('behind a proxy, public_url stands for /webhooks/<source>', async () => {
    const config = { public_url: 'https://Hooks.example.com/cms/hook' }
    expect(await reason(headersOf({ path: '/cms/hook' }), {}, config)).toBeNull()
    expect(await reason(headersOf({ path: '/cms/hook/x?q' }), { path: '/webhooks/s/x', query: 'q' }, config)).toBeNull()
    expect(await reason(headersOf(), {}, config)).toMatch(/does not match/)
    expect(await reason(headersOf({ path: '/' }), {}, { public_url: 'https://hooks.example.com' })).toBeNull()
  })
})

describe('hubspot', () => {
  const v2 = (uri: string, method = 'POST') => ({
    'x-hubspot-signature': createHash('sha256').update(`k${method}${uri}body`).digest('hex'),
  })
  const config = { scheme: 'hubspot', version: 'v2', public_url: 'https://example.com/hook/' }
  const reason = (headers: Record<string, string>, over = {}, more: object = {}) =>
    reasonOf({ ...config, ...more }, ['k'], delivery(headers, 'body', over), at)

  test('method and URL are signed: what follows the public URL is as it was sent', async () => {
    expect(await reason(v2('https://example.com/hook/'))).toBeNull()
    expect(await reason(v2('https://example.com/hook/'), { path: '/webhooks/s/' })).toBeNull()
    const sent = { path: '/webhooks/s/a', query: 'b=%41' }
    expect(await reason(v2('https://example.com/hook/a?b=%41'), sent)).toBeNull()
    expect(await reason(v2('https://example.com/hook/a?b=A'), sent)).toMatch(/does not match/)
    expect(await reason(v2('https://example.com/hook/'), { method: 'PUT' })).toMatch(/does not match/)
    expect(await reason(v2('http://example.com/hook/'))).toMatch(/does not match/)
  })
  test('the version is the configured one, whatever a header says', async () => {
    const v1 = { 'x-hubspot-signature': createHash('sha256').update('kbody').digest('hex') }
    expect(await reason(v1, {}, { version: 'v1' })).toBeNull()
    expect(await reason({ ...v1, 'x-hubspot-signature-version': 'v1' })).toMatch(/does not match/)
    expect(await reason({ ...v1, 'x-hubspot-signature-version': 'v1' }, {}, { version: 'v3' })).toMatch(/v3 is missing/)
  })
  test('v2 and v3 without the public URL are mistakes', () => {
    for (const version of ['v2', 'v3', undefined]) {
      expect(() => verifySchema.parse({ scheme: 'hubspot', version })).toThrow(/sign the URL/)
    }
    for (const public_url of [
      'example.com/x',
      'ftp://example.com',
      'https://example.com/?a=1',
      'https://example.com/#a',
    ]) {
      expect(() => verifySchema.parse({ scheme: 'hubspot', public_url })).toThrow()
    }
  })
})

describe('standard-webhooks', () => {
  const key = Buffer.from('k'.repeat(32))
  const secret = `whsec_${key.toString('base64')}`
  const { publicKey } = generateKeyPairSync('ed25519')
  const whpk = `whpk_${Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url').toString('base64')}`
  const headersOf = (id: string, body = 'body', by = key) => ({
    'webhook-id': id,
    'webhook-timestamp': String(at / 1000),
    'webhook-signature': `v1,${hmac(by, `${id}.${at / 1000}.${body}`).digest('base64')}`,
  })
  const config = { scheme: 'standard-webhooks' }
  const reason = (headers: Record<string, string>, over: object = {}, secrets = [secret]) =>
    reasonOf({ ...config, ...over }, secrets, delivery(headers, 'body'), at)

  test('the id is signed, must come, and must not hold a dot', async () => {
    expect(await reason(headersOf('msg_1'))).toBeNull()
    expect(await reason({ ...headersOf('msg_1'), 'webhook-id': 'msg_2' })).toMatch(/does not match/)
    expect(await reason({ ...headersOf('msg_1'), 'webhook-id': '' })).toMatch(/webhook-id/)
    expect(await reason(headersOf('msg.1'))).toMatch(/holds a dot/)
  })
  test('key: raw takes the secret as it is, a whsec_ included', async () => {
    expect(await reason(headersOf('msg_1', 'body', Buffer.from(secret)), { key: 'raw' })).toBeNull()
    expect(await reason(headersOf('msg_1'), { key: 'raw' })).toMatch(/does not match/)
  })
  test('an HMAC keyed with the public key passes neither as v1 nor as v1a', async () => {
    const raw = Buffer.from(whpk.slice(5), 'base64')
    for (const by of [raw, Buffer.from(whpk)]) {
      const headers = headersOf('msg_1', 'body', by)
      for (const version of ['v1', 'v1a']) {
        const value = headers['webhook-signature'].replace('v1', version)
        expect(await reason({ ...headers, 'webhook-signature': value }, { public_key: whpk }, [])).toMatch(
          /does not match/,
        )
      }
    }
  })
  test('more signatures than anyone sends are refused before any is tried', async () => {
    const headers = headersOf('msg_1')
    const value = `${'v1a,AAAA '.repeat(16)}${headers['webhook-signature']}`
    expect(await reason({ ...headers, 'webhook-signature': value })).toMatch(/more than 16/)
  })
  test('a key that cannot be read is a mistake at start', () => {
    expect(() => createVerifier(verifySchema.parse(config), ['whsec_not base64!'])).toThrow(/not base64/)
    expect(() => createVerifier(verifySchema.parse(config), ['whsec_'])).toThrow(/not base64/)
    expect(() => verifySchema.parse({ ...config, public_key: 'whpk_AAAA' })).toThrow(/32 bytes/)
    const { publicKey: rsa } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const public_key = rsa.export({ type: 'spki', format: 'pem' })
    expect(() => verifySchema.parse({ ...config, public_key })).toThrow(/Ed25519/)
  })
})

describe('secrets that a scheme cannot use are mistakes at start, named without them', () => {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const public_key = publicKey.export({ type: 'spki', format: 'pem' })
  test.each([
    [{ scheme: 'contentful' }, 'canary'.repeat(10), /64 characters/],
    [{ scheme: 'hmac', header: 'x', key: 'hex' }, 'canary', /not hex/],
    [{ scheme: 'hmac', header: 'x', key: 'hex' }, 'abc', /not hex/],
    [{ scheme: 'hmac', header: 'x', key: 'base64' }, 'canary!', /not base64/],
    [{ scheme: 'rsa', header: 'x', public_key }, 'canary', /takes no secret/],
    [{ scheme: 'jwt', public_key }, 'canary', /takes no secret/],
  ])('%j', (config, secret, message) => {
    const make = () => createVerifier(verifySchema.parse(config), [secret])
    expect(make).toThrow(message)
    expect(make).not.toThrow(/canary/)
  })
  test('every scheme that signs or shows a secret needs one', () => {
    for (const config of [
      { scheme: 'timestamped', header: 'x' },
      { scheme: 'standard-webhooks' },
      { scheme: 'path' },
      { scheme: 'query' },
      { scheme: 'body' },
      { scheme: 'contentful' },
      { scheme: 'hubspot', version: 'v1' },
      { scheme: 'hygraph' },
      { scheme: 'webflow' },
    ]) {
      expect(() => createVerifier(verifySchema.parse(config), []), config.scheme).toThrow(/needs a secret/)
    }
    expect(() => verifySchema.parse({ scheme: 'rsa', header: 'x' })).toThrow()
    expect(() => verifySchema.parse({ scheme: 'jwt' })).toThrow()
  })
})

describe('a secret in the body', () => {
  const config = { scheme: 'body' }
  const secrets = ['canary-1', 'canary-2']
  const kept = async (body: string | Buffer, field = 'secret', given = secrets) => {
    const verdict = await verdictOf({ ...config, field }, given, delivery({ 'content-encoding': 'gzip', a: 'b' }, body))
    expect(verdict).toMatchObject({ ok: true, delivery: { headers: { a: 'b' } } })
    return verdict.ok ? verdict.delivery : undefined
  }

  test.each([
    ['{"a":1}', /secret in the body is missing/],
    ['{"secret":null}', /missing or empty/],
    ['{"secret":""}', /missing or empty/],
    ['{"secret":["canary-1"]}', /missing or empty/],
    ['{"secret":"canary-3"}', /does not match/],
    ['{"secret":"canary-1 "}', /does not match/],
    ['{"secret":"canary-1","secret":"other"}', /does not match/],
    ['{"data":{"secret":"canary-1"}}', /missing/],
    ['[{"secret":"canary-1"}]', /not a JSON object/],
    ['"secret"', /not a JSON object/],
    ['secret=canary-1', /not a JSON object/],
    ['', /not a JSON object/],
  ])('%s is refused', async (body, refusal) => {
    expect(await reasonOf(config, secrets, delivery({}, body))).toMatch(refusal)
  })
  test('passes under any live secret, and is blanked: every other byte stays', async () => {
    for (const secret of secrets) {
      const body = `\ufeff{ "a":"caf\\u00e9 \\/ \\"secret\\":\\"x\\"",\r\n "b":{"secret":"inner","n":788032119674292922},"secret" :\t"${secret}","z":[{"secret":1}] }`
      const stored = await kept(body)
      expect(stored?.body.toString()).toBe(body.replace(secret, '[secret]'))
      expect(stored?.headers['content-encoding']).toBeUndefined()
    }
  })
  test('is blanked however it is written', async () => {
    const body = Buffer.from('{"s\\u0065cret":"old canary-1","secret":"\\u0063anary-1","t":"\u00e9\u4e2d\ud83d\ude00"}')
    expect((await kept(body))?.body.toString()).toBe(
      '{"s\\u0065cret":"[secret]","secret":"[secret]","t":"\u00e9\u4e2d\ud83d\ude00"}',
    )
    const tricky = 'a"b\\\u00e9'
    const escaped = JSON.stringify({ 'x"y': tricky, end: '\\' })
    expect((await kept(escaped, 'x"y', [tricky]))?.body.toString()).toBe('{"x\\"y":"[secret]","end":"\\\\"}')
  })
})

describe('a secret in the path or the query', () => {
  test('in the path: the part behind the source, decoded', async () => {
    const reason = (path: string, secrets = ['other', 'c/n ry+1']) =>
      reasonOf({ scheme: 'path' }, secrets, delivery({}, '', { path }))
    expect(await reason('/webhooks/s/c%2Fn%20ry+1')).toBeNull()
    expect(await reason('/webhooks/s/c%2fn%20ry%2B1/more')).toBeNull()
    expect(await reason('/webhooks/s')).toBe('the path holds no secret')
    expect(await reason('/webhooks/s/')).toBe('the path holds no secret')
    for (const path of [
      '/webhooks/s/x',
      '/webhooks/s/x/other',
      '/webhooks/s/%',
      '/webhooks/s/othe',
      '/webhooks/other',
      '/webhooks/s/other%00',
    ]) {
      expect(await reason(path), path).toMatch(/path does not match|holds no secret/)
    }
  })
  test('in the query: one parameter, with a plus as it is or for a space', async () => {
    const reason = (query: string, config = {}) =>
      reasonOf({ scheme: 'query', ...config }, ['a+b/c==', 'd e'], delivery({}, '', { query }))
    for (const query of ['token=a+b/c==', 'x=1&token=a%2Bb%2Fc%3D%3D', '%74oken=d+e&y', 'token=d%20e']) {
      expect(await reason(query), query).toBeNull()
    }
    expect(await reason('key=d+e', { parameter: 'key' })).toBeNull()
    for (const query of ['', 'x=1', 'xtoken=d+e', 'Token=d+e'])
      expect(await reason(query)).toBe('the query holds no token')
    for (const query of ['token=', 'token', 'token=d', 'token=d+e+'])
      expect(await reason(query)).toMatch(/does not match/)
    expect(await reason('token=d+e&token=d+e')).toMatch(/more than once/)
  })
  test('is blanked in the delivery, and headers that repeat it are dropped', async () => {
    const headers = { 'x-forwarded-uri': '/webhooks/s/can%20ary?token=can%20ary', referer: 'https://x/can ary', a: 'b' }
    const path = await verdictOf(
      { scheme: 'path' },
      ['can ary'],
      delivery(headers, '{}', { path: '/webhooks/s/can%20ary/x', query: 'q=1' }),
    )
    expect(path).toMatchObject({ ok: true, delivery: { path: '/webhooks/s/[secret]/x', query: 'q=1' } })
    const query = await verdictOf(
      { scheme: 'query' },
      ['can ary'],
      delivery(headers, '{}', { query: 'a=1&token=can%20ary&b' }),
    )
    expect(query).toMatchObject({ ok: true, delivery: { path: '/webhooks/s', query: 'a=1&token=[secret]&b' } })
    for (const verdict of [path, query]) expect(verdict.ok && verdict.delivery.headers).toEqual({ a: 'b' })
  })
})
