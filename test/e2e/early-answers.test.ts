import { spawnSync } from 'node:child_process'
import { request } from 'node:http'
import { beforeAll, describe, expect, test } from 'vitest'
import { createFolder } from '../folder.ts'
import { atEndOfFile, type RelayProcess, run, startServe, writeConfig } from './process.ts'
import { openSocket, requestText } from './raw-socket.ts'

const atEnd = atEndOfFile()
let relay: RelayProcess
beforeAll(async () => {
  const cwd = createFolder(atEnd)
  writeConfig(cwd, 'http://127.0.0.1:9/v1/ingest', { server: { body_limit: '100kb' } })
  relay = await startServe({ cwd, atEnd })
}, 60_000)

// More than the buffers of both sides of a connection hold.
const large = Buffer.alloc(16 * 1024 * 1024, 'x')
const json = { 'content-type': 'application/json' }

const refusals: readonly (readonly [what: string, path: string, status: number])[] = [
  ['a body over the limit', '/webhooks/demo', 413],
  ['a body over the limit, of a source that is not there', '/webhooks/none', 413],
  ['a path that is not there', '/nowhere', 404],
  ['a request without the admin token', '/api/v1/events/replay', 401],
]

describe.each(refusals)('%s is refused while it is sent', (_what, path, status) => {
  test.each([
    ['Content-Length', { 'content-length': String(large.length) }],
    ['chunks', { 'transfer-encoding': 'chunked' }],
    [
      'Content-Length, over a connection that shall close',
      { 'content-length': String(large.length), connection: 'close' },
    ],
  ])('and Node is told so, with %s', async (_name, headers) => {
    expect(await post(path, { ...json, ...headers })).toEqual({ status, isAsked: false })
  })

  test('and fetch is told so', async () => {
    const answer = await fetch(relay.origin + path, { method: 'POST', headers: json, body: large })
    expect(answer.status).toBe(status)
    expect(answer.headers.get('content-type')).toContain('json')
  })

  test('and a sender that asks first is not told to send', async () => {
    const headers = { ...json, 'content-length': String(large.length), expect: '100-continue' }
    expect(await post(path, headers)).toEqual({ status, isAsked: false })
  })
})

test('a sender that asks first is told to go on where its body is wanted', async () => {
  const body = '{"event":"post.deleted","type":"post","id":1}'
  const headers = { ...json, 'content-length': String(body.length), expect: '100-continue' }
  expect(await post('/webhooks/demo', headers, Buffer.from(body))).toEqual({ status: 202, isAsked: true })
})

test('the connection goes on with the next request once a refused one is complete', async () => {
  const client = await openSocket(relay.origin)
  client.write(requestText('/nowhere', json, 'x'.repeat(50_000)))
  client.write(requestText('/webhooks/demo', json, '{"event":"post.deleted","type":"post","id":2}'))
  const answers = await client.until(/404[\s\S]*202 Accepted/)
  expect(answers).not.toMatch(/400 Bad/)
})

test('what can not be read as HTTP is answered as well while it is sent', async () => {
  const client = await openSocket(relay.origin)
  client.write(`${requestText('/webhooks/demo', { ...json, 'transfer-encoding': 'chunked' })}no chunk\r\n`)
  client.write(large)
  expect(await client.until(/HTTP\/1\.1 400[\s\S]*"code":"invalid"/)).toContain('Connection: close')
})

test('who goes on sending without end is told once, and cut off', { timeout: 60_000 }, async () => {
  const client = await openSocket(relay.origin)
  client.write(requestText('/webhooks/demo', { ...json, 'transfer-encoding': 'chunked' }))
  const chunk = Buffer.from(`${(1024 * 1024).toString(16)}\r\n${'x'.repeat(1024 * 1024)}\r\n`)
  const more = () => {
    while (!client.socket.destroyed && client.socket.write(chunk));
  }
  client.socket.on('drain', more)
  more()
  await client.closed
  expect(client.received().match(/^HTTP\/1\.1 \d+/gm)).toEqual(['HTTP/1.1 413'])
  expect(client.socket.bytesWritten).toBeLessThan(256 * 1024 * 1024)
})

const hasPython = spawnSync('python3', ['--version']).status === 0

test.skipIf(!hasPython)("Python's own clients are told as well", { timeout: 30_000 }, async () => {
  const program = `
import http.client, sys, urllib.request, urllib.error
port, size = int(sys.argv[1]), 8 << 20
def parts():
    for _ in range(128): yield b'y' * 65536
for path in ['/webhooks/demo', '/nowhere', '/api/v1/events/replay']:
    for body in [b'x' * size, parts()]:
        connection = http.client.HTTPConnection('127.0.0.1', port, timeout=20)
        chunked = not isinstance(body, bytes)
        connection.request('POST', path, body, {'Transfer-Encoding': 'chunked'} if chunked else {}, encode_chunked=chunked)
        print(connection.getresponse().status)
    try: urllib.request.urlopen(f'http://127.0.0.1:{port}{path}', data=b'x' * size)
    except urllib.error.HTTPError as error: print(error.code)
`
  const { stdout, stderr } = await run('python3', ['-c', program, new URL(relay.origin).port], { cwd: '.' })
  expect(stderr).toBe('')
  expect(stdout.trim().split('\n').map(Number)).toEqual([413, 413, 413, 404, 404, 404, 401, 401, 401])
})

/** The status, and whether the sender was told to go on where it asked. */
function post(path: string, headers: Record<string, string>, body = large) {
  return new Promise<{ status: number | undefined; isAsked: boolean }>((resolve, reject) => {
    let isAsked = false
    const sending = request(relay.origin + path, { method: 'POST', headers }, (answer) => {
      answer.resume().on('end', () => resolve({ status: answer.statusCode, isAsked }))
    })
    sending.on('error', reject)
    if (headers['expect'] === undefined) return void sending.end(body)
    sending.on('continue', () => {
      isAsked = true
      sending.end(body)
    })
    sending.flushHeaders()
  })
}
