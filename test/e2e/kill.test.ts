import { describe, expect, test, vi } from 'vitest'
import type { ScriptedIngest } from '../scripted-ingest.ts'
import { admin, shopHeaders, untilSettled } from './process.ts'
import { openSocket, requestText } from './raw-socket.ts'
import { createEffect, expectDelivered, saveOf, send, startIngest, storm } from './storm.ts'

// Starts of real processes add up where the machine is busy.
const timeout = 60_000

async function untilCalls({ calls }: ScriptedIngest, count: number): Promise<void> {
  await vi.waitFor(() => expect(calls.length).toBeGreaterThanOrEqual(count), { timeout: 8_000, interval: 10 })
}

describe('kill -9', { timeout }, () => {
  test('in a storm of webhooks loses nothing that was acknowledged, and sends nothing twice in effect', async () => {
    const { ingest, serve } = await startIngest()
    const effect = createEffect()
    ingest.answer((call) => effect.apply(call) as undefined)
    let relay = await serve()
    const { acknowledged, unanswered } = await storm(
      relay.origin,
      { products: 20, versions: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] },
      (count) => {
        if (count === 80) relay.kill('SIGKILL')
      },
    )
    expect(await relay.ended).toMatchObject({ code: null, signal: 'SIGKILL' })
    expect(acknowledged.length).toBeGreaterThanOrEqual(80)
    expect(unanswered).toBeGreaterThan(50)
    relay = await serve()
    await untilSettled(relay.origin)
    expectDelivered(effect, acknowledged)
    // The dedupe key was acknowledged with the rest.
    for (const [id, version] of acknowledged) expect(await send(relay.origin, id, version)).toBe('duplicate')
  })

  test('while the ingest API has not answered: the same key and bytes go out again, with a fresh nonce', async () => {
    const { ingest, serve } = await startIngest()
    ingest.answer(() => new Promise(() => {})) // takes the call and says nothing
    let relay = await serve()
    await storm(relay.origin, { products: 5, versions: [1] })
    await untilCalls(ingest, 1)
    await relay.stop('SIGKILL')
    ingest.answer(() => undefined)
    relay = await serve()
    await untilSettled(relay.origin)
    const byKey = Map.groupBy(ingest.calls, ({ key }) => key)
    const repeated = [...byKey.values()].filter((calls) => calls.length > 1)
    expect(repeated.length).toBeGreaterThan(0)
    for (const [first, again, ...more] of repeated) {
      expect(more).toEqual([])
      expect(again?.text).toBe(first?.text)
      expect(again?.nonce).not.toBe(first?.nonce)
    }
    const ids = [...byKey.values()].flatMap(([call]) => call?.ids ?? [])
    expect(ids.sort()).toEqual([1, 2, 3, 4, 5].map((id) => `product:${id}`))
  })
})

describe('SIGTERM', { timeout }, () => {
  test('stops accepting, finishes the request and the call under way, and loses nothing', async () => {
    const { ingest, serve } = await startIngest()
    let release: () => void = () => {}
    const held = new Promise<undefined>((resolve) => {
      release = () => resolve(undefined)
    })
    ingest.answer(() => held)
    let relay = await serve()
    expect(await send(relay.origin, 1, 1)).toBe('accepted')
    await untilCalls(ingest, 1)

    const body = saveOf(2, 1)
    const client = await openSocket(relay.origin)
    const length = String(Buffer.byteLength(body))
    client.write(requestText('/webhooks/shop', shopHeaders(body, { 'content-length': length, expect: '100-continue' })))
    await client.until(/100 Continue/) // the relay knows of the request
    client.write(body.slice(0, 50))
    relay.kill('SIGTERM')
    await relay.line(/"msg":"relay\.stopping"/)
    await vi.waitFor(() => expect(fetch(relay.origin)).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } }), {
      timeout: 3_000,
    })
    client.write(body.slice(50))
    expect(await client.until(/"ok":true.*\}/)).toMatch(/HTTP\/1\.1 202 /)
    release()
    const doneAt = performance.now()
    expect(await relay.ended).toMatchObject({ code: 0, stderr: '' })
    expect.soft(performance.now() - doneAt, 'nothing is left to wait for').toBeLessThan(5_000)

    relay = await serve()
    await untilSettled(relay.origin)
    expect(ingest.calls.flatMap(({ ids }) => ids).sort()).toEqual(['product:1', 'product:2'])
  })

  test('ends an open stream of signals, and waits neither for it nor for a connection over which nothing was ever sent', async () => {
    const { serve } = await startIngest()
    const relay = await serve()
    const client = await openSocket(relay.origin)
    const stream = await admin(relay.origin, '/signals?type=event.received')
    expect(await send(relay.origin, 1, 1)).toBe('accepted')
    await untilSettled(relay.origin)
    const startedAt = performance.now()
    relay.kill('SIGTERM')
    expect(await stream.text()).toMatch(/^event: event\.received$/m)
    expect(await relay.ended).toMatchObject({ code: 0, stderr: '' })
    expect(performance.now() - startedAt).toBeLessThan(5_000)
    await client.closed
  })

  test('answers a webhook whose headers were half sent 503 with Retry-After, so that it comes again', async () => {
    const { serve } = await startIngest({ server: { shutdown_grace: '3s' } })
    const relay = await serve()
    const client = await openSocket(relay.origin)
    const body = saveOf(1, 1)
    const request = requestText('/webhooks/shop', shopHeaders(body), body)
    client.write(request.slice(0, 60))
    expect((await fetch(`${relay.origin}/healthz`)).status).toBe(200) // by now the relay has read what was sent before
    relay.kill('SIGTERM')
    await relay.line(/"msg":"relay\.stopping"/)
    client.write(request.slice(60))
    const answer = await client.until(/^HTTP\/1\.1 503 .*\}$/s)
    expect(answer).toMatch(/^retry-after: \d+\r$/im)
    expect(JSON.parse(answer.split('\r\n\r\n')[1] ?? '')).toMatchObject({
      ok: false,
      error: { code: 'unavailable', status: 503, retryable: true },
    })
  })

  test('under a client and an ingest API that both hang ends within the grace, and the same call goes out later', async () => {
    const { ingest, serve } = await startIngest({ server: { shutdown_grace: '1500ms' }, delivery: { timeout: '60s' } })
    ingest.answer(() => new Promise(() => {}))
    let relay = await serve()
    await send(relay.origin, 1, 1)
    await untilCalls(ingest, 1)
    const client = await openSocket(relay.origin)
    client.write(requestText('/webhooks/demo', { 'content-length': '10', expect: '100-continue' }))
    await client.until(/100 Continue/)
    const startedAt = performance.now()
    expect(await relay.stop('SIGTERM')).toMatchObject({ code: 0, stderr: '' })
    const took = performance.now() - startedAt
    expect(took).toBeGreaterThan(1_400)
    expect.soft(took, 'one grace for all, not one for each').toBeLessThan(2_700)

    ingest.answer(() => undefined)
    relay = await serve()
    await untilSettled(relay.origin)
    const [first, again, ...more] = ingest.calls
    expect(more).toEqual([])
    expect(again).toMatchObject({ key: first?.key, text: first?.text })
    expect(again?.nonce).not.toBe(first?.nonce)
  })
})
