import type { ServerResponse } from 'node:http'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { createFolder } from '../folder.ts'
import { startScriptedIngest } from '../scripted-ingest.ts'
import { product } from '../support.ts'
import { admin, atEndOfFile, type RelayProcess, shopHeaders, startServe, untilSettled, writeConfig } from './process.ts'
import { chunked, openSocket, requestText } from './raw-socket.ts'

const atEnd = atEndOfFile()
const timeout = 40_000
const bodyLimit = 2048
let relay: RelayProcess

beforeAll(async () => {
  const folder = createFolder(atEnd)
  writeConfig(folder, 'http://127.0.0.1:9/v1/ingest', {
    server: { body_limit: '2kb' },
    destination: { enabled: false },
  })
  relay = await startServe({ cwd: folder, atEnd })
}, timeout)

const bodyOf = (id: number) => JSON.stringify(product(id))
const json = { 'content-type': 'application/json' }

/** A JSON text of exactly so many bytes. */
function padded(bytes: number): string {
  return `"${'x'.repeat(bytes - 2)}"`
}

function statusesIn(text: string): number[] {
  return [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status))
}

/** The relay is there for others. */
async function expectAlive(): Promise<void> {
  const body = bodyOf(1)
  const answer = await fetch(`${relay.origin}/webhooks/shop`, { method: 'POST', headers: shopHeaders(body), body })
  expect(answer.status).toBe(202)
}

async function eventCount(): Promise<number> {
  const answer = await admin(relay.origin, '/events?limit=200')
  return ((await answer.json()) as { data: unknown[] }).data.length
}

describe('a request that no honest sender sends', () => {
  test('a signature header beyond what Node takes is 431, and the process lives', async () => {
    const client = await openSocket(relay.origin)
    client.write(requestText('/webhooks/shop', { ...json, 'x-shopify-hmac-sha256': 'A'.repeat(40_000) }, '{}'))
    await client.closed
    expect(statusesIn(client.received())).toEqual([431])
    await expectAlive()
  })

  test('headers without their body hold up nobody else, nor what else comes over the event loop', async () => {
    const before = await eventCount()
    const stalled = await Promise.all(Array.from({ length: 100 }, () => openSocket(relay.origin)))
    for (const client of stalled) client.write(requestText('/webhooks/demo', { ...json, 'content-length': '100' }))
    const startedAt = performance.now()
    await Promise.all(Array.from({ length: 10 }, expectAlive))
    expect(performance.now() - startedAt).toBeLessThan(3_000)
    expect(stalled.map((client) => client.received()).join('')).toBe('')
    for (const client of stalled) client.socket.destroy()
    expect(await eventCount()).toBe(before + 10)
  })

  test('a body cut off by its sender leaves nothing behind', async () => {
    const before = await eventCount()
    const client = await openSocket(relay.origin)
    client.write(requestText('/webhooks/demo', { ...json, 'content-length': '100' }, '{"event":"post.deleted"'))
    client.socket.end()
    await client.closed
    await expectAlive()
    expect(await eventCount()).toBe(before + 1)
  })

  test('more bytes than Content-Length says are no part of the body, and no second webhook', async () => {
    const before = await eventCount()
    const body = bodyOf(1)
    const client = await openSocket(relay.origin)
    const headers = { ...shopHeaders(body), 'content-length': String(body.length - 10) }
    client.write(requestText('/webhooks/shop', headers, body))
    await client.closed
    // The refusal of what is no request may overtake the one of the webhook, and end the connection.
    expect([[401, 400], [400]]).toContainEqual(statusesIn(client.received()))
    expect(await eventCount()).toBe(before)
    await expectAlive()
  })

  test('Content-Length and chunks at once, which proxies read differently, are 400', async () => {
    const before = await eventCount()
    const client = await openSocket(relay.origin)
    const headers = { ...json, 'content-length': '5', 'transfer-encoding': 'chunked' }
    client.write(requestText('/webhooks/demo', headers) + chunked('{"event":"ping"}', 4))
    await client.closed
    expect(statusesIn(client.received())).toEqual([400])
    expect(await eventCount()).toBe(before)
  })
})

describe('a webhook that is sent in an unusual way is taken like any other', () => {
  test('with Expect: 100-continue', async () => {
    const body = bodyOf(2)
    const client = await openSocket(relay.origin)
    const length = String(Buffer.byteLength(body))
    client.write(requestText('/webhooks/shop', shopHeaders(body, { expect: '100-continue', 'content-length': length })))
    await client.until(/^HTTP\/1\.1 100 Continue\r\n\r\n$/)
    client.write(body)
    expect(statusesIn(await client.until(/202 Accepted.*\}$/s))).toEqual([100, 202])
  })

  test('one after the other over one connection', async () => {
    const client = await openSocket(relay.origin)
    for (const round of [1, 2, 3]) {
      const body = bodyOf(round)
      client.write(requestText('/webhooks/shop', shopHeaders(body), body))
      await vi.waitFor(() => expect(client.received().match(/"status":"accepted"/g)).toHaveLength(round), 5_000)
    }
    expect(statusesIn(client.received())).toEqual([202, 202, 202])
  })

  test('two and a forged one in between in a single packet, answered in their order', async () => {
    const [first, second] = [bodyOf(3), bodyOf(4)]
    const client = await openSocket(relay.origin)
    client.write(
      [
        requestText('/webhooks/shop', shopHeaders(first), first),
        requestText('/webhooks/shop', shopHeaders(first), second),
        requestText('/webhooks/shop', shopHeaders(second), second),
      ].join(''),
    )
    await client.until(/accepted.*unauthorized.*accepted.*\}$/s)
    expect(statusesIn(client.received())).toEqual([202, 401, 202])
    const ids = [...client.received().matchAll(/"event_id":"(evt_\d+)"/g)].map(([, id]) => id)
    const bodies = await Promise.all(
      ids.map(async (id) => ((await (await admin(relay.origin, `/events/${id}`)).json()) as Detail).data.body),
    )
    expect(bodies).toEqual([first, second])
  })

  test('in chunks of a few bytes', async () => {
    const body = bodyOf(5)
    const client = await openSocket(relay.origin)
    const { 'content-length': _length, ...headers } = shopHeaders(body)
    client.write(requestText('/webhooks/shop', { ...headers, 'transfer-encoding': 'chunked' }) + chunked(body, 7))
    const answer = await client.until(/202 Accepted.*\}$/s)
    const [, id = ''] = /"event_id":"(evt_\d+)"/.exec(answer) ?? []
    const event = (await (await admin(relay.origin, `/events/${id}`)).json()) as Detail
    expect(event.data.body).toBe(body)
  })
})

interface Detail {
  readonly data: { readonly body: string }
}

describe('the body limit is exact', () => {
  test.each([
    [bodyLimit, 202],
    [bodyLimit + 1, 413],
  ])('%i bytes are %i, by Content-Length and in chunks', async (bytes, status) => {
    const whole = await openSocket(relay.origin)
    whole.write(requestText('/webhooks/demo', json, padded(bytes)))
    expect(statusesIn(await whole.until(/^HTTP.*\}$/s))).toEqual([status])
    const parts = await openSocket(relay.origin)
    parts.write(requestText('/webhooks/demo', { ...json, 'transfer-encoding': 'chunked' }))
    parts.write(chunked(padded(bytes), 512))
    expect(statusesIn(await parts.until(/^HTTP.*\}$/s))).toEqual([status])
  })
})

describe('an ingest API that misbehaves on the wire', () => {
  type Fault = (response: ServerResponse) => void
  const drip =
    (everyMs: number): Fault =>
    (response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).write('{')
      const timer = setInterval(() => response.write(' '), everyMs)
      response.on('close', () => clearInterval(timer))
    }
  const faults: Record<string, Fault> = {
    'an endless body': (response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      const more = () => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
      }
      response.on('drain', more)
      more()
    },
    'a byte a second': drip(1_000),
    'a byte well within the timeout, and no end': drip(50),
    'an answer that is cut off': (response) => {
      response.writeHead(200, { 'content-length': '1000' }).write('{"ok":true')
      setImmediate(() => response.destroy())
    },
    'no answer at all': () => {},
  }

  test('keeps its items pending, holds nothing up for longer than the timeout, and gets them once it behaves', {
    timeout,
  }, async () => {
    const ingest = await startScriptedIngest({ now: Date.now })
    const folder = createFolder()
    writeConfig(folder, ingest.baseUrl, { delivery: { timeout: '300ms' } })
    const bad = await startServe({ cwd: folder })
    for (const [index, [name, fault]] of Object.entries(faults).entries()) {
      const id = index + 1
      const seen = ingest.calls.length
      ingest.answer(() => fault)
      const body = bodyOf(id)
      await fetch(`${bad.origin}/webhooks/shop`, { method: 'POST', headers: shopHeaders(body), body })
      // A second call means that the first was given up.
      await vi.waitFor(() => expect(ingest.calls.length, name).toBeGreaterThan(seen + 1), {
        timeout: 6_000,
        interval: 20,
      })
      const { data } = (await (await admin(bad.origin, `/items/product:${id}`)).json()) as {
        data: { status: string; attempts: { outcome: string; status: number | null; duration_ms: number }[] }
      }
      expect(data.status, name).toBe('pending')
      expect(data.attempts[0], name).toMatchObject({ outcome: 'retry' })
      expect(data.attempts.at(-1)?.duration_ms, name).toBeLessThan(2_000)
      ingest.answer(() => undefined)
      await untilSettled(bad.origin)
      const calls = ingest.calls.slice(seen)
      expect(new Set(calls.map(({ key, text }) => `${key} ${text}`)).size, name).toBe(1)
    }
    const ids = new Set(ingest.calls.flatMap((call) => call.ids))
    expect(ids.size).toBe(Object.keys(faults).length)
  })
})
