import { Readable } from 'node:stream'
import { describe, expect, test, vi } from 'vitest'
import { createIntake } from '../../src/runtime/intake.ts'
import { openSocket, requestText } from '../e2e/raw-socket.ts'
import { product, shopSecret, startRelay, type TestRelay } from '../support.ts'

const nowhere = 'http://127.0.0.1:9/v1/ingest'
const webhooksAtOnce = 1_000
const bytesAtOnce = 64 * 1024 * 1024

/** A relay whose store answers only once it is let. */
async function startSlow(server = {}) {
  const settings = { destination: 'main', vars: { origin: 'https://example.com' } }
  const sources = {
    shop: { ...settings, mapper: 'shopify', secret: shopSecret },
    demo: { ...settings, mapper: 'generic', verify: 'none' },
  }
  const test = await startRelay({ baseUrl: nowhere, server, sources })
  const { store } = test.relay
  const accept = store.accept.bind(store)
  const gate = Promise.withResolvers<void>()
  vi.spyOn(store, 'accept').mockImplementation(async (events) => {
    await gate.promise
    return accept(events)
  })
  return { ...test, open: () => gate.resolve() }
}

async function refusedFor({ app }: TestRelay, reason: string): Promise<number> {
  const { body } = await app.inject('/metrics')
  const line = body
    .split('\n')
    .find((text) => text.startsWith('cms_relay_webhooks_refused_total') && text.includes(`"${reason}"`))
  return Number(line?.split(' ').at(-1) ?? 0)
}

describe('a store that falls behind', () => {
  test('lets a thousand webhooks wait; the next is told 503 with Retry-After, is counted, and is not kept', async () => {
    const test = await startSlow()
    const waiting = Array.from({ length: webhooksAtOnce }, (_, id) => test.sendShop('products/update', product(id)))
    await vi.waitFor(() => expect(test.relay.intake.webhooks).toBe(webhooksAtOnce))
    const answer = await test.sendShop('products/update', product('too many'))
    expect(answer.statusCode).toBe(503)
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0)
    expect(answer.json().error).toMatchObject({ code: 'overloaded', retryable: true })
    expect((await test.app.inject('/metrics')).body).toContain(`cms_relay_webhooks_receiving ${webhooksAtOnce}\n`)

    test.open()
    const answers = await Promise.all(waiting)
    expect(answers.every(({ statusCode }) => statusCode === 202)).toBe(true)
    expect(await refusedFor(test, 'overloaded')).toBe(1)
    expect((await test.sendShop('products/update', product('later'))).statusCode).toBe(202)
    expect((await test.relay.store.readStats()).eventsPending).toBe(webhooksAtOnce + 1)
    expect(test.relay.intake).toMatchObject({ webhooks: 0, bytes: 0 })
  })

  test('lets so many bytes wait, however few webhooks they are', async () => {
    const test = await startSlow({ body_limit: '8mb' })
    const body = `"${'x'.repeat(8 * 1024 * 1024 - 2)}"`
    const waiting = Array.from({ length: bytesAtOnce / body.length }, () => test.send('demo', body))
    await vi.waitFor(() => expect(test.relay.intake.webhooks).toBe(waiting.length), 10_000)
    expect(test.relay.intake.bytes).toBe(bytesAtOnce)
    expect((await test.send('demo', '{}')).statusCode).toBe(503)
    const empty = test.send('demo', '')
    test.open()
    for (const answer of await Promise.all([...waiting, empty])) expect(answer.statusCode).toBe(202)
    expect(test.relay.intake.bytes).toBe(0)
  })
})

describe('bytes are given back', () => {
  test.each<[string, number, () => { url: string; payload: string | Readable; headers?: Record<string, string> }]>([
    ['that is refused', 401, () => ({ url: '/webhooks/shop', payload: '{}' })],
    [
      'that is too large',
      413,
      () => ({ url: '/webhooks/demo', payload: Readable.from(['x'.repeat(900), 'y'.repeat(200)]) }),
    ],
    [
      'that is shorter than announced',
      400,
      () => ({ url: '/webhooks/demo', payload: '{}', headers: { 'content-length': '3' } }),
    ],
    ['of a source that is not there', 404, () => ({ url: '/webhooks/none', payload: '{}' })],
  ])('by a webhook %s', async (_name, status, request) => {
    const { app, relay } = await startRelay({ baseUrl: nowhere, server: { body_limit: '1kb' } })
    const { url, payload, headers: more } = request()
    const headers = { 'content-type': 'application/json', ...more }
    expect((await app.inject({ method: 'POST', url, payload, headers })).statusCode).toBe(status)
    expect(relay.intake).toMatchObject({ webhooks: 0, bytes: 0 })
  })

  test('by a sender that goes away in mid body, and by several requests in one packet', async () => {
    const { app, relay } = await startRelay({ baseUrl: nowhere })
    const origin = await app.listen({ host: '127.0.0.1', port: 0 })
    const client = await openSocket(origin)
    client.write(
      requestText('/webhooks/demo', { 'content-type': 'application/json', 'content-length': '1000' }, 'x'.repeat(600)),
    )
    await vi.waitFor(() => expect(relay.intake.bytes).toBe(600))
    client.socket.destroy()
    await vi.waitFor(() => expect(relay.intake.bytes).toBe(0))

    const pipelining = await openSocket(origin)
    pipelining.write(requestText('/webhooks/demo', { 'content-type': 'application/json' }, '{"a":1}').repeat(20))
    pipelining.socket.destroySoon()
    await pipelining.closed
    await vi.waitFor(() => expect(relay.intake).toMatchObject({ webhooks: 0, bytes: 0 }))
  })
})

test('whatever comes in moves the count of arrivals, what is refused as well', () => {
  const intake = createIntake({ webhooks: 1, bytes: () => 10 })
  const seen = [intake.arrivals]
  const note = () => seen.push(intake.arrivals)
  intake.connect()
  note()
  intake.hold(10)
  note()
  expect(() => intake.hold(1)).toThrow('too many bytes')
  note()
  intake.enter()
  note()
  expect(() => intake.enter()).toThrow('too many webhooks')
  note()
  intake.leave()
  intake.release(10)
  note()
  expect(seen).toEqual([0, 1, 2, 3, 4, 5, 5])
})

test('what is held never goes beyond the limit, nor what is refused into it', () => {
  const intake = createIntake({ webhooks: 2, bytes: () => 10 })
  intake.hold(10)
  expect(() => intake.hold(1)).toThrow('too many bytes')
  expect(intake.bytes).toBe(10)
  intake.enter()
  intake.enter()
  expect(() => intake.enter()).toThrow('too many webhooks')
  expect(intake.webhooks).toBe(2)
})
