import { describe, expect, test } from 'vitest'
import { createFolder } from '../folder.ts'
import { refused, type ScriptedIngest, startScriptedIngest } from '../scripted-ingest.ts'
import { type Clock, createClock, demoAlone, startRelay, type TestRelay } from '../support.ts'

const second = 1_000
const minute = 60 * second
const hour = 60 * minute
const down = refused(503, 'down', true)
const count = 200

interface Stage extends TestRelay {
  readonly ingest: ScriptedIngest
}

async function start(options: Partial<Parameters<typeof startRelay>[0]> & { clock?: Clock } = {}): Promise<Stage> {
  const clock = options.clock ?? createClock()
  const ingest = await startScriptedIngest(clock)
  const destination = { retry: { max_age: '6h' } }
  return {
    ...(await startRelay({ baseUrl: ingest.baseUrl, destination, sources: demoAlone, ...options, clock })),
    ingest,
  }
}

async function publish(test: TestRelay, from = 1): Promise<void> {
  const posts = Array.from({ length: count }, (_, index) => ({
    event: 'post.updated',
    type: 'post',
    id: from + index,
    url: `https://example.com/${from + index}`,
    html: '<p>x</p>',
  }))
  expect((await test.send('demo', posts)).statusCode).toBe(202)
  await test.map()
}

const countsOf = async ({ relay }: TestRelay) => (await relay.store.readStats()).destinations[0]!

/** What waits meets a failure that passes, and then arrives. */
async function failsOnceMore(test: Stage, ingest: ScriptedIngest = test.ingest): Promise<void> {
  let failures = 3
  ingest.answer(() => (failures-- > 0 ? down : undefined))
  await test.deliver(hour)
  expect(failures).toBeLessThan(0)
  expect(await countsOf(test)).toMatchObject({ delivered: count, dead: 0, pending: 0 })
}

describe('promise 13: waiting is not ageing, so nothing dies of the first failure after', () => {
  test.each<[string, (test: Stage) => Promise<void>]>([
    [
      'a destination that an operator has disabled',
      async (test) => {
        await test.admin('POST', '/destinations/main/disable')
        test.ingest.answer(() => undefined)
        await test.deliver(8 * hour)
        await test.admin('POST', '/destinations/main/enable')
      },
    ],
    [
      'a destination that authentication failures have disabled',
      async (test) => {
        test.ingest.answer(() => refused(401, 'auth.invalid_token'))
        await test.deliver(8 * hour)
        expect(test.relay.delivers.get('main')!.circuit().state).toBe('disabled')
        test.ingest.answer(() => undefined)
        await test.admin('POST', '/destinations/main/enable')
      },
    ],
    [
      'a rate limit that is told for days',
      async (test) => {
        const body = refused(429, 'rate.limited', true).body
        test.ingest.answer(() => ({ status: 429, body, headers: { 'retry-after': '36000' } }))
        await test.deliver(8 * hour)
      },
    ],
    [
      'a rate limit of the items',
      async (test) => {
        const error = { code: 'rate.limited', message: 'later', status: 429, retryable: true }
        test.ingest.answer(({ ids }) => ({
          status: 200,
          body: { ok: true, data: { results: ids.map((id) => ({ id, status: 'failed', error })) } },
        }))
        await test.deliver(8 * hour)
      },
    ],
    [
      'a proxy that answers in its place',
      async (test) => {
        test.ingest.answer(() => ({ status: 403, body: '<title>Blocked</title>' }))
        await test.deliver(8 * hour)
        expect(test.relay.delivers.get('main')!.circuit()).toMatchObject({
          state: 'open',
          reason: 'status 403: not an answer of the ingest API: "Blocked"',
        })
      },
    ],
    ['a clock that jumps ahead, or a machine that sleeps', async (test) => test.clock.advance(80 * hour)],
    [
      'a clock that jumps there and back',
      async (test) => {
        test.clock.advance(80 * hour)
        await test.deliver()
        test.clock.advance(-80 * hour)
        await test.relay.store.recover({ longestWaitMs: 0 })
        await test.relay.delivers.get('main')!.clockSetBack()
      },
    ],
  ])('%s', async (_pause, pause) => {
    const test = await start()
    await publish(test)
    test.ingest.answer(() => down)
    await test.deliver(30 * second)
    await pause(test)
    await failsOnceMore(test)
  })

  test.each([
    ['stopped', true],
    ['killed', false],
  ])('a relay that was %s', async (_how, isClosed) => {
    const store = `sqlite:${createFolder()}/relay.db`
    const before = await start({ store })
    await publish(before)
    before.ingest.answer(() => down)
    await before.deliver(30 * second)
    if (isClosed) await before.relay.close()
    else await before.relay.store.close()
    before.clock.advance(80 * hour)
    const after = await start({ store, clock: before.clock })
    await failsOnceMore(after)
  })

  test('pauses again and again', async () => {
    const test = await start()
    await publish(test)
    for (let week = 0; week < 20; week += 1) {
      test.ingest.answer(() => down)
      await test.deliver(5 * minute)
      await test.admin('POST', '/destinations/main/disable')
      test.clock.advance(80 * hour)
      test.ingest.answer(() => undefined)
      expect((await countsOf(test)).dead).toBe(0)
      await test.relay.delivers.get('main')!.enable({ force: true })
    }
    await failsOnceMore(test)
  })

  test('an item that was held back by its own outcome', async () => {
    const test = await start()
    await publish(test)
    const error = { code: 'index.busy', message: 'later', retryable: true }
    const busy = (ids: readonly string[]) => ({
      status: 200,
      body: { ok: true, data: { results: ids.map((id) => ({ id, status: 'failed', error })) } },
    })
    test.ingest.answer(({ ids }) => busy(ids))
    await test.deliver(30 * second)
    await test.admin('POST', '/destinations/main/disable')
    test.clock.advance(80 * hour)
    await test.relay.delivers.get('main')!.enable({ force: true })
    let failures = 1
    test.ingest.answer(({ ids }) => (failures-- > 0 ? busy(ids) : undefined))
    await test.deliver(10 * minute)
    expect(await countsOf(test)).toMatchObject({ delivered: count, dead: 0 })
  })

  test('an item that nobody had tried before', async () => {
    const test = await start()
    await test.admin('POST', '/destinations/main/disable')
    await publish(test)
    test.clock.advance(80 * hour)
    await test.admin('POST', '/destinations/main/enable')
    await failsOnceMore(test)
  })
})

describe('what is tried in vain all the time', () => {
  test('dies after max_age, though there were pauses', async () => {
    const test = await start({ destination: { retry: { max_age: '6h' } } })
    await publish(test)
    test.ingest.answer(({ ids }) => (ids.length > 0 ? down : undefined))
    await test.deliver(4 * hour)
    await test.relay.delivers.get('main')!.disable('maintenance')
    test.clock.advance(80 * hour)
    await test.relay.delivers.get('main')!.enable({ force: true })
    await test.deliver(hour)
    expect(await countsOf(test)).toMatchObject({ dead: 0 })
    await test.deliver(3 * hour)
    expect((await countsOf(test)).dead).toBeGreaterThan(0)
  })

  test('starts anew with a newer change', async () => {
    const test = await start({ destination: { retry: { max_age: '6h' } } })
    test.ingest.answer(() => refused(409, 'validation.url_taken'))
    const save = async (html: string) => {
      await test.send('demo', { event: 'post.updated', type: 'post', id: 1, url: 'https://example.com/1', html })
      await test.map()
    }
    await save('<p>1</p>')
    await test.deliver(4 * hour)
    await save('<p>2</p>')
    await test.deliver(4 * hour)
    expect(await countsOf(test)).toMatchObject({ pending: 1, dead: 0 })
    await test.deliver(4 * hour)
    expect(await countsOf(test)).toMatchObject({ pending: 0, dead: 1 })
  })
})
