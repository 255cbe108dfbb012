import { describe, expect, test } from 'vitest'
import type { Answer } from '../../src/ingest/client/client.ts'
import { readOutcome } from '../../src/ingest/client/outcome.ts'
import { createLimits, type Load, loadOf } from '../../src/stages/deliver/limits.ts'
import { type Call, refused, type ScriptedIngest, startScriptedIngest } from '../scripted-ingest.ts'
import { createClock, startRelay, type TestRelay } from '../support.ts'

const second = 1_000
const minute = 60 * second
const hour = 60 * minute

const destination = (baseUrl: string, delivery: Record<string, unknown>) => ({
  token: 'c.s',
  website_id: 'w',
  site_domain: 'example.com',
  base_url: baseUrl,
  delivery: { max_items: 40, concurrency: 1, ...delivery },
})

/** A relay with the same posts for two destinations. */
async function start(delivery: Record<string, unknown> = {}) {
  const clock = createClock()
  const [slow, other] = [await startScriptedIngest(clock), await startScriptedIngest(clock)]
  const test = await startRelay({
    baseUrl: '',
    clock,
    sources: { demo: { mapper: 'generic', destination: ['slow', 'other'], verify: 'none' } },
    destinations: { slow: destination(slow.baseUrl, delivery), other: destination(other.baseUrl, delivery) },
  })
  return { ...test, slow, other }
}

const postsOf = (from: number, count: number) =>
  Array.from({ length: count }, (_, index) => ({
    event: 'post.updated',
    type: 'post',
    id: from + index,
    url: `https://example.com/${from + index}`,
    html: `<p>${from + index}</p>`,
  }))

let nextId = 1
async function publish(test: TestRelay, count: number): Promise<void> {
  await test.send('demo', postsOf(nextId, count))
  nextId += count
  await test.map()
}

const overwhelmed = refused(504, 'upstream.timeout', true)
const above = (count: number) => (call: Call) => (call.ids.length > count ? overwhelmed : undefined)

const limitsOf = ({ relay }: TestRelay, name: string) => relay.delivers.get(name)!.limits()

/** Calls with items, by key, in the order in which they came first. */
function batchesOf({ calls }: ScriptedIngest): readonly { readonly size: number; readonly tries: readonly Call[] }[] {
  const tries = Map.groupBy(
    calls.filter(({ ids }) => ids.length > 0),
    ({ key }) => key,
  )
  return [...tries.values()].map((list) => ({ size: list[0]!.ids.length, tries: list }))
}

const sizesOf = (ingest: ScriptedIngest) => batchesOf(ingest).map(({ size }) => size)

async function pendingAt({ relay }: TestRelay, name: string): Promise<number> {
  const { destinations } = await relay.store.readStats()
  return destinations.find((row) => row.destination === name)!.pending
}

describe('the batches of a destination', () => {
  test('shrink while its calls take too long, until they are answered; those of another are as they were', async () => {
    const test = await start()
    test.slow.answer(above(5))
    await publish(test, 100)
    await test.deliver(2 * second)
    const sizes = sizesOf(test.slow)
    const answered = sizes.findIndex((size) => size <= 5)
    expect(answered).toBeGreaterThan(1)
    for (let index = 1; index <= answered; index += 1) expect(sizes[index]).toBeLessThanOrEqual(sizes[index - 1]! / 2)
    expect(sizesOf(test.other)).toEqual([40, 40, 20])
    expect(limitsOf(test, 'other')).toMatchObject({ calls: 1, items: 40 })
    await test.deliver(hour)
    expect(await pendingAt(test, 'slow')).toBe(0)
    expect(limitsOf(test, 'slow').items).toBeLessThanOrEqual(10)
  })

  test('grow back to the setting while calls are answered, and no further', async () => {
    const test = await start()
    test.slow.answer(above(5))
    await publish(test, 100)
    await test.deliver(hour)
    test.slow.answer(() => undefined)
    let [largest, rounds] = [0, 0]
    while (largest < 40 && rounds < 30) {
      const before = batchesOf(test.slow).length
      await publish(test, 80)
      await test.deliver(2 * second)
      const next = Math.max(...sizesOf(test.slow).slice(before))
      expect(next).toBeGreaterThanOrEqual(largest)
      expect(next).toBeLessThanOrEqual(40)
      ;[largest, rounds] = [next, rounds + 1]
    }
    expect(largest).toBe(40)
  })

  test('shrink for a call that is not answered in time', async () => {
    const test = await start({ timeout: '300ms' })
    test.slow.answer(({ ids }) => (ids.length > 20 ? () => {} : undefined))
    await publish(test, 40)
    test.clock.advance(2 * second)
    await test.relay.delivers.get('slow')!.step(new AbortController().signal)
    expect(limitsOf(test, 'slow').items).toBe(20)
  })

  test('are told by the API and the metrics', async () => {
    const test = await start()
    test.slow.answer(above(20))
    await publish(test, 40)
    await test.deliver(2 * second)
    const shown = (await test.admin('GET', '/destinations/slow')).json().data
    expect(shown.limits).toEqual({ calls: 1, items: 20, bytes: Math.floor(test.slow.calls[0]!.text.length / 2) })
    const { body } = await test.app.inject('/metrics')
    expect(body).toContain('cms_relay_batch_items_limit{destination="slow"} 20\n')
    expect(body).toContain('cms_relay_batch_items_limit{destination="other"} 40\n')
    expect(body).toContain(`cms_relay_batch_bytes_limit{destination="other"} ${4 * 1024 ** 2}\n`)
    expect(body).toContain('cms_relay_calls_limit{destination="slow"} 1\n')
  })
})

describe('a batch that is too slow', () => {
  test('keeps key and bytes five times, then goes on in smaller calls where the destination answers otherwise', async () => {
    const test = await start()
    test.slow.answer(above(5))
    await publish(test, 40)
    await test.deliver(10 * minute)
    const [whole, ...parts] = batchesOf(test.slow)
    expect(whole!.tries).toHaveLength(5)
    expect(new Set(whole!.tries.map(({ text }) => text)).size).toBe(1)
    expect(parts.map(({ size }) => size)).toEqual(Array(8).fill(5))
    expect(parts.flatMap(({ tries }) => tries[0]!.ids)).toEqual(whole!.tries[0]!.ids)
    expect(test.slow.calls.filter(({ path }) => path.endsWith('/heartbeat'))).toHaveLength(1)
    expect(await pendingAt(test, 'slow')).toBe(0)
    const { rows } = await test.relay.store.listAttempts({ destination: 'slow' }, { limit: 50 })
    const outcomes = rows.map(({ outcome }) => outcome).reverse()
    expect(outcomes.slice(0, 5)).toEqual(['retry', 'retry', 'retry', 'retry', 'stuck'])
  })

  test('is never taken apart while the destination answers nothing at all', async () => {
    const test = await start()
    test.slow.answer(() => overwhelmed)
    await publish(test, 40)
    await test.deliver(6 * hour)
    const [whole, ...others] = batchesOf(test.slow)
    expect(whole!.tries.length).toBeGreaterThan(20)
    expect(others).toEqual([])
    test.slow.answer(() => undefined)
    await test.deliver(hour)
    expect(batchesOf(test.slow)).toHaveLength(1)
    expect(await pendingAt(test, 'slow')).toBe(0)
  })

  test('for one item that the destination can not take keeps only that item waiting', async () => {
    const test = await start()
    const poison = nextId + 6
    test.slow.answer(({ ids }) => (ids.includes(`post:${poison}`) ? overwhelmed : undefined))
    await publish(test, 40)
    await test.deliver(hour)
    const { rows } = await test.relay.store.listItems({ destination: 'slow', status: 'pending' }, { limit: 50 })
    expect(rows.map(({ id }) => id)).toEqual([`post:${poison}`])
  })
})

const timeoutMs = 1_000
const answer = (status: number, durationMs: number, ok = false): Answer => ({
  kind: 'answer',
  status,
  envelope: ok
    ? { ok: true, data: { results: [] } }
    : { ok: false, error: { retryable: status === 429 || status >= 500 } },
  retryAfterMs: null,
  date: null,
  requestId: null,
  durationMs,
})
const noAnswer = (reason: Extract<Answer, { kind: 'no_answer' }>['reason'], durationMs: number): Answer => ({
  kind: 'no_answer',
  reason,
  message: reason,
  durationMs,
})

test.each<[string, Answer, Load | null]>([
  ['an answer within half of the time', answer(200, 500, true), 'well'],
  ['an answer after more than half of the time', answer(200, 501, true), null],
  ['a timeout', noAnswer('timeout', 1_000), 'too slow'],
  ['408', answer(408, 10), 'too slow'],
  ['504', answer(504, 10), 'too slow'],
  ['503 at once', answer(503, 10), null],
  ['503 after long', answer(503, 600), 'too slow'],
  ['a reset at once', noAnswer('reset', 10), null],
  ['a reset after long', noAnswer('reset', 600), 'too slow'],
  ['no connection, after long', noAnswer('connect', 900), null],
  ['413', answer(413, 10), 'too large'],
  ['429', answer(429, 900), 'too often'],
  ['400', answer(400, 10), null],
  ['401', answer(401, 10), null],
])('%s says of the load', (_name, given, load) => {
  expect(loadOf(given, readOutcome(given, [], 0), timeoutMs)).toBe(load)
})

describe('what is learnt', () => {
  const batch = (items: number, attempts = 0) =>
    ({ items: Array(items).fill(null), body: Buffer.alloc(items * 100), attempts }) as never
  const settings = { concurrency: 8, maxItems: 500, maxBytes: 50_000 }

  test('of a rate limit is to call less often, not with less, which would take more calls', () => {
    const limits = createLimits(settings)
    limits.learn('too often', batch(500))
    expect(limits.current()).toEqual({ calls: 4, items: 500, bytes: 50_000 })
  })

  test('of what is too large is to send less, as often', () => {
    const limits = createLimits(settings)
    limits.learn('too large', batch(500))
    expect(limits.current()).toEqual({ calls: 8, items: 250, bytes: 25_000 })
  })

  test('of a single item is nothing about sizes', () => {
    const limits = createLimits(settings)
    limits.learn('too slow', batch(1))
    expect(limits.current()).toEqual({ calls: 4, items: 500, bytes: 50_000 })
  })

  test('of the answer to a call that is repeated is nothing about sizes: it may come from memory', () => {
    const limits = createLimits(settings)
    limits.learn('too slow', batch(500))
    limits.learn('well', batch(500, 1))
    expect(limits.current()).toMatchObject({ items: 250, bytes: 25_000 })
    limits.learn('well', batch(250))
    expect(limits.current().items).toBeGreaterThan(250)
  })
})
