import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { accepted, refused, startScriptedIngest } from '../scripted-ingest.ts'
import { createClock, product, shopSecret, startRelay, type TestRelay } from '../support.ts'

const nowhere = 'http://127.0.0.1:9/v1/ingest'
const second = 1_000

describe('/healthz', () => {
  test('says alive as long as the process answers, also when the store is gone', async () => {
    const { app, relay } = await startRelay({ baseUrl: nowhere })
    expect((await app.inject('/healthz')).json()).toMatchObject({ ok: true, data: { status: 'alive' } })
    await relay.store.close()
    expect((await app.inject('/healthz')).statusCode).toBe(200)
  })
})

describe('/readyz', () => {
  test('says ready while the store can be written', async () => {
    const { app } = await startRelay({ baseUrl: nowhere })
    const answer = await app.inject('/readyz')
    expect(answer.statusCode).toBe(200)
    expect(answer.json()).toMatchObject({ ok: true, data: { status: 'ready' } })
  })

  test.each<[string, (relay: TestRelay['relay']) => Promise<void>]>([
    ['the store is closed', ({ store }) => store.close()],
    ['the relay is stopping', (relay) => relay.close()],
  ])('is 503 with Retry-After once %s', async (_name, spoil) => {
    const { app, relay } = await startRelay({ baseUrl: nowhere })
    await spoil(relay)
    const answer = await app.inject('/readyz')
    expect(answer.statusCode).toBe(503)
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0)
    expect(answer.json()).toMatchObject({ ok: false, error: { code: 'unavailable', retryable: true } })
  })
})

test('none of them needs the admin token, and none of them says anything of the configuration', async () => {
  const { app } = await startRelay({ baseUrl: nowhere })
  for (const path of ['/healthz', '/readyz', '/metrics']) {
    const answer = await app.inject(path)
    expect(answer.statusCode, path).toBe(200)
    for (const secret of [shopSecret, 'destination-secret', nowhere]) expect(answer.body).not.toContain(secret)
  }
})

/** The samples of `/metrics`, by name and labels as they are written. */
async function readMetrics({ app }: TestRelay): Promise<(name: string) => number | undefined> {
  const answer = await app.inject('/metrics')
  expect(answer.statusCode).toBe(200)
  expect(answer.headers['content-type']).toMatch(/^text\/plain; version=/)
  const samples = new Map(
    answer.body
      .split('\n')
      .filter((line) => line.startsWith('cms_relay_'))
      .map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  )
  return (name) => samples.get(`cms_relay_${name}`)
}

describe('/metrics', () => {
  test('counts a whole flow: what came in, what became of it, and what was sent', async () => {
    const clock = createClock()
    const ingest = await startScriptedIngest(clock)
    const test = await startRelay({ baseUrl: ingest.baseUrl, clock })
    let failures = 1
    ingest.answer(({ ids }) => {
      if (failures-- > 0) return refused(503, 'busy', true)
      return ids.includes('post:9') ? refused(400, 'validation.failed') : accepted(ids)
    })

    // In: five kept and a duplicate; a ping; three refused.
    await test.sendShop('products/update', product(1), { 'x-shopify-webhook-id': 'same' })
    await test.sendShop('products/update', product(1), { 'x-shopify-webhook-id': 'same' })
    await test.sendShop('products/update', product(2, { updated_at: '2026-02-01T00:00:05Z' }))
    await test.sendShop('products/update', product(2, { updated_at: '2026-02-01T00:00:04Z' }))
    await test.sendShop('orders/create', { id: 5 })
    await test.sendShop('products/update', product(3, { title: 'x'.repeat(1_025) }))
    await test.send('demo', { event: 'ping' })
    await test.send('shop', product(1), { 'x-shopify-hmac-sha256': 'bm8=' })
    await test.send('demo', '{"id":')
    await test.send('made-up-by-a-stranger', {})
    await test.map()
    clock.advance(3 * second)
    await test.deliver(30 * second)

    let metric = await readMetrics(test)
    expect(metric('webhooks_received_total{source="shop"}'), 'the duplicate included').toBe(6)
    expect(metric('webhooks_duplicate_total{source="shop"}')).toBe(1)
    expect(metric('accept_seconds_count{source="shop"}')).toBe(6)
    expect(metric('webhooks_answered_total{source="demo"}')).toBe(1)
    expect(metric('webhooks_refused_total{source="shop",reason="unauthorized"}')).toBe(1)
    expect(metric('webhooks_refused_total{source="demo",reason="invalid"}')).toBe(1)
    expect(metric('webhooks_refused_total{source="unknown",reason="not_found"}')).toBe(1)
    expect(metric('events_mapped_total{source="shop",status="processed"}')).toBe(2)
    expect(metric('events_mapped_total{source="shop",status="skipped"}')).toBe(2)
    expect(metric('events_mapped_total{source="shop",status="failed"}')).toBe(1)
    expect(metric('events_skipped_total{source="shop",reason="stale"}')).toBe(1)
    expect(metric('events_skipped_total{source="shop",reason="unmatched"}')).toBe(1)
    expect(metric('changes_total{source="shop",result="applied"}')).toBe(2)
    expect(metric('changes_total{source="shop",result="stale"}')).toBe(1)
    expect(metric('events_failed')).toBe(1)
    expect(metric('events_pending')).toBe(0)
    expect(metric('attempts_total{destination="main",call="batch",outcome="retry"}')).toBe(1)
    expect(metric('attempts_total{destination="main",call="batch",outcome="settled"}')).toBe(1)
    expect(metric('attempt_seconds_count{destination="main"}')).toBe(2)
    expect(metric('items_delivered_total{destination="main"}')).toBe(2)
    expect(metric('delivery_seconds_count{destination="main"}')).toBe(2)
    expect(metric('delivery_seconds_sum{destination="main"}')).toBeGreaterThanOrEqual(6)
    expect(metric('delivery_seconds_bucket{le="2.5",destination="main"}')).toBe(0)
    expect(metric('items{destination="main",status="delivered"}')).toBe(2)
    expect(metric('items{destination="main",status="pending"}')).toBe(0)
    expect(metric('batches_open{destination="main"}')).toBe(0)
    expect(metric('destination_state{destination="main",state="closed"}')).toBe(1)
    expect(metric('destination_state{destination="main",state="disabled"}')).toBe(0)

    await test.send('demo', { event: 'post.updated', type: 'post', id: 9, url: '/a', title: 'A', html: 'a' })
    await test.map()
    await test.deliver(5 * second)
    metric = await readMetrics(test)
    expect(metric('items_dead_total{destination="main"}')).toBe(1)
    expect(metric('items{destination="main",status="dead"}')).toBe(1)
    expect(metric('attempts_total{destination="main",call="item",outcome="rejected"}')).toBe(1)
  })

  test('tells what is waiting and for how long', async () => {
    const test = await startRelay({ baseUrl: nowhere })
    await test.sendShop('products/update', product(1))
    expect((await readMetrics(test))('events_pending')).toBe(1)
    test.clock.advance(10 * second)
    await test.sendShop('products/update', product(2))
    await test.map()
    test.clock.advance(20 * second)
    await test.admin('POST', '/destinations/main/disable')
    const metric = await readMetrics(test)
    expect(metric('events_pending')).toBe(0)
    expect(metric('items{destination="main",status="pending"}')).toBe(2)
    expect(metric('oldest_pending_seconds{destination="main"}')).toBe(30)
    expect(metric('destination_state{destination="main",state="disabled"}')).toBe(1)
    expect(metric('destination_state{destination="main",state="closed"}')).toBe(0)
  })

  test('names the metrics that the docs list, no more and no fewer', async () => {
    const { app } = await startRelay({ baseUrl: nowhere })
    const docs = readFileSync(join(import.meta.dirname, '../../docs/admin-api.md'), 'utf8')
    const documented = [...docs.matchAll(/^\| `(cms_relay_\w+)` \| (\w+) \|/gm)].map(
      ([, name, type]) => `${name} ${type}`,
    )
    const { body } = await app.inject('/metrics')
    const told = [...body.matchAll(/^# TYPE (cms_relay_\w+ \w+)$/gm)].map(([, line]) => line)
    expect(documented.sort()).toEqual(told.sort())
  })

  test('counts every refusal, also one that comes before the webhook is read', async () => {
    const source = { destination: 'main', vars: { origin: 'https://example.com' } }
    const test = await startRelay({
      baseUrl: nowhere,
      server: { body_limit: '1kb' },
      sources: {
        demo: { mapper: 'generic', verify: 'none', rate_limit: { max: 1, window: '1m' }, ...source },
        wide: { mapper: 'generic', verify: 'none', ...source },
      },
    })
    const statuses = []
    for (const [source, body, headers] of [
      ['demo', '{"event":"post.deleted","type":"post","id":1}', {}],
      ['demo', '{"event":"post.deleted","type":"post","id":2}', {}],
      ['wide', `"${'x'.repeat(2_000)}"`, {}],
      ['wide', '{}', { 'content-encoding': 'unheard-of' }],
    ] as const)
      statuses.push((await test.send(source, body, headers)).statusCode)
    expect(statuses).toEqual([202, 429, 413, 415])
    const metric = await readMetrics(test)
    expect(metric('webhooks_refused_total{source="demo",reason="rate_limited"}')).toBe(1)
    expect(metric('webhooks_refused_total{source="wide",reason="unsupported"}')).toBe(1)
    expect(metric('webhooks_refused_total{source="wide",reason="too_large"}')).toBe(1)
  })

  test('names every metric with a help text, and no secret or free text in a label', async () => {
    const test = await startRelay({ baseUrl: nowhere })
    await test.sendShop('products/update', product(1, { title: 'x'.repeat(1_025) }))
    await test.map()
    const { body } = await test.app.inject('/metrics')
    const names = [...body.matchAll(/^# TYPE (cms_relay_\w+) /gm)].map(([, name]) => name)
    expect(names.length).toBeGreaterThanOrEqual(20)
    for (const name of names) expect(body).toMatch(new RegExp(`^# HELP ${name} \\S.{10,}$`, 'm'))
    const labels = [...body.matchAll(/^cms_relay_\w+\{(.*)\}/gm)].flatMap(([, text = '']) => text.split(','))
    for (const label of labels) expect(label).toMatch(/^\w+="[\w.+ -]{1,40}"$/)
  })
})
