import { createHmac } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { readConfig } from '../../src/config/load.ts'
import { createVerifier, verifySchema } from '../../src/verify/verifier.ts'
import { composeEndpoints } from '../../src/wiring/endpoints.ts'
import { warningsOf } from '../../src/wiring/warnings.ts'
import { type CmsRequest, type ScriptedCms, startScriptedCms } from '../cms-api/support.ts'
import { refused, startScriptedIngest } from '../scripted-ingest.ts'
import { createClock, product, startRelay, startSandbox, type TestRelay } from '../support.ts'

const second = 1_000
const hour = 3_600_000
const secret = `whsec_${Buffer.from('a secret of twenty-four+').toString('base64')}`
const otherSecret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const never = new AbortController().signal

interface Started extends TestRelay {
  readonly operator: ScriptedCms
  /** Sends what is due now and in the next `wait` milliseconds, while the clock runs that far. */
  notify(wait?: number): Promise<void>
}

async function start(
  endpoint: Record<string, unknown> = {},
  baseUrl = 'http://127.0.0.1:9/v1/ingest',
): Promise<Started> {
  const operator = await startScriptedCms(() => ({ status: 204, body: '' }))
  const clock = createClock()
  const url = `${operator.origin}/hooks/relay?key=a-key-in-the-url`
  const test = await startRelay({ baseUrl, clock, endpoints: [{ url, secret, ...endpoint }] })
  return { ...test, operator, notify: (wait = 0) => notify(test, wait) }
}

async function notify({ relay, clock }: TestRelay, wait: number): Promise<void> {
  const [notifier] = relay.notifiers.values()
  const end = clock.now() + wait
  for (;;) {
    while (await notifier!.step(never));
    const next = notifier!.nextAt() ?? Number.POSITIVE_INFINITY
    if (next > end) break
    clock.advance(Math.max(1, next - clock.now()))
  }
  clock.advance(Math.max(0, end - clock.now()))
}

const refuse = (reason: string) =>
  ({ kind: 'webhook.refused', source: null, code: 'invalid', reason, bytes: 0 }) as const
const bodyOf = ({ body }: CmsRequest) => JSON.parse(body) as { type: string; data: Record<string, unknown> }
const attempts = ({ signals }: TestRelay) => signals.filter((signal) => signal.kind === 'notification.attempted')

describe('a webhook to the operator', () => {
  test('says what has happened, signed with Standard Webhooks', async () => {
    const test = await start()
    await test.relay.delivers.get('main')!.disable('maintenance')
    await test.notify()
    const [request, ...more] = test.operator.requests
    expect(more).toEqual([])
    expect(request).toMatchObject({ method: 'POST', url: '/hooks/relay?key=a-key-in-the-url' })
    expect(request!.headers).toMatchObject({
      'content-type': 'application/json',
      'webhook-id': expect.stringMatching(/^msg_[0-9a-f-]{36}$/),
      'webhook-timestamp': String(test.clock.now() / 1_000),
    })
    expect(bodyOf(request!)).toEqual({
      type: 'destination.disabled',
      timestamp: new Date(test.clock.now()).toISOString(),
      data: { destination: 'main', state: 'disabled', reason: 'maintenance' },
    })
    const { headers } = request!
    const content = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${request!.body}`
    const key = Buffer.from(secret.slice('whsec_'.length), 'base64')
    expect(headers['webhook-signature']).toBe(`v1,${createHmac('sha256', key).update(content).digest('base64')}`)
  })

  test("passes the relay's own check of such a signature, with each secret while rotating, and spoilt does not", async () => {
    const test = await start({ secret: [otherSecret, secret] })
    await test.relay.delivers.get('main')!.disable('maintenance')
    await test.notify()
    const [request] = test.operator.requests
    const headers = Object.fromEntries(Object.entries(request!.headers).map(([name, value]) => [name, String(value)]))
    const delivery = { source: 's', method: 'POST', path: '/', query: '', headers, body: Buffer.from(request!.body) }
    const verdict = (secrets: string[], body = delivery.body) =>
      createVerifier(verifySchema.parse({ scheme: 'standard-webhooks' }), secrets).verify(
        { ...delivery, body },
        test.clock.now(),
      )
    expect(await verdict([secret])).toMatchObject({ ok: true })
    expect(await verdict([otherSecret])).toMatchObject({ ok: true })
    expect(await verdict([`whsec_${Buffer.alloc(24, 1).toString('base64')}`])).toMatchObject({ ok: false })
    expect(await verdict([secret], Buffer.from(`${request!.body} `))).toMatchObject({ ok: false })
  })

  test('is sent for the signals that are asked for, and for no others', async () => {
    const test = await start({ types: ['event.failed', 'webhook.refused'] })
    test.relay.emit(refuse('one'))
    await test.sendShop('products/update', product(1, { title: 'x'.repeat(1_025) }))
    await test.map()
    await test.relay.delivers.get('main')!.disable('maintenance')
    await test.notify()
    expect(test.operator.requests.map((request) => bodyOf(request).type)).toEqual(['webhook.refused', 'event.failed'])
  })

  test('tells by default of what wants a person', async () => {
    const clock = createClock()
    const ingest = await startScriptedIngest(clock)
    const test = await start({}, ingest.baseUrl)
    ingest.answer(() => refused(400, 'validation.failed'))
    await test.sendShop('products/update', product(1))
    await test.map()
    await test.deliver(5 * second)
    ingest.answer(() => refused(401, 'auth.invalid_token'))
    await test.sendShop('products/update', product(2))
    await test.map()
    await test.deliver(60 * second)
    ingest.answer(() => undefined)
    await test.admin('POST', '/destinations/main/enable')
    await test.notify()
    expect(test.operator.requests.map((request) => bodyOf(request).type)).toEqual([
      'item.dead',
      'destination.disabled',
      'destination.recovered',
    ])
    expect(bodyOf(test.operator.requests[0]!).data).toMatchObject({ id: 'product:1', destination: 'main' })
  })

  test('names the items that a call has delivered, with at most 100 in each', async () => {
    const clock = createClock()
    const sandbox = await startSandbox(clock)
    const test = await start({ types: ['item.delivered'] }, sandbox.baseUrl)
    for (let id = 1; id <= 130; id += 1) await test.sendShop('products/update', product(id))
    await test.map()
    await test.deliver(5 * second)
    await test.notify()
    const told = test.operator.requests.map((request) => bodyOf(request).data as { items: { id: string }[] })
    expect(told.map(({ items }) => items.length)).toEqual([100, 30])
    expect(new Set(told.flatMap(({ items }) => items.map(({ id }) => id))).size).toBe(130)
  })

  test('says which, and holds nothing of what the webhook has held', async () => {
    const test = await start({ types: ['event.received', 'event.failed', 'item.dead'] })
    await test.sendShop(
      'products/update',
      product(1, { title: 'Private words'.repeat(100), body_html: 'Private words' }),
    )
    await test.map()
    await test.notify()
    expect(test.operator.requests.map((request) => bodyOf(request).type)).toEqual(['event.received', 'event.failed'])
    for (const { body } of test.operator.requests) expect(body).not.toContain('Private words')
  })

  test('holds no secret, and nothing tells the url or the secret', async () => {
    const test = await start({ types: ['webhook.refused'] })
    test.relay.emit(refuse('no: destination-secret'))
    test.operator.answer(() => ({ status: 500 }))
    await test.notify(hour)
    expect(bodyOf(test.operator.requests[0]!).data).toMatchObject({ reason: 'no: [secret]' })
    const told = [...test.lines, JSON.stringify(test.signals), (await test.app.inject('/metrics')).body].join('\n')
    expect(told).toContain('signals[0]')
    for (const hidden of ['a-key-in-the-url', secret.slice('whsec_'.length)]) expect(told).not.toContain(hidden)
  })
})

describe('a webhook to the operator that fails', () => {
  test.each([
    ['a 500', () => ({ status: 500 })],
    ['a 404', () => ({ status: 404 })],
    ['a redirect', () => ({ status: 307, headers: { location: '/elsewhere' } })],
    ['no answer', () => (response: import('node:http').ServerResponse) => void response.socket?.destroy()],
  ])('is sent again after %s: the same id and bytes, signed anew, ever later', async (_name, script) => {
    const test = await start()
    test.operator.answer(script)
    await test.relay.delivers.get('main')!.disable('maintenance')
    await test.notify(hour)
    const { requests } = test.operator
    expect(requests.length).toBeGreaterThan(5)
    expect(requests.length).toBeLessThan(20)
    expect(new Set(requests.map(({ body }) => body)).size).toBe(1)
    expect(new Set(requests.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
    expect(new Set(requests.map(({ headers }) => headers['webhook-timestamp'])).size).toBe(requests.length)
    test.operator.answer(() => ({ status: 200 }))
    await test.notify(hour)
    expect(attempts(test).at(-1)).toMatchObject({ outcome: 'sent', status: 200, error: null })
    const sent = requests.length
    await test.notify(hour)
    expect(requests).toHaveLength(sent)
  })

  test('waits as long as it is told to', async () => {
    const test = await start()
    test.operator.answer(() => ({ status: 503, headers: { 'retry-after': '300' } }))
    await test.relay.delivers.get('main')!.disable('maintenance')
    await test.notify(299 * second)
    expect(test.operator.requests).toHaveLength(1)
    await test.notify(2 * second)
    expect(test.operator.requests).toHaveLength(2)
  })

  test('is sent after a clock that was set back as if nothing had happened', async () => {
    const test = await start()
    test.operator.answer(() => ({ status: 503, headers: { 'retry-after': '300' } }))
    await test.relay.delivers.get('main')!.disable('maintenance')
    await test.notify()
    test.operator.answer(() => ({ status: 200 }))
    test.clock.advance(-60_000)
    await test.notify()
    expect(attempts(test).at(-1)).toMatchObject({ outcome: 'retry' })
    notifierOf(test).clockSetBack()
    await test.notify()
    expect(attempts(test).at(-1)).toMatchObject({ outcome: 'sent' })
  })

  test.each<[string, number]>([
    ['a pause', 500],
    ['a rate limit', 429],
  ])('is not given up for %s of more than a day', async (_what, status) => {
    const test = await start()
    test.operator.answer(() => ({ status, headers: { 'retry-after': '600' } }))
    await test.relay.delivers.get('main')!.disable('maintenance')
    await test.notify(hour)
    if (status === 429) await test.notify(26 * hour)
    else test.clock.advance(26 * hour)
    test.operator.answer(() => ({ status: 500 }))
    await test.notify(10 * 60_000)
    expect(attempts(test).at(-1)).toMatchObject({ outcome: 'retry', status: 500 })
    test.operator.answer(() => ({ status: 200 }))
    await test.notify(hour)
    expect(attempts(test).at(-1)).toMatchObject({ outcome: 'sent' })
  })

  test('is given up after a day, or at once for a 410, and that is counted', async () => {
    const test = await start()
    test.operator.answer(() => ({ status: 500 }))
    await test.relay.delivers.get('main')!.disable('maintenance')
    await test.notify(26 * hour)
    expect(attempts(test).at(-1)).toMatchObject({ outcome: 'dropped', error: 'status 500' })
    test.operator.answer(() => ({ status: 410 }))
    await test.relay.delivers.get('main')!.enable({ force: true })
    await test.notify(hour)
    expect(attempts(test).at(-1)).toMatchObject({ outcome: 'dropped', status: 410, attempt: 1 })
    expect((await test.app.inject('/metrics')).body).toContain(
      'cms_relay_notifications_total{endpoint="signals[0]",outcome="dropped"} 2',
    )
  })

  test('lets others pass, begets no webhooks of its own, and is dropped beyond a thousand that wait', async () => {
    const test = await start({ types: ['webhook.refused'] })
    test.operator.answer(({ body }) => ({ status: body.includes('poison') ? 500 : 200 }))
    test.relay.emit(refuse('poison'))
    test.relay.emit(refuse('good'))
    await test.notify(60 * second)
    expect(attempts(test).filter(({ outcome }) => outcome === 'sent')).toHaveLength(1)
    test.operator.answer(() => ({ status: 500 }))
    for (let signal = 0; signal < 1_500; signal += 1) test.relay.emit(refuse(`${signal}`))
    await test.notify(1)
    expect(test.signals).toContainEqual({
      kind: 'notification.dropped',
      endpoint: 'signals[0]',
      count: 501,
      reason: 'more than 1000 waiting',
    })
  })

  test('is dropped beyond a thousand of its kind: what strangers cause in any number pushes nothing else out', async () => {
    const test = await start({ types: ['webhook.refused', 'destination.disabled'] })
    await test.relay.delivers.get('main')!.disable('maintenance')
    for (let signal = 0; signal < 3_000; signal += 1) test.relay.emit(refuse(`${signal}`))
    await test.notify()
    const types = test.operator.requests.map((request) => bodyOf(request).type)
    expect(types).toHaveLength(1_000)
    expect(types[0]).toBe('destination.disabled')
    expect(bodyOf(test.operator.requests.at(-1)!).data).toMatchObject({ reason: '2999' })
  })

  test.each([
    ['never ends', (response: import('node:http').ServerResponse) => void endless(response)],
    [
      'begins and does not go on',
      (response: import('node:http').ServerResponse) => void response.writeHead(200).write('a'),
    ],
  ])('is taken all the same where the answer %s, and the next one goes out', async (_name, script) => {
    const test = await start({ types: ['webhook.refused'], timeout: '300ms' })
    test.operator.answer(() => script)
    for (const reason of ['one', 'two']) test.relay.emit(refuse(reason))
    await test.notify()
    expect(attempts(test)).toMatchObject([{ outcome: 'sent' }, { outcome: 'sent' }])
    expect(test.operator.requests).toHaveLength(2)
  })

  test('keeps nobody waiting: webhooks are taken and content is delivered once while the endpoint hangs', async () => {
    const clock = createClock()
    const ingest = await startScriptedIngest(clock)
    const test = await start({ types: ['event.received', 'item.delivered'], timeout: '60s' }, ingest.baseUrl)
    const hung = Promise.withResolvers<void>()
    test.operator.answer(() => () => hung.resolve())
    await test.sendShop('products/update', product(1))
    const cut = new AbortController()
    const hanging = notifierOf(test).step(cut.signal)
    await hung.promise
    await test.sendShop('products/update', product(2))
    await test.map()
    await test.deliver(5 * second)
    expect(ingest.calls.flatMap(({ ids }) => ids)).toEqual(['product:1', 'product:2'])
    cut.abort()
    await hanging
    expect(attempts(test)).toEqual([])
    test.operator.answer(() => ({ status: 200 }))
    await test.notify(hour)
    expect(attempts(test).map(({ outcome, type }) => [outcome, type])).toEqual([
      ['sent', 'event.received'],
      ['sent', 'event.received'],
      ['sent', 'item.delivered'],
    ])
    expect(ingest.calls).toHaveLength(1)
  })
})

/** Goes on writing as fast as it is read, until whoever reads hangs up. */
function endless(response: import('node:http').ServerResponse): void {
  response.writeHead(200)
  const more = () => {
    while (!response.destroyed && response.write('x'.repeat(16_384)));
  }
  response.on('drain', more)
  more()
}

test('when the relay stops, what waits is sent once more, and what is not taken is counted', async () => {
  const test = await start({ types: ['webhook.refused'] })
  for (const reason of ['one', 'two']) test.relay.emit(refuse(reason))
  await test.relay.close(5_000)
  expect(test.operator.requests).toHaveLength(2)
  const other = await start({ types: ['webhook.refused'] })
  other.operator.answer(() => ({ status: 500 }))
  for (const reason of ['one', 'two']) other.relay.emit(refuse(reason))
  await other.relay.close(5_000)
  expect(other.operator.requests).toHaveLength(1)
  expect(other.signals.at(-1)).toMatchObject({ kind: 'notification.dropped', count: 2, reason: 'the relay stops' })
})

describe('the configuration', () => {
  const read = (endpoint: Record<string, unknown>) =>
    readConfig({ signals: [{ url: 'https://example.com/hook', secret, ...endpoint }] }, {})

  test.each([
    ['a secret that is none', { secret: 'hunter2' }, 'signals[0].secret'],
    ['a secret that is short', { secret: `whsec_${Buffer.alloc(16).toString('base64')}` }, 'signals[0].secret'],
    ['a type that there is not', { types: ['item.born'] }, 'signals[0].types[0]'],
    ['webhooks of the webhooks', { types: ['notification.attempted'] }, 'signals[0].types[0]'],
    ['no types at all', { types: [] }, 'signals[0].types'],
    ['the older name beside the newer', { types: ['item.dead'], events: ['item.dead'] }, 'signals[0].events'],
    ['a url of another kind', { url: 'ftp://example.com' }, 'signals[0].url'],
  ])('refuses %s', (_name, endpoint, path) => {
    const details = { issues: expect.arrayContaining([expect.objectContaining({ path })]) }
    expect(() => read(endpoint)).toThrow(expect.objectContaining({ details }))
  })

  test('takes the older name of types, and says so', () => {
    const older = read({ events: ['item.dead'] })
    expect(older.signals[0]!.types).toEqual(['item.dead'])
    expect(warningsOf(older)).toEqual([expect.stringMatching(/^signals\[0\]\.events: is called types now/)])
    const newer = read({ types: ['item.dead'] })
    expect(newer.signals[0]!.types).toEqual(older.signals[0]!.types)
    expect(warningsOf(newer)).toEqual([])
    expect(read({}).signals[0]!.types).toContain('store.lost')
  })

  test('refuses addresses that are never asked, and private ones where it says so', () => {
    const compose = (url: string, allow_private: boolean) => () => composeEndpoints(read({ url, allow_private }))
    expect(compose('http://127.0.0.1:9/', true)).not.toThrow()
    for (const url of ['http://127.0.0.1:9/', 'http://10.0.0.1/', 'http://[::1]/', 'http://2130706433/'])
      expect(compose(url, false), url).toThrow(/mistake/)
    expect(compose('http://169.254.169.254/', true)).toThrow(/mistake/)
  })

  test('refuses a name that resolves to a private address when it is sent', async () => {
    const operator = await startScriptedCms()
    const test = await startRelay({
      baseUrl: 'http://127.0.0.1:9/v1/ingest',
      endpoints: [{ url: `http://localhost:${operator.port}/`, secret, allow_private: false }],
    })
    await test.relay.delivers.get('main')!.disable('maintenance')
    await notifierOf(test).step(never)
    expect(operator.requests).toEqual([])
    expect(attempts(test)).toMatchObject([
      { outcome: 'retry', error: expect.stringMatching(/resolves to what is refused/) },
    ])
  })
})

function notifierOf({ relay }: TestRelay) {
  return [...relay.notifiers.values()][0]!
}
