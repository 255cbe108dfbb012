import { createHash } from 'node:crypto'
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { RelayError } from '../../../src/domain/errors.ts'
import { decodeBody, readWebhook } from '../../../src/mapping/webhook/webhook.ts'
import fc from '../../fast-check.ts'

const product = { id: 1, title: 'Crème', tags: ['a'], nested: { x: null } }

interface Given {
  readonly query?: string
  readonly headers?: Record<string, string>
  readonly limit?: number
}

function read(body: string | Buffer, { query = '', headers = {}, limit = 100_000 }: Given = {}) {
  return readWebhook({ method: 'POST', path: '/webhooks/shop', query, headers, body: Buffer.from(body), limit })
}

async function bodyOf(body: string | Buffer, type?: string, headers: Record<string, string> = {}): Promise<unknown> {
  return (await read(body, { headers: type === undefined ? headers : { 'content-type': type, ...headers } })).body
}

const json = 'application/json'

test('a webhook has method, path, headers, query, body and the digest of its bytes', async () => {
  const body = JSON.stringify(product)
  const headers = { 'content-type': json, 'x-topic': 'a' }
  const webhook = await read(body, { headers, query: 'a=1&b=%20x+y&a=2' })
  expect({ ...webhook, body: webhook.body, digest: webhook.digest }).toStrictEqual({
    method: 'POST',
    path: '/webhooks/shop',
    headers,
    query: { a: '1', b: ' x y' },
    body: product,
    digest: createHash('sha256').update(body).digest('hex'),
    proof: null, // nothing has been verified
  })
})

test('a query name cannot reach a prototype', async () => {
  const { query } = await read('', { query: '__proto__=1&constructor=2' })
  expect(Object.getPrototypeOf(query)).toBe(Object.prototype)
  expect(query).toEqual({ constructor: '2' })
})

describe('content types', () => {
  test.each([
    json,
    'application/json; charset=utf-8',
    'application/vnd.api+json',
    'Text/JSON',
    'application/cloudevents+json; charset="UTF-8"',
  ])('%s is JSON', async (type) => {
    expect(await bodyOf(JSON.stringify(product), type)).toStrictEqual(product)
    expect(await bodyOf('"text"', type)).toBe('text')
    await expect(bodyOf('text', type)).rejects.toThrow(RelayError)
  })

  test.each(['text/plain', undefined, 'application/octet-stream', 'application/xml', '', ';;'])(
    '%s is JSON where it parses as an object or array, else text',
    async (type) => {
      expect(await bodyOf(` ${JSON.stringify(product)}`, type)).toStrictEqual(product)
      expect(await bodyOf('[1]', type)).toStrictEqual([1])
      expect(await bodyOf('{not json', type)).toBe('{not json')
      expect(await bodyOf('12', type)).toBe('12')
      expect(await bodyOf('<a>é</a>', type)).toBe('<a>é</a>')
      expect(await bodyOf('['.repeat(5000), type)).toBe('['.repeat(5000))
    },
  )

  test('form fields are an object of text, repeated names a list', async () => {
    const form = 'a=1&b=x+y%21&a=2&a=3&payload=%7B%22x%22%3A1%7D&__proto__=p&constructor=c&empty='
    const fields = await bodyOf(form, 'application/x-www-form-urlencoded')
    expect(fields).toEqual({ a: ['1', '2', '3'], b: 'x y!', payload: '{"x":1}', constructor: 'c', empty: '' })
    expect(Object.getPrototypeOf(fields)).toBe(Object.prototype)
  })

  test.each([json, 'text/plain', undefined, 'application/x-www-form-urlencoded'])(
    'an empty body of %s is null',
    async (type) => {
      for (const body of ['', ' \n', '\ufeff']) expect(await bodyOf(body, type)).toBeNull()
    },
  )
})

describe('what a signature of the body does not cover', () => {
  const text = 'Cafés & é &event=post.deleted&id=9&x= 漢字'
  const types = [
    'application/x-www-form-urlencoded',
    'text/plain',
    'multipart/form-data; boundary=x',
    'application/octet-stream',
    '',
    ...[
      'windows-1252',
      'shift_jis',
      'gbk',
      'big5',
      'euc-kr',
      'utf-16le',
      'utf-16be',
      'iso-2022-jp',
      'x-user-defined',
    ].flatMap((charset) => [`${json}; charset=${charset}`, `text/plain; charset=${charset}`]),
  ]
  test.each(types)('JSON in UTF-8 says the same as %j', async (type) => {
    const body = { event: 'post.published', id: 7, title: text }
    expect(await bodyOf(JSON.stringify(body), type)).toStrictEqual(body)
    expect(await bodyOf(`\n ${JSON.stringify([body])}`, type)).toStrictEqual([body])
  })
  test('a form whose first name begins like JSON is a form', async () => {
    expect(await bodyOf('{a}=1&b=2', 'application/x-www-form-urlencoded')).toStrictEqual({ '{a}': '1', b: '2' })
  })
})

describe('lists and objects', () => {
  const of = (text: string, count: number) => `[${new Array(count - 1).fill(text).join()}]`
  test('in few bytes are read up to 65,536', async () => {
    expect(await bodyOf(of('[]', 65_536), json)).toHaveLength(65_535)
    for (const text of ['[]', '{}', '{"a":1}']) {
      await expect(bodyOf(of(text, 65_537), json)).rejects.toMatchObject({
        code: 'invalid',
        message: 'body holds more than 65,536 lists and objects, in less than 16 bytes each',
      })
    }
  })
  test('of 16 bytes or more are read in any number', async () => {
    expect(await bodyOf(of('{"id":123456789}', 100_000), json)).toHaveLength(99_999)
  })
  test('are counted apart from what else is in a list', async () => {
    expect(await bodyOf(of('1', 200_000), json)).toHaveLength(199_999)
  })
})

describe('charsets', () => {
  test('the byte order mark is no text', async () => {
    expect(await bodyOf(`\ufeff${JSON.stringify(product)}`, json)).toStrictEqual(product)
    expect(await bodyOf('\ufefftext', 'text/plain')).toBe('text')
  })
  test('another charset is decoded', async () => {
    expect(await bodyOf(Buffer.from('Cr\xe8me', 'latin1'), 'text/plain; charset=ISO-8859-1')).toBe('Crème')
    expect(await bodyOf(Buffer.from('{"a":"è"}', 'utf16le'), 'application/json;charset=utf-16le')).toEqual({ a: 'è' })
  })
  test('bytes that are no utf-8 are replaced', async () => {
    expect(await bodyOf(Buffer.from([0x61, 0xff]), 'text/plain')).toBe('a\ufffd')
  })
  test('an unknown charset is unsupported', async () => {
    await expect(bodyOf('a', 'text/plain; charset=klingon')).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining('klingon'),
    })
  })
})

describe('content encodings', () => {
  const bytes = Buffer.from(JSON.stringify(product))
  test.each([
    ['gzip', gzipSync(bytes)],
    ['x-gzip', gzipSync(bytes)],
    ['GZIP', gzipSync(bytes)],
    ['deflate', deflateSync(bytes)],
    ['deflate', deflateRawSync(bytes)],
    ['br', brotliCompressSync(bytes)],
    ['identity', bytes],
    ['', bytes],
    ['gzip, br', brotliCompressSync(gzipSync(bytes))],
    ['identity, deflate', deflateSync(bytes)],
  ])('%s', async (encoding, body) => {
    const webhook = await read(body, { headers: { 'content-type': json, 'content-encoding': encoding } })
    expect(webhook.body).toStrictEqual(product)
    expect(webhook.digest).toBe(createHash('sha256').update(body).digest('hex'))
  })

  test('without one the buffer is the same', async () => {
    expect(await decodeBody({ headers: {}, body: bytes, limit: 1 })).toBe(bytes)
  })
  test('output has a limit, to the byte', async () => {
    for (const [coding, pack] of [
      ['gzip', gzipSync],
      ['deflate', deflateSync],
      ['br', brotliCompressSync],
    ] as const) {
      const bomb = { headers: { 'content-encoding': coding }, body: pack(Buffer.alloc(1_000_000)) }
      expect(bomb.body.length).toBeLessThan(5000)
      await expect(decodeBody({ ...bomb, limit: 999_999 })).rejects.toMatchObject({ code: 'too_large' })
      expect(await decodeBody({ ...bomb, limit: 1_000_000 })).toHaveLength(1_000_000)
    }
    const twice = { headers: { 'content-encoding': 'gzip, gzip' }, body: gzipSync(gzipSync(Buffer.alloc(1_000_000))) }
    await expect(decodeBody({ ...twice, limit: 10_000 })).rejects.toMatchObject({ code: 'too_large' })
  })
  test('what is corrupt or cut off is invalid', async () => {
    for (const body of [bytes, gzipSync(bytes).subarray(0, 20), Buffer.from([0x1f, 0x8b])]) {
      for (const coding of ['gzip', 'deflate', 'br']) {
        const failure = decodeBody({ headers: { 'content-encoding': coding }, body, limit: 1000 })
        await expect(failure).rejects.toMatchObject({ code: 'invalid', message: `body is not valid ${coding}` })
      }
    }
  })
  test.each(['compress', 'zstd', 'constructor', 'gzip;q=1', 'br, gzip, br, gzip'])(
    '%s is unsupported',
    async (coding) => {
      await expect(
        decodeBody({ headers: { 'content-encoding': coding }, body: bytes, limit: 1000 }),
      ).rejects.toMatchObject({ code: 'unsupported' })
    },
  )
})

describe('JSON', () => {
  test.each([
    ['788032119674292922', '788032119674292922'],
    ['-788032119674292922', '-788032119674292922'],
    ['9007199254740991', 9007199254740991],
    ['9007199254740992', '9007199254740992'],
    ['-9007199254740991', -9007199254740991],
    ['9007199254740993.5', '9007199254740993.5'],
    ['1234567890123456.5', 1234567890123456.5],
    ['0.12345678901234567890', 0.12345678901234568],
    ['1e400', '1e400'],
    ['-1E+400', '-1E+400'],
    ['1e30', 1e30],
    ['1e-400', 0],
    ['123456789012345678901234567890', '123456789012345678901234567890'],
  ])('the number %s is %j', async (text, expected) => {
    expect(await bodyOf(text, json)).toBe(expected)
    expect(await bodyOf(`{"a": [ ${text} , "${text}"],"b":${text}}`, json)).toStrictEqual({
      a: [expected, text],
      b: expected,
    })
  })

  test('digits inside text stay as they are', async () => {
    const value = {
      a: 'x, 12345678901234567890, y',
      'b: 12345678901234567890': '\\',
      c: ':12345678901234567890,"',
      d: '\\"',
    }
    expect(await bodyOf(JSON.stringify(value), json)).toStrictEqual(value)
  })

  test('the digits of any integer survive, wherever it stands', async () => {
    const text = fc.string({
      unit: fc.oneof(fc.constantFrom('"', '\\', ',', ':', '1', '{', '['), fc.string({ minLength: 1, maxLength: 1 })),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }),
        text,
        fc.constantFrom('', ' ', '\n\t'),
        async (integer, around, space) => {
          const body = `{${JSON.stringify(`k${around}`)}:${space}[${JSON.stringify(around)},${space}${integer}${space}],"z":${integer}}`
          const read = (await bodyOf(body, json)) as Record<string, unknown>
          expect(String(BigInt(String(read['z'])))).toBe(String(integer))
          expect(read[`k${around}`]).toStrictEqual([around, read['z']])
        },
      ),
      { numRuns: 500 },
    )
  })

  test('what JSON.parse reads is read the same, where no number is too big', async () => {
    await fc.assert(
      fc.asyncProperty(fc.json({ maxDepth: 4 }), async (text) => {
        fc.pre(!/__proto__|\d{16}|e/.test(text))
        expect(await bodyOf(text, json)).toStrictEqual(JSON.parse(text))
      }),
    )
  })

  test('what JSON.parse refuses is refused, big numbers or not', async () => {
    const tokens = [
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"a"',
      '"',
      '\\',
      ' ',
      '\t',
      '\v',
      '\u00a0',
      'true',
      'fals',
      'null',
      'nul',
    ]
    const numbers = ['12345678901234567890', '-12345678901234567890', '01234567890123456789', '1e400']
    const parts = ['0', '1', '-', '+', '.', 'e', 'E', 'u00e9', 'u12', 'n', '/', '\u2028']
    const soup = fc.array(fc.constantFrom(...tokens, ...numbers, ...parts), { minLength: 1, maxLength: 8 })
    const spoilt = fc
      .tuple(fc.json({ maxDepth: 3 }), fc.nat(), fc.nat(3), fc.constantFrom('', ...tokens, ...parts))
      .map(([text, at, count, piece]) => {
        const start = at % (text.length + 1)
        return text.slice(0, start) + piece + text.slice(start + count)
      })
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          soup.map((pieces) => pieces.join('')),
          spoilt,
        ),
        async (text) => {
          fc.pre(text.trim() !== '')
          const outcome = await bodyOf(text, json).then(
            () => true,
            (error: unknown) => String(error),
          )
          if (isJson(text)) expect(outcome, text).toBe(true)
          else expect(outcome, text).toMatch(/^RelayError: body is not valid JSON: .+, line \d+, column \d+$/)
        },
      ),
      { numRuns: 10_000 },
    )
  })

  test.each([
    ['{"a":1,}', 'expected name, line 1, column 8'],
    ['{"a":\n  secret}', 'expected value, line 2, column 3'],
    ['{"a" 1}', 'expected :, line 1, column 6'],
    ['[1,\r\n2', 'unexpected end, line 2, column 2'],
    ['[1 2]', 'expected , or ], line 1, column 4'],
    ['{"a":"b\nc"}', 'control character in a string, line 1, column 8'],
    ['{"a":"\\x"}', 'bad escape in a string, line 1, column 7'],
    ['{"a":1} x', 'expected end, line 1, column 9'],
    ['{12345678901234567890:1}', 'expected name or }, line 1, column 2'],
    ['{"a":1,12345678901234567890:2}', 'expected name, line 1, column 8'],
    ['"abc', 'unexpected end in a string, line 1, column 5'],
  ])('%j names the place and not the text', async (text, message) => {
    await expect(bodyOf(text, json)).rejects.toMatchObject({
      code: 'invalid',
      message: `body is not valid JSON: ${message}`,
    })
  })

  test('a prototype is never reached', async () => {
    for (const name of ['__proto__', '\\u005f_proto__', '__prot\\u006f__']) {
      for (const rest of ['', ',"id":12345678901234567890']) {
        const body = (await bodyOf(`{"a":{"${name}":{"x":1}}${rest}}`, json)) as { a: { x?: number } }
        expect(body.a.x).toBeUndefined()
        expect(Object.getOwnPropertyNames(body.a)).toEqual([])
      }
    }
    for (const name of ['constructor', 'c\\u006fnstructor']) {
      const body = (await bodyOf(`{"${name}":{"prototype":{"x":1}}}`, json)) as object
      expect(Object.getOwnPropertyNames(body)).toEqual([])
    }
    expect(await bodyOf('{"constructor":"Bosch"}', json)).toEqual({ constructor: 'Bosch' })
  })

  test('200 levels are read, more are refused, however many', async () => {
    const nested = (levels: number, inner = '') => '['.repeat(levels) + inner + ']'.repeat(levels)
    expect(await bodyOf(nested(200), json)).toBeInstanceOf(Array)
    expect(await bodyOf('[' + '[{"a":[]}],'.repeat(500) + '1]', json)).toHaveLength(501)
    for (const text of [
      nested(201),
      nested(100_000),
      nested(100_000, '12345678901234567890'),
      '{"a":'.repeat(100_000),
      '['.repeat(1_000_000),
    ]) {
      await expect(bodyOf(text, json)).rejects.toMatchObject({
        code: 'invalid',
        message: 'body is nested deeper than 200 levels',
      })
    }
    expect(await bodyOf(JSON.stringify('['.repeat(500)), json)).toHaveLength(500)
  })

  test('hostile text takes no long time', async () => {
    const hostile = [
      '12345678901234567890' + ' '.repeat(300_000),
      `[${'1'.repeat(300_000)}`,
      '"' + '\\'.repeat(300_000),
      '"' + '\\"'.repeat(150_000),
      '['.repeat(200) + '\n'.repeat(300_000),
      `[${'12345678901234567890,'.repeat(20_000)}1]`,
    ]
    for (const text of hostile) {
      const start = performance.now()
      await bodyOf(text, json).catch(() => {})
      expect(performance.now() - start, text.slice(0, 30)).toBeLessThan(1000)
    }
  })
})

test('arbitrary bytes and headers give a webhook or a RelayError', async () => {
  const type = fc.oneof(
    fc.constantFrom(
      json,
      'application/x-www-form-urlencoded',
      'text/plain',
      'a+json;charset=utf-16',
      'application/json;charset=',
    ),
    fc.string(),
  )
  const encoding = fc.oneof(fc.constantFrom('gzip', 'br', 'deflate', 'gzip,br', ','), fc.string())
  const headers = fc.record({ 'content-type': type, 'content-encoding': encoding }, { requiredKeys: [] })
  const packed = fc
    .tuple(fc.uint8Array(), fc.constantFrom(gzipSync, deflateSync, brotliCompressSync, Buffer.from))
    .map(([bytes, pack]) => pack(bytes) as Buffer)
  const body = fc.oneof(
    packed,
    fc.json().map((text) => Buffer.from(text)),
    fc.string().map((text) => Buffer.from(text)),
  )
  await fc.assert(
    fc.asyncProperty(body, headers, fc.string(), async (bytes, given, query) => {
      const outcome = await read(bytes, { headers: given, query }).catch((error: unknown) => error)
      if (outcome instanceof Error) expect(outcome).toBeInstanceOf(RelayError)
      else expect(outcome).toHaveProperty('digest', createHash('sha256').update(bytes).digest('hex'))
    }),
    { numRuns: 1000 },
  )
})

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
