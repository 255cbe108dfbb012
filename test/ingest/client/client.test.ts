import type { ServerResponse } from 'node:http'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import type { Answer, IngestCall } from '../../../src/ingest/client/client.ts'
import { readToken, verifySignature } from '../../../src/ingest/signer.ts'
import { bytesOf, nowMs, siteDomain, startClient, startServer, startTcpServer, token, websiteId } from '../support.ts'

const call: IngestCall = { path: 'item', key: 'key-1', body: Buffer.from('{"website_id":"site_123","item":{"n":1.0}}') }
const ok = '{"ok":true,"data":{"accepted":1,"skipped":0,"failed":0},"meta":{"requestId":"req_1"}}'

/** What the client makes of a server that answers like this. */
async function answerTo(respond: (response: ServerResponse) => void, options = {}): Promise<Answer> {
  const { url } = await startServer((request, response) => {
    request.resume().on('end', () => respond(response))
  })
  return startClient(url, options).send(call)
}

describe('a call', () => {
  test('carries the bytes and every header, signed over the path as sent', async () => {
    const seen: { url: string; headers: Record<string, unknown>; body: Buffer }[] = []
    const { url } = await startServer(async (request, response) => {
      seen.push({ url: request.url!, headers: request.headers, body: await bytesOf(request) })
      response.end(ok)
    })
    const client = startClient(url, { nonce: () => 'nonce-1' })
    const answer = await client.send(call)

    expect(answer).toMatchObject({
      kind: 'answer',
      status: 200,
      envelope: { ok: true },
      requestId: 'req_1',
      retryAfterMs: null,
    })
    const { url: path, headers, body } = seen[0]!
    expect(body).toEqual(call.body)
    expect(headers).toMatchObject({
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      'content-length': String(call.body.length),
      'idempotency-key': 'key-1',
      'x-site-domain': siteDomain,
      'x-connector-type': 'api',
      'x-connector-version': '1.0.0',
      'x-nonce': 'nonce-1',
      'x-timestamp': String(nowMs / 1000),
    })
    const signed = {
      method: 'POST',
      path,
      bodySha256: String(headers['x-body-sha256']),
      timestamp: String(headers['x-timestamp']),
      nonce: 'nonce-1',
      websiteId,
    }
    expect(path).toBe('/v1/ingest/item')
    expect(verifySignature(String(headers['x-signature']), readToken(token).secret, signed)).toBe(true)
  })

  test('asks for an answer that is not compressed, which it could not read', async () => {
    const answer = answerTo((response) => {
      if (response.req.headers['accept-encoding'] === 'identity') return response.end(ok)
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(ok))
    })
    expect(await answer).toMatchObject({ kind: 'answer', envelope: { ok: true } })
  })

  test('of each kind has its path below the base url, with or without a trailing slash', async () => {
    const seen: string[] = []
    const { url } = await startServer((request, response) => {
      seen.push(request.url!)
      request.resume().on('end', () => response.end(ok))
    })
    const origin = new URL(url).origin
    for (const base of [`${origin}/v1/ingest`, `${origin}/proxy/v1/ingest/`, origin, `${origin}/`, `${origin}/a b`]) {
      await startClient(base).send({ ...call, path: 'batch' })
    }
    for (const path of ['item', 'batch', 'delete', 'heartbeat', 'schema'] as const)
      await startClient(url).send({ ...call, path })
    expect(seen).toEqual([
      '/v1/ingest/batch',
      '/proxy/v1/ingest/batch',
      '/batch',
      '/batch',
      '/a%20b/batch',
      ...['item', 'batch', 'delete', 'heartbeat', 'schema'].map((path) => `/v1/ingest/${path}`),
    ])
  })

  test('again has the same key and bytes, a fresh nonce and the corrected time', async () => {
    const seen: Record<string, unknown>[] = []
    const { url } = await startServer(async (request, response) => {
      seen.push({ ...request.headers, body: String(await bytesOf(request)) })
      response.end(ok)
    })
    const client = startClient(url)
    await client.send(call)
    client.setClockSkew(-90_000)
    await client.send({ ...call, connectorType: 'shopify' })
    const [first, second] = seen
    expect(second).toMatchObject({ 'idempotency-key': 'key-1', body: first!['body'], 'x-connector-type': 'shopify' })
    expect(second!['x-nonce']).not.toBe(first!['x-nonce'])
    expect(second!['x-timestamp']).toBe(String(nowMs / 1000 - 90))
  })

  test('after another uses the same socket', async () => {
    const server = await startServer((request, response) => void request.resume().on('end', () => response.end(ok)))
    const client = startClient(server.url, { connections: 1 })
    for (let n = 0; n < 20; n += 1) expect(await client.send(call)).toMatchObject({ status: 200 })
    expect(server.sockets()).toBe(1)
  })

  test('beyond the bound waits for a socket', async () => {
    const waiting: ServerResponse[] = []
    let most = 0
    const server = await startServer((request, response) => {
      request.resume().on('end', () => {
        most = Math.max(most, waiting.push(response))
        // Answers once as many calls as may be are here; the last ones have nobody to wait for.
        if (waiting.length === 3 || ++answered > 9) for (const each of waiting.splice(0)) each.end(ok)
      })
    })
    let answered = 0
    const client = startClient(server.url, { connections: 3 })
    const answers = await Promise.all(Array.from({ length: 12 }, () => client.send(call)))
    expect(answers.every(({ kind }) => kind === 'answer')).toBe(true)
    expect([most, server.sockets()]).toEqual([3, 3])
  })
})

describe('an answer', () => {
  test.each([
    ['HTML', '<html><body>502</body></html>'],
    ['nothing', ''],
    ['JSON that is cut off', ok.slice(0, 40)],
    ['JSON that is no envelope', '{"status":"fine"}'],
  ])('of %s has a status and no envelope', async (_name, text) => {
    expect(await answerTo((response) => response.end(text))).toMatchObject({
      kind: 'answer',
      status: 200,
      envelope: null,
      requestId: null,
    })
  })

  test('of 200 with ok: false has the error', async () => {
    const error = { code: 'auth.scope_violation', message: 'no', status: 403, retryable: false, requestId: 'req_9' }
    const answer = await answerTo((response) => response.end(JSON.stringify({ ok: false, error })))
    expect(answer).toMatchObject({ status: 200, envelope: { ok: false, error }, requestId: 'req_9' })
  })

  test('with a byte order mark is read', async () => {
    expect(await answerTo((response) => response.end(`\ufeff${ok}`))).toMatchObject({ envelope: { ok: true } })
  })

  test('that redirects is not followed', async () => {
    let hits = 0
    const target = await startServer((_request, response) => {
      hits += 1
      response.end(ok)
    })
    for (const status of [301, 302, 303, 307, 308]) {
      const answer = await answerTo((response) => response.writeHead(status, { location: target.url }).end())
      expect(answer).toMatchObject({ kind: 'answer', status, envelope: null })
    }
    expect(hits).toBe(0)
  })

  test('says when to come back, in seconds or as a date on its own clock', async () => {
    const date = 'Sun, 15 Jun 2025 15:00:00 GMT'
    const later = 'Sun, 15 Jun 2025 15:00:30 GMT'
    const respond = (headers: Record<string, string>) =>
      answerTo((response) => {
        response.sendDate = false
        response.writeHead(503, headers).end()
      })
    expect(await respond({ 'retry-after': '120' })).toMatchObject({ retryAfterMs: 120_000, date: null })
    expect(await respond({ 'retry-after': later, date })).toMatchObject({
      retryAfterMs: 30_000,
      date: Date.parse(date),
    })
    const soon = new Date(nowMs + 5_000).toUTCString()
    expect(await respond({ 'retry-after': soon })).toMatchObject({ retryAfterMs: 5_000 })
    expect(await respond({ 'retry-after': 'soon', date: 'never' })).toMatchObject({ retryAfterMs: null, date: null })
  })

  test('that quotes the token has it taken out', async () => {
    const message = `unknown token ${token}, secret ${readToken(token).secret}`
    const answer = await answerTo((response) => {
      response.writeHead(401).end(JSON.stringify({ ok: false, error: { code: 'auth.invalid_token', message } }))
    })
    expect(answer).toMatchObject({ envelope: { error: { message: 'unknown token [token], secret [secret]' } } })
  })

  test('of 413 counts though it is cut off', async () => {
    const url = await startTcpServer((socket) => {
      socket.end('HTTP/1.1 413 Payload Too Large\r\nContent-Length: 500\r\n\r\n<html>')
    })
    expect(await startClient(url).send(call)).toMatchObject({ kind: 'answer', status: 413, envelope: null })
  })
})

describe('no answer', () => {
  test('where the socket is destroyed in mid body', async () => {
    const answer = await answerTo((response) => {
      response.writeHead(200, { 'content-length': '500' })
      response.write(ok.slice(0, 20), () => response.destroy())
    })
    expect(answer).toMatchObject({ kind: 'no_answer', reason: 'reset' })
  })

  test('where a chunked body is cut off, though what came is a whole envelope', async () => {
    const answer = await answerTo((response) => void response.write(ok, () => response.destroy()))
    expect(answer).toMatchObject({ kind: 'no_answer', reason: 'reset' })
  })

  test('where the length that was announced is wrong', async () => {
    const long = await startTcpServer(
      (socket) => void socket.end(`HTTP/1.1 200 OK\r\nContent-Length: ${ok.length + 9}\r\n\r\n${ok}`),
    )
    expect(await startClient(long).send(call)).toMatchObject({ kind: 'no_answer' })
    // Shorter than the body: what was announced is read, and is no envelope.
    const short = await startTcpServer((socket) => void socket.end(`HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n${ok}`))
    const answer = await startClient(short).send(call)
    expect(answer.kind === 'no_answer' || answer.envelope === null).toBe(true)
  })

  test('where the server speaks no HTTP', async () => {
    const url = await startTcpServer((socket) => void socket.end('220 smtp.example.com ready\r\n'))
    expect(await startClient(url).send(call)).toMatchObject({ kind: 'no_answer', reason: 'protocol' })
  })

  test('where it never ends: read up to the bound, then given up', async () => {
    const closed = Promise.withResolvers<void>()
    const answer = await answerTo(
      (response) => {
        const pour = () => {
          while (!response.destroyed && response.write('x'.repeat(1024)));
        }
        response.on('drain', pour).on('close', closed.resolve)
        pour()
      },
      { maxAnswerBytes: 64 * 1024 },
    )
    expect(answer).toMatchObject({ kind: 'no_answer', reason: 'too_large' })
    await closed.promise
  })

  test('where it comes a byte at a time: the whole call has a deadline', async () => {
    const answer = await answerTo(
      (response) => {
        const drip = setInterval(() => response.write(' '), 10)
        response.on('close', () => clearInterval(drip))
      },
      { timeoutMs: 150 },
    )
    expect(answer).toMatchObject({ kind: 'no_answer', reason: 'timeout' })
    expect(answer.durationMs).toBeGreaterThan(100)
    expect(answer.durationMs).toBeLessThan(2_000)
  })

  test('where the server says nothing', async () => {
    expect(await answerTo(() => {}, { timeoutMs: 150 })).toMatchObject({ kind: 'no_answer', reason: 'timeout' })
  })

  test('where nobody listens', async () => {
    const answer = await startClient('http://127.0.0.1:1').send(call)
    expect(answer).toMatchObject({
      kind: 'no_answer',
      reason: 'connect',
      message: expect.stringContaining('ECONNREFUSED'),
    })
  })

  test('where the caller gives up, before or in mid call', async () => {
    const arrived = Promise.withResolvers<void>()
    const { url } = await startServer(() => arrived.resolve())
    const client = startClient(url)
    expect(await client.send(call, AbortSignal.abort())).toMatchObject({ kind: 'no_answer', reason: 'aborted' })
    const stop = new AbortController()
    const sent = client.send(call, stop.signal)
    await arrived.promise
    stop.abort()
    expect(await sent).toMatchObject({ kind: 'no_answer', reason: 'aborted' })
  })

  test('where an idle socket had died; the client itself tries nothing twice, and the next call works', async () => {
    let calls = 0
    const url = await startTcpServer((socket, number) => {
      calls = number
      if (number === 2) socket.resetAndDestroy()
      else socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${ok.length}\r\n\r\n${ok}`)
    })
    const client = startClient(url, { connections: 1 })
    expect(await client.send(call)).toMatchObject({ kind: 'answer', status: 200 })
    expect(await client.send(call)).toMatchObject({ kind: 'no_answer', reason: 'reset' })
    expect(calls).toBe(2)
    expect(await client.send(call)).toMatchObject({ kind: 'answer', status: 200 })
    expect(calls).toBe(3)
  })

  test('where the client is closed, or a header cannot be sent', async () => {
    const client = startClient('http://127.0.0.1:1')
    expect(await client.send({ ...call, key: 'a\nb' })).toMatchObject({ kind: 'no_answer', reason: 'other' })
    await client.close()
    expect(await client.send(call)).toMatchObject({ kind: 'no_answer', reason: 'aborted' })
  })

  test('has a message without secrets', async () => {
    const answer = await startClient('http://127.0.0.1:1').send(call)
    expect(JSON.stringify(answer)).not.toContain(readToken(token).secret)
  })
})

test.each([
  '',
  'example.com',
  'ftp://example.com',
  'https://u:p@example.com',
  'https://example.com/?a=1',
  'https://example.com/#a',
])('base url %j is refused', (baseUrl) => {
  expect(() => startClient(baseUrl)).toThrow('base url must')
})

test('a site domain is sent as a host is written', async () => {
  const seen: unknown[] = []
  const { url } = await startServer((request, response) => {
    seen.push(request.headers['x-site-domain'])
    response.end(ok)
  })
  await startClient(url, { siteDomain: 'MÜNCHEN.example' }).send(call)
  expect(seen).toEqual(['xn--mnchen-3ya.example'])
  expect(() => startClient(url, { siteDomain: 'https://example.com' })).toThrow('site domain must')
})
