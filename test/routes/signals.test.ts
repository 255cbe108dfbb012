import { once } from 'node:events'
import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { signalSchema } from '../../src/api/signals.ts'
import { adminToken, shopSecret, startRelay, type TestRelay } from '../support.ts'

const baseUrl = 'http://127.0.0.1:9/v1/ingest'
const deleted = (id: number) => ({ event: 'post.deleted', type: 'post', id })

async function listening(): Promise<TestRelay & { readonly port: number }> {
  const test = await startRelay({ baseUrl })
  await test.app.listen({ host: '127.0.0.1', port: 0 })
  return { ...test, port: (test.app.server.address() as AddressInfo).port }
}

interface Reader {
  readonly answer: IncomingMessage
  readonly call: ClientRequest
  /** All that has come so far. */
  text(): string
  /** Waits until what has come matches. */
  until(pattern: RegExp): Promise<string>
  /** The types and data of the events so far. */
  events(): { readonly id: string; readonly type: string; readonly data: Record<string, unknown> }[]
}

async function openReader(port: number, query = '', headers: Record<string, string> = {}): Promise<Reader> {
  const call = request({
    port,
    host: '127.0.0.1',
    path: `/api/v1/signals${query}`,
    headers: { authorization: `Bearer ${adminToken}`, ...headers },
  }).end()
  onTestFinished(() => void call.destroy())
  const [answer] = (await once(call, 'response')) as [IncomingMessage]
  let text = ''
  answer.on('error', () => {}) // cut off
  answer.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  return {
    answer,
    call,
    text: () => text,
    async until(pattern) {
      await vi.waitFor(() => expect(text).toMatch(pattern), { timeout: 15_000, interval: 20 })
      return text
    },
    events: () =>
      [...text.matchAll(/^id: (.+)\nevent: (.+)\ndata: (.+)\n\n/gm)].map(([, id = '', type = '', data = '']) => ({
        id,
        type,
        data: JSON.parse(data),
      })),
  }
}

afterEach(() => void vi.useRealTimers())

describe('GET /api/v1/signals', () => {
  test('tells what happens, as server-sent events with a type, a time and the fields of the log', async () => {
    const test = await listening()
    const reader = await openReader(test.port)
    expect(reader.answer.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
    })
    await test.send('demo', deleted(1))
    await test.map()
    await reader.until(/event: event\.processed\n.*\n\n/)
    for (const { data } of reader.events()) expect(signalSchema.safeParse(data).error).toBeUndefined()
    expect(reader.events()).toMatchObject([
      {
        type: 'event.received',
        data: {
          type: 'event.received',
          timestamp: new Date(test.clock.now()).toISOString(),
          data: { source: 'demo', event_id: 'evt_1', duplicate: false },
        },
      },
      { type: 'event.processed', data: { data: { source: 'demo', status: 'processed', mapper: 'generic' } } },
    ])
  })

  test('needs the admin token, known parameters, and has no HEAD', async () => {
    const { app, admin } = await startRelay({ baseUrl })
    expect((await app.inject('/api/v1/signals')).statusCode).toBe(401)
    for (const query of ['?type=nothing', '?kind=item.dead', '?source=', '?type='])
      expect((await admin('GET', `/signals${query}`)).statusCode, query).toBe(400)
    const headers = { authorization: `Bearer ${adminToken}` }
    expect((await app.inject({ method: 'HEAD', url: '/api/v1/signals', headers })).statusCode).toBe(404)
  })

  test('tells only what is asked for, by type, source and destination', async () => {
    const test = await listening()
    const byType = await openReader(test.port, '?type=event.processed,event.failed')
    const bySource = await openReader(test.port, '?source=shop')
    const byDestination = await openReader(test.port, '?destination=main')
    await test.send('demo', deleted(1))
    await test.map()
    await test.sendShop('products/delete', { id: 1 })
    await test.relay.delivers.get('main')!.disable('maintenance')
    for (const reader of [bySource, byDestination]) await reader.until(/data: .*\n\n/)
    await byType.until(/event\.processed/)
    expect(byType.events().map(({ type }) => type)).toEqual(['event.processed'])
    expect(bySource.events().map(({ type }) => type)).toEqual(['event.received'])
    expect(byDestination.events().map(({ type }) => type)).toEqual(['destination.disabled'])
  })

  test('goes on after Last-Event-ID, and says so where something in between is gone', async () => {
    const test = await listening()
    const first = await openReader(test.port)
    for (const id of [1, 2, 3]) await test.send('demo', deleted(id))
    await first.until(/evt_3.*\n\n/)
    const [one] = first.events()
    first.call.destroy()
    const again = await openReader(test.port, '', { 'last-event-id': one!.id })
    await again.until(/evt_3.*\n\n/)
    expect(again.events().map(({ data }) => (data['data'] as { event_id: string }).event_id)).toEqual([
      'evt_2',
      'evt_3',
    ])
    for (const id of ['0badf00d-1', 'nonsense', `${one!.id}99`]) {
      const other = await openReader(test.port, '', { 'last-event-id': id })
      await other.until(/evt_3.*\n\n/)
      expect(other.events().map(({ type }) => type)).toEqual(['stream.gap', ...Array(3).fill('event.received')])
    }
    for (let signal = 0; signal < 1_000; signal += 1)
      test.relay.emit({ kind: 'webhook.refused', source: null, code: 'not_found', reason: `${signal}`, bytes: 0 })
    const late = await openReader(test.port, '', { 'last-event-id': one!.id })
    await late.until(/"reason":"999".*\n\n/)
    expect(late.events().map(({ type }) => type)).toEqual(['stream.gap', ...Array(1_000).fill('webhook.refused')])
  })

  test('keeps signals while somebody reads, and ten minutes longer for who comes back', async () => {
    const test = await listening()
    const leave = async (reader: Reader) => {
      reader.call.destroy()
      await vi.waitFor(async () => expect(await connections(test)).toBe(0))
    }
    const typesAfter = async (id: string, last: RegExp) => {
      const reader = await openReader(test.port, '', { 'last-event-id': id })
      await reader.until(last)
      await leave(reader)
      return reader.events().map(({ type }) => type)
    }
    await test.send('demo', deleted(1)) // to nobody
    const first = await openReader(test.port)
    await test.send('demo', deleted(2))
    await first.until(/evt_2.*\n\n/)
    const { id } = first.events()[0]!
    await leave(first)
    test.clock.advance(599_000)
    await test.send('demo', deleted(3))
    expect(await typesAfter(id, /evt_3.*\n\n/)).toEqual(['event.received'])
    expect(await typesAfter('of another process', /evt_3.*\n\n/)).toEqual([
      'stream.gap',
      ...Array(2).fill('event.received'),
    ])
    test.clock.advance(600_000)
    await test.send('demo', deleted(4))
    expect(await typesAfter(id, /stream\.gap\n.*\n\n/)).toEqual(['stream.gap'])
    await test.send('demo', deleted(5))
    expect(await typesAfter(id, /evt_5.*\n\n/)).toEqual(['stream.gap', 'event.received'])
  })

  test('masks secrets that an error quotes, and never holds a body or a stack', async () => {
    const test = await listening()
    const reader = await openReader(test.port)
    await test.send('demo', { ...deleted(1), note: 'words of the body' })
    test.relay.emit({ kind: 'step.failed', loop: 'map', error: new Error(`no such thing: ${shopSecret} "quoted"`) })
    await reader.until(/step\.failed.*\n\n/s)
    expect(reader.events().at(-1)?.data).toEqual({
      type: 'step.failed',
      timestamp: new Date(test.clock.now()).toISOString(),
      data: { loop: 'map', error: 'no such thing: [secret] "quoted"' },
    })
    expect(reader.text()).not.toContain('words of the body')
  })

  test('tells one event for one signal, whatever a stranger has put into it', async () => {
    const test = await listening()
    const reader = await openReader(test.port)
    for (const end of ['\n', '\r', '\r\n']) {
      const evil = `x${end}${end}id: 1${end}event: item.dead${end}data: {"forged":true}${end}${end}`
      await test.send('demo', { ...deleted(1), event: evil })
      await test.send(encodeURIComponent(evil), '{}')
      test.relay.emit({ kind: 'webhook.refused', source: null, code: 'invalid', reason: evil, bytes: 0 })
    }
    await test.map()
    test.relay.emit({ kind: 'step.failed', loop: 'map', error: new Error('the last') })
    await reader.until(/the last.*\n\n/)
    const types = [...reader.text().matchAll(/(?:^|\r\n|\n|\r)event: ?([^\r\n]*)/g)].map(([, type]) => type)
    expect(types).toHaveLength(reader.events().length)
    expect(new Set(types)).toEqual(new Set(['event.received', 'webhook.refused', 'event.failed', 'step.failed']))
  })

  test('tells signals that are short, however large a webhook is', async () => {
    const { send, sendShop, map, relay } = await startRelay({ baseUrl })
    relay.stream.listen(() => {})
    const long = 'x'.repeat(1_000_000)
    const saved = { event: 'post.updated', type: 'post', id: 1, url: '/a', html: 'a' }
    const many = Array.from({ length: 2_000 }, (_, id) => ({ ...saved, id, url: `https://${id}.example` }))
    for (const field of ['event', 'type', 'id', 'url', 'title', 'language', 'updated_at', long])
      await send('demo', { ...saved, [field]: long })
    for (const body of [many, `{"a":${long}`, `"${long}`]) await send('demo', body)
    await send('x'.repeat(4_000), '{}')
    await send('demo', '{}', { 'content-type': `a/b; charset=${'x'.repeat(5_000)}` })
    await send('demo', '{}', { 'content-encoding': 'x'.repeat(5_000) })
    await sendShop('x'.repeat(8_000), '{}', { 'x-shopify-webhook-id': 'y'.repeat(5_000) })
    await map()
    expect(relay.stream.newest()).toBeGreaterThan(20)
    for (let seq = 0; seq < relay.stream.newest(); seq += 1) {
      const entry = relay.stream.after(seq)
      if (entry === null || entry === 'lost') throw new Error(`no signal ${seq + 1}`)
      expect(relay.stream.textOf(entry).length, entry.type).toBeLessThan(10_000)
    }
  })

  test('keeps the connection alive with comments while nothing happens', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    const test = await listening()
    const reader = await openReader(test.port)
    await reader.until(/^retry: 3000$/m)
    vi.advanceTimersByTime(15_000)
    await reader.until(/^: heartbeat$/m)
    expect(reader.events()).toEqual([])
  })

  test('cuts off who does not read, and keeps no more for it than there is for all', async () => {
    const test = await listening()
    const slow = await openReader(test.port)
    const quick = await openReader(test.port, '?type=step.failed')
    slow.answer.pause()
    const long = 'x'.repeat(20_000)
    const before = await connections(test)
    for (let round = 0; round < 60; round += 1) {
      for (let signal = 0; signal < 100; signal += 1)
        test.relay.emit({ kind: 'webhook.refused', source: null, code: 'invalid', reason: long, bytes: 0 })
      await new Promise((resolve) => setImmediate(resolve))
    }
    test.relay.emit({ kind: 'step.failed', loop: 'map', error: new Error('for the other one') })
    await quick.until(/for the other one/)
    await vi.waitFor(async () => expect(await connections(test)).toBe(before - 1), { timeout: 3_000 })
    const lost = new Promise((resolve) => slow.answer.once('close', resolve))
    slow.answer.resume()
    await lost
    expect(slow.answer.complete).toBe(false)
  })

  test('cuts off who has taken nothing from one heartbeat to the next but one', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    const test = await listening()
    const [stuck, quick] = [await openReader(test.port), await openReader(test.port)]
    stuck.answer.pause()
    for (let signal = 0; signal < 500; signal += 1)
      test.relay.emit({ kind: 'webhook.refused', source: null, code: 'invalid', reason: 'x'.repeat(20_000), bytes: 0 })
    test.relay.emit({ kind: 'step.failed', loop: 'map', error: new Error('the last') })
    await quick.until(/the last/)
    expect(await connections(test)).toBe(2)
    vi.advanceTimersByTime(15_000)
    expect(await connections(test)).toBe(2)
    vi.advanceTimersByTime(30_000)
    await vi.waitFor(async () => expect(await connections(test)).toBe(1), { timeout: 3_000 })
    expect(quick.answer.destroyed).toBe(false)
  })

  test('is bounded in number', async () => {
    const test = await listening()
    const readers = await Promise.all(Array.from({ length: 16 }, () => openReader(test.port)))
    const refused = await openReader(test.port)
    expect(refused.answer.statusCode).toBe(429)
    expect(refused.answer.headers['retry-after']).toBe('15')
    readers[0]!.call.destroy()
    await vi.waitFor(async () => {
      const next = await openReader(test.port)
      expect(next.answer.statusCode).toBe(200)
    })
  })

  test('ends when the relay stops, also for who does not read', async () => {
    const test = await listening()
    const [reader, stuck] = [await openReader(test.port), await openReader(test.port)]
    stuck.answer.pause()
    for (let signal = 0; signal < 500; signal += 1)
      test.relay.emit({ kind: 'webhook.refused', source: null, code: 'invalid', reason: 'x'.repeat(20_000), bytes: 0 })
    // Who reads has got all when the relay stops, however busy the machine is: only the other one is cut off.
    test.relay.emit({ kind: 'webhook.refused', source: null, code: 'invalid', reason: 'the last one', bytes: 0 })
    await reader.until(/the last one/)
    const ended = once(reader.answer, 'end')
    const startedAt = performance.now()
    await test.app.close()
    await ended
    expect(performance.now() - startedAt).toBeLessThan(2_500)
  })
})

function connections({ app }: TestRelay): Promise<number> {
  return new Promise((resolve, reject) =>
    app.server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
  )
}
