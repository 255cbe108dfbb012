import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { type Follow, followSignals } from '../../../src/commands/look/follow-signals.ts'
import { toldSignalLine } from '../../../src/commands/look/told-signal.ts'
import { openRunningRelay } from '../../../src/commands/shared/running-relay.ts'
import { adminToken, startRelay } from '../../support.ts'
import { runHere } from '../run-here.ts'

type Answer = (response: ServerResponse, request: IncomingMessage) => void

/** A server that answers by script, one answer after the other, and what it was asked. */
async function scripted(...answers: readonly Answer[]) {
  const asked: { readonly url: string | undefined; readonly lastId: unknown }[] = []
  const server = createServer((request, response) => {
    asked.push({ url: request.url, lastId: request.headers['last-event-id'] })
    answers[asked.length - 1]?.(response, request)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  onTestFinished(() => server.closeAllConnections())
  return { asked, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

const stream =
  (text: string): Answer =>
  (response) =>
    response.writeHead(200, { 'content-type': 'text/event-stream' }).end(text)
const refusal =
  (status: number): Answer =>
  (response) =>
    response.writeHead(status).end(JSON.stringify({ ok: false, error: { message: 'not now' } }))

/** Follows until so many events were seen. Answers what has happened, in order. */
async function follow(origin: string, count: number, over: Partial<Follow> = {}): Promise<readonly string[]> {
  const controller = new AbortController()
  const told: string[] = []
  let seen = 0
  await using relay = await openRunningRelay({ url: origin, token: adminToken, env: {} })
  await followSignals({
    relay,
    query: {},
    signal: controller.signal,
    async onEvent({ id, type }) {
      told.push(`${type} ${id}`)
      seen += 1
      if (seen === count) controller.abort()
    },
    onOpen: () => told.push('open'),
    onLost: (reason) => told.push(`lost: ${reason.replace(origin, 'ORIGIN')}`),
    wait: async (ms) => void told.push(`wait ${ms}`),
    ...over,
  })
  return told
}

describe('a stream of signals', () => {
  test('that breaks is asked for again behind the last event, with waits that grow until it is back', async () => {
    const { asked, origin } = await scripted(
      stream('id: r-1\nevent: item.dead\ndata: {}\n\n: heartbeat\n\nid: r-2\nevent: item.dead\ndata: {}\n\n'),
      refusal(503),
      (response) => response.destroy(),
      stream('id: r-9\nevent: stream.gap\ndata: {}\n\n'),
      stream('id: r-10\nevent: item.dead\ndata: {}\n\n'),
    )
    expect(await follow(origin, 4, { query: { source: 'a&b' } })).toEqual([
      'open',
      'item.dead r-1',
      'item.dead r-2',
      'lost: the relay has ended the stream',
      'wait 1000',
      'lost: the relay at ORIGIN answers 503: not now; its log tells why',
      'wait 2000',
      expect.stringMatching(/^lost: no relay answers at ORIGIN: .*--url/),
      'wait 4000',
      'open',
      'stream.gap r-9',
      'lost: the relay has ended the stream',
      'wait 1000',
      'open',
      'item.dead r-10',
    ])
    expect(asked.map(({ lastId }) => lastId)).toEqual([undefined, 'r-2', 'r-2', 'r-2', 'r-9'])
    expect(asked[0]?.url).toBe('/api/v1/signals?source=a%26b')
  })

  test('that can not be had at first, or is refused, is a failure', async () => {
    const { origin } = await scripted(refusal(503), refusal(401), stream(''), refusal(401))
    await expect(follow(origin, 1)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('503'),
    })
    await expect(follow(origin, 1)).rejects.toMatchObject({ code: 'unauthorized' })
    await expect(follow(origin, 1)).rejects.toMatchObject({ code: 'unauthorized' }) // the token has changed meanwhile
  })
})

test('tail prints what happens at a relay, and Ctrl-C ends it with 0', async () => {
  const { app, send } = await startRelay({ baseUrl: 'http://127.0.0.1:9/v1/ingest' })
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  const printed = () => vi.mocked(process.stdout.write).mock.calls.join('')
  for (const [flags, line] of [
    [[], /^\d\d:\d\d:\d\d {2}event\.received {5}demo {2}a {2}evt_\d+( {2}\d+ ms)?$/m],
    [['--json'], /^\{"type":"event\.received","timestamp":"[^"]+","data":\{.*"event_id":"evt_\d+".*\}\}$/m],
  ] as const) {
    const running = runHere(['tail', '--url', url, '--token', adminToken, '--type', 'event.received', ...flags])
    await vi.waitFor(
      async () => {
        await send('demo', { event: 'a' })
        expect(printed()).toMatch(line)
      },
      { timeout: 15_000, interval: 50 },
    )
    process.emit('SIGINT')
    const { code, stdout, stderr } = await running
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(line)
  }
})

test('tail says that signals are gone', async () => {
  const { origin } = await scripted(stream('id: r-9\nevent: stream.gap\ndata: {}\n\n'))
  const running = runHere(['tail', '--url', origin, '--token', adminToken])
  await vi.waitFor(() => expect(vi.mocked(process.stderr.write).mock.calls.join('')).toContain('trying again'))
  process.emit('SIGINT')
  expect(await running).toMatchObject({ code: 0, stdout: expect.stringMatching(/^some signals are gone/) })
})

test('tail fails if no relay answers, or the token is wrong', async () => {
  const { app } = await startRelay({ baseUrl: 'http://127.0.0.1:9/v1/ingest' })
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  const wrong = await runHere(['tail', '--url', url, '--token', 'another', '--json'])
  expect(wrong).toMatchObject({ code: 1, stdout: '' })
  expect(JSON.parse(wrong.stderr).error).toMatchObject({ code: 'unauthorized' })
  const nobody = await runHere(['tail', '--url', 'http://127.0.0.1:9', '--token', 'x'])
  expect(nobody).toMatchObject({ code: 1, stderr: expect.stringContaining('no relay answers at http://127.0.0.1:9') })
  expect(await runHere(['tail', '--type', 'item.dad'])).toMatchObject({ code: 2 })
})

test('a signal is one line: when, what, whose, and what is worth knowing', () => {
  const timestamp = '2026-01-31T08:00:00.123Z'
  const line = (type: string, data: Record<string, unknown>) => toldSignalLine({ type, timestamp, data })
  const processed = { source: 'shop', event_id: 'evt_7', topic: null, status: 'processed', applied: 2, stale: 0 }
  expect(line('event.processed', { ...processed, error: null, duration_ms: 17.6 })).toBe(
    '08:00:00  event.processed    shop  evt_7  applied=2  18 ms',
  )
  const items = [
    { type: 'post', id: 'post:1' },
    { type: 'post', id: 'post:2' },
  ]
  expect(line('item.delivered', { destination: 'main', batch_id: 'b', items })).toBe(
    '08:00:00  item.delivered     main  items=post:1,post:2',
  )
  expect(line('item.dead', { destination: 'main', type: 'post', id: 'post:1', error: 'status 400' })).toBe(
    '08:00:00  item.dead          main  post  post:1  error=status 400',
  )
})

test('what a relay answers in an error is short in what is said of it', async () => {
  const long = JSON.stringify({ error: { message: 'x'.repeat(100_000) } })
  const { origin } = await scripted((response) => response.writeHead(401).end(long))
  await expect(follow(origin, 1)).rejects.toThrow(/answers 401: x{300};/)
})

test('a stream that never ends a line ends tail before it fills the memory', async () => {
  const { origin } = await scripted((response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(`data: ${'x'.repeat(1024 * 1024)}`)
  })
  const { code, stderr } = await runHere(['tail', '--url', origin, '--token', adminToken])
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: 'cms-relay: an event of the stream is longer than 1048576 characters\n',
  })
})
