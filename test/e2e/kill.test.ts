import { describe, expect, test, vi } from 'vitest'
import { createFolder } from '../folder.ts'
import { accepted, type Call, type ScriptedIngest, startScriptedIngest } from '../scripted-ingest.ts'
import { product } from '../support.ts'
import { admin, type RelayProcess, shopHeaders, startServe, untilSettled, writeConfig } from './process.ts'
import { openSocket, requestText } from './raw-socket.ts'

const clock = { now: Date.now }
// Starts of real processes add up where the machine is busy.
const timeout = 60_000

/** One save of a product; its text tells which. */
function saveOf(id: number, version: number): string {
  const updatedAt = new Date(Date.UTC(2026, 1, 1) + version * 1_000).toISOString()
  return JSON.stringify(product(id, { body_html: `<p>v${version}</p>`, updated_at: updatedAt }))
}

async function send(origin: string, id: number, version: number): Promise<string | null> {
  const body = saveOf(id, version)
  const headers = shopHeaders(body, { 'x-shopify-webhook-id': `${id}-${version}` })
  try {
    const answer = await fetch(`${origin}/webhooks/shop`, { method: 'POST', headers, body })
    if (answer.status !== 202) return null
    return ((await answer.json()) as { data: { status: string } }).data.status
  } catch {
    return null // the relay is gone
  }
}

interface Storm {
  /** The saves that were acknowledged: product and version. */
  readonly acknowledged: (readonly [id: number, version: number])[]
  unanswered: number
}

/** Sends every version of every product, many at a time. `onAcknowledged` is told how many were so far. */
async function storm(
  origin: string,
  { products, versions }: { products: number; versions: readonly number[] },
  onAcknowledged: (count: number) => void = () => {},
): Promise<Storm> {
  const result: Storm = { acknowledged: [], unanswered: 0 }
  const saves = versions.flatMap((version) => Array.from({ length: products }, (_, index) => [index + 1, version]))
  let count = 0
  async function worker(): Promise<void> {
    for (let save = saves.shift(); save; save = saves.shift()) {
      const [id = 0, version = 0] = save
      if ((await send(origin, id, version)) === null) result.unanswered += 1
      else {
        result.acknowledged.push([id, version])
        onAcknowledged(++count)
      }
    }
  }
  await Promise.all(Array.from({ length: 24 }, worker))
  return result
}

/** What an ingest API that keeps its word would hold: each key is applied once, whatever comes again under it. */
interface Effect {
  /** Product to the version it was last brought to. */
  readonly state: Map<string, number>
  /** Broken promises, in words. */
  readonly violations: string[]
  apply(call: Call): void
}

function createEffect(): Effect {
  const bodies = new Map<string, string>()
  const nonces = new Set<string>()
  const state = new Map<string, number>()
  const violations: string[] = []
  return {
    state,
    violations,
    apply({ key, nonce, text: body }) {
      if (nonces.has(nonce)) violations.push(`nonce ${nonce} came twice`)
      nonces.add(nonce)
      const known = bodies.get(key)
      if (known !== undefined && known !== body) violations.push(`key ${key} came with two bodies`)
      if (known !== undefined) return
      bodies.set(key, body)
      const { item, items } = JSON.parse(body) as { item?: Item; items?: Item[] }
      for (const { id, text } of items ?? [item!]) {
        const version = Number(text.slice(1))
        const before = state.get(id) ?? 0
        if (version <= before) violations.push(`${id} was at ${before} and came again as ${version} under a new key`)
        state.set(id, version)
      }
    },
  }
}

interface Item {
  readonly id: string
  readonly text: string
}

function expectDelivered({ state, violations }: Effect, acknowledged: Storm['acknowledged']): void {
  expect(violations).toEqual([])
  const behind = acknowledged.filter(([id, version]) => (state.get(`product:${id}`) ?? 0) < version)
  expect(behind).toEqual([])
}

async function start(options: Parameters<typeof writeConfig>[2] = {}) {
  const ingest = await startScriptedIngest(clock)
  const folder = createFolder()
  writeConfig(folder, ingest.baseUrl, options)
  return { ingest, serve: () => startServe({ cwd: folder }) }
}

async function untilCalls({ calls }: ScriptedIngest, count: number): Promise<void> {
  await vi.waitFor(() => expect(calls.length).toBeGreaterThanOrEqual(count), { timeout: 8_000, interval: 10 })
}

describe('kill -9', { timeout }, () => {
  test('in a storm of webhooks loses nothing that was acknowledged, and sends nothing twice in effect', async () => {
    const { ingest, serve } = await start()
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
    const { ingest, serve } = await start()
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

  test('five times over, at every kind of moment, ends in the state that was acknowledged', async () => {
    const { ingest, serve } = await start()
    const effect = createEffect()
    const acknowledged: (readonly [number, number])[] = []
    let relay: RelayProcess
    const kill = () => relay.kill('SIGKILL')
    const moments = {
      'at the first acknowledgement': { count: 1 },
      'before the call is applied': { called: () => kill() },
      'when it is applied and not yet answered': { applied: () => kill() },
      'when it is answered and not yet settled': { answered: () => kill() },
      'in the middle of receiving': { count: 20 },
    }
    for (const [round, moment] of Object.values(moments).entries()) {
      const at: Partial<Record<'called' | 'applied' | 'answered', () => void> & { count: number }> = moment
      ingest.answer((call) => {
        at.called?.()
        effect.apply(call)
        at.applied?.()
        return (response) => {
          const { status, body } = accepted(call.ids)
          response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body), at.answered)
        }
      })
      relay = await serve()
      const versions = [1, 2, 3].map((version) => 3 * round + version)
      const sent = await storm(relay.origin, { products: 12, versions }, (count) => {
        if (count === at.count) kill()
      })
      expect(await relay.ended).toMatchObject({ signal: 'SIGKILL' })
      acknowledged.push(...sent.acknowledged)
    }
    ingest.answer((call) => effect.apply(call) as undefined)
    relay = await serve()
    await untilSettled(relay.origin)
    expect(acknowledged.length).toBeGreaterThan(20)
    expectDelivered(effect, acknowledged)
  })
})

describe('SIGTERM', { timeout }, () => {
  test('stops accepting, finishes the request and the call under way, and loses nothing', async () => {
    const { ingest, serve } = await start()
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

  test('ends an open stream of signals, and waits for none', async () => {
    const { serve } = await start()
    const relay = await serve()
    const stream = await admin(relay.origin, '/signals?type=event.received')
    expect(await send(relay.origin, 1, 1)).toBe('accepted')
    const startedAt = performance.now()
    relay.kill('SIGTERM')
    expect(await stream.text()).toMatch(/^event: event\.received$/m)
    expect(await relay.ended).toMatchObject({ code: 0, stderr: '' })
    expect(performance.now() - startedAt).toBeLessThan(5_000)
  })

  test('waits for no connection over which nothing was ever sent', async () => {
    const { serve } = await start()
    const relay = await serve()
    const client = await openSocket(relay.origin)
    expect(await send(relay.origin, 1, 1)).toBe('accepted')
    await untilSettled(relay.origin)
    const startedAt = performance.now()
    expect(await relay.stop('SIGTERM')).toMatchObject({ code: 0, stderr: '' })
    expect(performance.now() - startedAt).toBeLessThan(5_000)
    await client.closed
  })

  test('answers a webhook whose headers were half sent 503 with Retry-After, so that it comes again', async () => {
    const { serve } = await start({ server: { shutdown_grace: '3s' } })
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
    const { ingest, serve } = await start({ server: { shutdown_grace: '1500ms' }, delivery: { timeout: '60s' } })
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
