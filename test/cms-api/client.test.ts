import type { LookupAddress } from 'node:dns'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createFetchClient, type FetchClient, type FetchClientOptions } from '../../src/cms-api/client.ts'
import type { FetchRequest } from '../../src/domain/fetch.ts'
import { startScriptedCms } from './support.ts'

const now = Date.parse('2026-03-01T12:00:00Z')

function clientOf(baseUrl: string, more: Partial<FetchClientOptions> = {}): FetchClient {
  const client = createFetchClient({
    baseUrl,
    query: { token: 'a-token-of-the-api' },
    headers: { authorization: 'Bearer another-secret' },
    allowPrivate: true,
    timeoutMs: 5_000,
    maxBytes: 1_000,
    connections: 2,
    now: () => now,
    ...more,
  })
  onTestFinished(() => client.close())
  return client
}

function get(url: string, more: Partial<FetchRequest> = {}): FetchRequest {
  return { method: 'GET', url, headers: {}, body: undefined, isRecord: true, ...more }
}

describe('a request', () => {
  test('goes below the base url with the credentials, and what it has of its own', async () => {
    const cms = await startScriptedCms(() => ({ body: { id: 1 } }))
    const client = clientOf(`${cms.origin}/v2/`)
    const result = await client.send(
      get('/stories/1?version=published', { headers: { 'x-wait': 'true', authorization: 'mine' } }),
    )
    expect(result).toMatchObject({ kind: 'answer', status: 200, text: '{"id":1}', retryAfterMs: null })
    expect(cms.requests).toMatchObject([
      {
        method: 'GET',
        url: '/v2/stories/1?version=published&token=a-token-of-the-api',
        headers: { authorization: 'Bearer another-secret', accept: 'application/json', 'x-wait': 'true' },
      },
    ])
  })

  test('may be a POST of JSON', async () => {
    const cms = await startScriptedCms()
    await clientOf(cms.origin).send(get('/graphql', { method: 'POST', body: { query: '{ a }' } }))
    expect(cms.requests).toMatchObject([
      { method: 'POST', body: '{"query":"{ a }"}', headers: { 'content-type': 'application/json' } },
    ])
  })

  test('out of the base url is never made', async () => {
    const cms = await startScriptedCms()
    const result = await clientOf(`${cms.origin}/v2`).send(get('/../admin'))
    expect(result).toMatchObject({ kind: 'refused', message: 'the url leads out of the base url' })
    expect(cms.requests).toEqual([])
  })
})

describe('a redirect', () => {
  test('below the base url is followed, with the credentials once', async () => {
    const cms = await startScriptedCms(({ url }) =>
      url.includes('cv=') ? { body: 'true' } : { status: 301, headers: { location: `${url}&cv=1` } },
    )
    expect(await clientOf(`${cms.origin}/v2`).send(get('/a'))).toMatchObject({
      kind: 'answer',
      status: 200,
      text: 'true',
    })
    expect(cms.requests.map(({ url }) => url)).toEqual([
      '/v2/a?token=a-token-of-the-api',
      '/v2/a?token=a-token-of-the-api&cv=1',
    ])
  })

  test('to another host, even on the same machine, is not', async () => {
    const other = await startScriptedCms()
    const cms = await startScriptedCms(() => ({ status: 302, headers: { location: `${other.origin}/v2/a` } }))
    const result = await clientOf(`${cms.origin}/v2`).send(get('/a'))
    expect(result).toMatchObject({ kind: 'refused', message: 'a redirect (302) leads out of the base url' })
    expect(other.requests).toEqual([])
  })

  test('without end is given up', async () => {
    const cms = await startScriptedCms(({ url }) => ({ status: 307, headers: { location: url } }))
    expect(await clientOf(cms.origin).send(get('/a'))).toMatchObject({
      kind: 'refused',
      message: 'more than 3 redirects',
    })
    expect(cms.requests).toHaveLength(4)
  })
})

describe('a host name', () => {
  const named = (addresses: readonly string[][], port: number, more: Partial<FetchClientOptions> = {}) => {
    const asked: string[] = []
    const client = clientOf(`http://cms.test:${port}`, {
      allowPrivate: false,
      resolveHost(hostname, done) {
        const answer = addresses[Math.min(asked.length, addresses.length - 1)] ?? []
        asked.push(hostname)
        const found = answer.map((address): LookupAddress => ({ address, family: address.includes(':') ? 6 : 4 }))
        done(null, found)
      },
      ...more,
    })
    return { client, asked }
  }

  test.each([
    [['127.0.0.1']],
    [['10.0.0.7']],
    [['169.254.169.254']],
    [['::1']],
    [['::ffff:127.0.0.1']],
    [['2002:7f00:1::1']],
    [['8.8.8.8', '127.0.0.1']],
    [['0.0.0.0']],
  ])('that resolves to %j is not connected to', async (addresses) => {
    const cms = await startScriptedCms()
    const { client } = named([addresses], cms.port)
    expect(await client.send(get('/a'))).toMatchObject({
      kind: 'refused',
      message: expect.stringMatching(/^host 'cms\.test' resolves to what is refused: /),
    })
    expect(cms.requests).toEqual([])
  })

  test('is resolved once for a connection: what was looked at is what is used', async () => {
    const cms = await startScriptedCms()
    const { client, asked } = named([['127.0.0.1'], ['169.254.169.254']], cms.port, { allowPrivate: true })
    expect(await client.send(get('/a'))).toMatchObject({ kind: 'answer', status: 200 })
    expect(asked).toEqual(['cms.test'])
  })

  test('that answers otherwise the second time is looked at the second time', async () => {
    const cms = await startScriptedCms(() => (response) => {
      response.setHeader('connection', 'close')
      response.end('{}')
    })
    const { client, asked } = named([['127.0.0.1'], ['169.254.169.254']], cms.port, { allowPrivate: true })
    expect(await client.send(get('/a'))).toMatchObject({ kind: 'answer' })
    expect(await client.send(get('/a'))).toMatchObject({ kind: 'refused' })
    expect(asked).toHaveLength(2)
    expect(cms.requests).toHaveLength(1)
  })

  test('without an address is no answer', async () => {
    const { client } = named([[]], 80, { allowPrivate: true })
    expect(await client.send(get('/a'))).toMatchObject({ kind: 'no_answer', reason: 'connect' })
  })
})

describe('an answer', () => {
  test('that is too large is given up, and its socket with it', async () => {
    let isClosed = Promise.withResolvers<void>()
    const cms = await startScriptedCms(() => (response) => {
      isClosed = Promise.withResolvers()
      response.on('close', () => isClosed.resolve())
      const more = () => {
        while (!response.destroyed && response.write('x'.repeat(1_000)));
      }
      response.on('drain', more)
      more()
    })
    const result = await clientOf(cms.origin).send(get('/endless'))
    expect(result).toMatchObject({ kind: 'no_answer', reason: 'too_large' })
    await isClosed.promise
  })

  test('that drips is given up when its time is over', async () => {
    const cms = await startScriptedCms(() => (response) => {
      response.write('{')
      const dripping = setInterval(() => response.write(' '), 20)
      response.on('close', () => clearInterval(dripping))
    })
    const result = await clientOf(cms.origin, { timeoutMs: 200 }).send(get('/slow'))
    expect(result).toMatchObject({ kind: 'no_answer', reason: 'timeout', message: 'no whole answer within 200 ms' })
    expect(result.durationMs).toBeLessThan(2_000)
  })

  test('that drips behind an error status, too', async () => {
    const cms = await startScriptedCms(() => (response) => {
      response.writeHead(500)
      const dripping = setInterval(() => response.write(' '), 20)
      response.on('close', () => clearInterval(dripping))
    })
    const result = await clientOf(cms.origin, { timeoutMs: 200 }).send(get('/slow'))
    expect(result).toMatchObject({ kind: 'no_answer', reason: 'timeout' })
  })

  test.each([
    ['7', 7_000],
    ['Sun, 01 Mar 2026 12:00:30 GMT', 30_000],
    ['soon', null],
  ])('with Retry-After: %s says when', async (value, retryAfterMs) => {
    const date = new Date(now).toUTCString()
    const cms = await startScriptedCms(() => ({ status: 429, headers: { 'retry-after': value, date } }))
    expect(await clientOf(cms.origin).send(get('/a'))).toMatchObject({ status: 429, retryAfterMs })
  })

  test('of an error is not read into anything that is kept', async () => {
    const cms = await startScriptedCms(() => ({ status: 403, body: { error: 'bad token a-token-of-the-api' } }))
    expect(await clientOf(cms.origin).send(get('/a'))).toMatchObject({ kind: 'answer', status: 403, text: '' })
  })

  test('that is compressed unasked is none', async () => {
    const cms = await startScriptedCms(() => ({ body: 'x', headers: { 'content-encoding': 'gzip' } }))
    expect(await clientOf(cms.origin).send(get('/a'))).toMatchObject({ kind: 'no_answer', reason: 'protocol' })
  })

  test('that is cut off is none', async () => {
    const cms = await startScriptedCms(() => (response) => {
      response.writeHead(200, { 'content-length': '100' })
      response.write('{')
      setImmediate(() => response.destroy())
    })
    expect(await clientOf(cms.origin).send(get('/a'))).toMatchObject({ kind: 'no_answer' })
  })

  test('is not waited for once the caller has given up', async () => {
    const cms = await startScriptedCms(() => () => {})
    const cut = new AbortController()
    const sending = clientOf(cms.origin).send(get('/a'), cut.signal)
    cut.abort()
    expect(await sending).toMatchObject({ kind: 'no_answer', reason: 'aborted' })
  })
})

test('nothing that goes wrong tells a credential', async () => {
  const cms = await startScriptedCms(() => (response) => void response.destroy())
  const results = [
    await clientOf(cms.origin).send(get('/a')),
    await clientOf('http://127.0.0.1:1').send(get('/a')),
    await clientOf(cms.origin, { headers: { 'x-key': 'wrong\nheader-value-secret' } }).send(get('/a')),
    await clientOf('http://cms.test', {
      resolveHost: (_host, done) => done(new Error('cannot ask with a-token-of-the-api'), []),
    }).send(get('/a')),
  ]
  for (const result of results) {
    expect(result.kind).toBe('no_answer')
    expect(JSON.stringify(result)).not.toMatch(/a-token-of-the-api|another-secret|header-value-secret/)
  }
})
