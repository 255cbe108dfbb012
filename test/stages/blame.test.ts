import type { ServerResponse } from 'node:http'
import { describe, expect, test } from 'vitest'
import { type Answer, type Call, refused, type ScriptedIngest, startScriptedIngest } from '../scripted-ingest.ts'
import { createClock, demoAlone, startRelay, type TestRelay } from '../support.ts'

const second = 1_000
const minute = 60 * second
const hour = 60 * minute

type Stage = TestRelay & { readonly ingest: ScriptedIngest }

async function start(destination: Record<string, unknown> = {}): Promise<Stage> {
  const clock = createClock()
  const ingest = await startScriptedIngest(clock)
  return { ...(await startRelay({ baseUrl: ingest.baseUrl, clock, destination, sources: demoAlone })), ingest }
}

async function publish(test: TestRelay, ids: readonly number[]): Promise<void> {
  const posts = ids.map((id) => ({
    event: 'post.updated',
    type: 'post',
    id,
    url: `https://example.com/${id}`,
    html: '<p>x</p>',
  }))
  expect((await test.send('demo', posts)).statusCode).toBe(202)
  await test.map()
}

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1)
const countsOf = async ({ relay }: TestRelay) => (await relay.store.readStats()).destinations[0]!
const pendingOf = async ({ relay }: TestRelay) =>
  (await relay.store.listItems({ status: 'pending' }, { limit: 100 })).rows.map(({ id }) => id).sort()
const heartbeats = ({ calls }: ScriptedIngest) => calls.filter(({ path }) => path.endsWith('/heartbeat'))
const keysOf = ({ calls }: ScriptedIngest) => new Set(calls.filter(({ ids }) => ids.length > 0).map(({ key }) => key))

const page = (status: number): Answer => ({ status, body: '<title>Blocked by policy</title>' })
const answers: Readonly<Record<string, Answer>> = {
  'a reset': (response: ServerResponse) => void response.destroy(),
  'an answer that is cut off': (response: ServerResponse) => {
    response.writeHead(200, { 'content-length': '100' }).write('{"ok":', () => response.destroy())
  },
  'a 500': refused(500, 'internal', true),
  'a 503 that asks to come later': { ...refused(503, 'busy', true), headers: { 'retry-after': '5' } },
  'a 409 that says it is under way': refused(409, 'idempotency.in_progress'),
  'a 504': refused(504, 'upstream', true),
  "a proxy's 502": page(502),
  'a page with 200': page(200),
  'a redirect': { status: 302, body: '', headers: { location: 'https://elsewhere.example/' } },
  "a firewall's 400": page(400),
  "a firewall's 403": page(403),
  "a gateway's JSON": { status: 403, body: { message: 'forbidden' } },
  'an empty 400': { status: 400, body: '' },
  'half of an envelope': { status: 400, body: '{"ok":false,"error":{"code":"validation' },
}

describe('promise 9: a poison item blocks nobody', () => {
  test.each(Object.keys(answers))('whose answer is %s: its neighbours arrive, and it waits alone', async (name) => {
    const test = await start()
    test.ingest.answer(({ ids }) => (ids.includes('post:7') ? answers[name] : undefined))
    await publish(test, upTo(40))
    await test.deliver(20 * minute)
    expect(await pendingOf(test)).toEqual(['post:7'])
    await publish(test, [41, 42])
    await test.deliver(5 * second)
    expect(await pendingOf(test)).toEqual(['post:7'])
    expect(test.relay.delivers.get('main')!.circuit().state).toBe('closed')
  })

  test('of which there are several, one in each part', async () => {
    const test = await start()
    const poison = (call: Call) => call.ids.some((id) => Number(id.slice(5)) % 5 === 0)
    test.ingest.answer((call) => (poison(call) ? answers['a reset'] : undefined))
    await publish(test, upTo(40))
    await test.deliver(3 * hour)
    expect(await pendingOf(test)).toEqual(upTo(8).map((n) => `post:${5 * n}`).sort()) // biome-ignore format: one idea
    await publish(test, [41, 42])
    await test.deliver(minute)
    expect((await pendingOf(test)).length).toBe(8)
  })

  test('alone: it is tried with growing waits up to max_age, and dies with its last error', async () => {
    const test = await start({ retry: { max_age: '6h' } })
    test.ingest.answer(({ ids }) => (ids.includes('post:1') ? refused(500, 'internal', true) : undefined))
    await publish(test, [1])
    await test.deliver(5 * hour)
    expect(await pendingOf(test)).toEqual(['post:1'])
    const calls = test.ingest.calls.filter(({ ids }) => ids.length > 0).length
    expect(calls).toBeLessThan(120)
    await test.deliver(3 * hour)
    const { rows } = await test.relay.store.listItems({ status: 'dead' }, { limit: 10 })
    expect(rows).toMatchObject([{ id: 'post:1', error: expect.stringContaining('internal') }])
  })

  test('and many of them, each a call of its own, keep no new ones waiting while the circuit is open', async () => {
    const test = await start({ delivery: { max_items: 1, concurrency: 1, timeout: '2s' } })
    test.ingest.answer(({ ids }) => (ids.some((id) => Number(id.slice(5)) <= 12) ? answers['a reset'] : undefined))
    await publish(test, upTo(12))
    await test.deliver(10 * second)
    expect(test.relay.delivers.get('main')!.circuit().state).toBe('open')
    await publish(test, [20])
    await test.deliver(2 * minute)
    expect(await pendingOf(test)).not.toContain('post:20')
    for (let id = 21; id < 30; id += 1) {
      await publish(test, [id])
      await test.deliver(minute)
      expect(await pendingOf(test)).not.toContain(`post:${id}`)
    }
  })
})

describe('promise 9: a firewall that dislikes one text', () => {
  test('kills it after an hour alone at the earliest, and blocks nobody meanwhile', async () => {
    const test = await start()
    test.ingest.answer(({ ids }) => (ids.includes('post:7') ? page(403) : undefined))
    await publish(test, upTo(40))
    await test.deliver(hour)
    expect(await countsOf(test)).toMatchObject({ delivered: 39, pending: 1, dead: 0 })
    await test.deliver(hour)
    expect(await countsOf(test)).toMatchObject({ delivered: 39, pending: 0, dead: 1 })
    const { rows } = await test.relay.store.listItems({ status: 'dead' }, { limit: 10 })
    expect(rows).toMatchObject([{ id: 'post:7', error: expect.stringContaining('"Blocked by policy"') }])
  })

  test('is given its hour anew after a pause', async () => {
    const test = await start()
    test.ingest.answer(({ ids }) => (ids.includes('post:1') ? page(403) : undefined))
    await publish(test, [1])
    await test.deliver(30 * minute)
    test.clock.advance(10 * hour)
    await test.deliver(30 * minute)
    expect(await countsOf(test)).toMatchObject({ pending: 1, dead: 0 })
  })

  test('kills nothing where it is the path that is not known', async () => {
    const test = await start()
    test.ingest.answer(({ path }) => (path.endsWith('/item') ? page(404) : undefined))
    await publish(test, [1])
    await test.deliver(24 * hour)
    expect(await countsOf(test)).toMatchObject({ pending: 1, dead: 0 })
  })
})

describe('a destination in whose place somebody else answers', () => {
  test.each(Object.keys(answers).slice(6))(
    'with %s loses nothing of a backlog, and its circuit is open',
    async (name) => {
      const test = await start({ delivery: { max_items: 50, concurrency: 2 } })
      test.ingest.answer(() => answers[name])
      await publish(test, upTo(300))
      await test.deliver(3 * hour)
      expect(await countsOf(test)).toMatchObject({ delivered: 0, pending: 300, dead: 0 })
      expect(test.relay.delivers.get('main')!.circuit().state).toBe('open')
      const keys = keysOf(test.ingest).size
      expect(keys).toBeLessThan(60) // nothing is taken apart
      test.ingest.answer(() => undefined)
      await test.deliver(hour)
      expect(await countsOf(test)).toMatchObject({ delivered: 300, pending: 0, dead: 0 })
    },
  )

  test('that answers heartbeats and takes nothing has one batch taken apart in the search, and no other', async () => {
    const test = await start({ delivery: { max_items: 64, concurrency: 2 } })
    test.ingest.answer(({ ids }) => (ids.length > 0 ? refused(500, 'internal', true) : undefined))
    await publish(test, upTo(300))
    await test.deliver(4 * hour)
    expect(await countsOf(test)).toMatchObject({ delivered: 0, pending: 300, dead: 0 })
    const { rows } = await test.relay.store.listBatches({ destination: 'main', status: 'split' }, { limit: 100 })
    expect(rows.length).toBeLessThanOrEqual(3)
    test.ingest.answer(() => undefined)
    await test.deliver(hour)
    expect(await countsOf(test)).toMatchObject({ delivered: 300, pending: 0 })
  })
})

describe('the heartbeat that tells a bad batch from a bad destination', () => {
  test('does not storm, and ages nothing', async () => {
    const test = await start({ delivery: { max_items: 1, concurrency: 4 } })
    test.ingest.answer(() => (response: ServerResponse) => void response.destroy())
    await publish(test, upTo(20))
    await test.deliver(hour)
    expect(heartbeats(test.ingest).length).toBeLessThanOrEqual(hour / (30 * second))
    expect(await countsOf(test)).toMatchObject({ pending: 20, dead: 0 })
  })

  test.each<[string, Answer]>([
    ["is a page's", page(200)],
    ['is refused for the token', refused(401, 'auth.invalid_token')],
    ['is a 500', refused(500, 'internal')],
    ['is told to come later', refused(429, 'rate.limited', true)],
  ])('blames no batch where its answer %s', async (_what, answer) => {
    const test = await start()
    test.ingest.answer(({ ids }) => (ids.length === 0 ? answer : refused(502, 'upstream', true)))
    await publish(test, upTo(40))
    await test.deliver(3 * hour)
    expect(keysOf(test.ingest).size).toBe(1)
  })

  test('is not asked for before a batch has failed five times in a row', async () => {
    const test = await start()
    let failures = 4
    test.ingest.answer(({ ids }) => (ids.length > 0 && failures-- > 0 ? answers['a reset'] : undefined))
    await publish(test, upTo(40))
    await test.deliver(minute)
    expect(heartbeats(test.ingest)).toEqual([])
    expect(keysOf(test.ingest).size).toBe(1)
  })
})
