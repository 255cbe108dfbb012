import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { EventDetail } from '../../src/store/contract/store.ts'
import { type CmsAnswer, type CmsRequest, type ScriptedCms, startScriptedCms } from '../cms-api/support.ts'
import { createFolder } from '../folder.ts'
import { folder } from '../mapping/support.ts'
import { type ScriptedIngest, startScriptedIngest } from '../scripted-ingest.ts'
import { type Clock, createClock, startRelay, type TestRelay } from '../support.ts'

const second = 1_000
const minute = 60 * second
const hour = 60 * minute
const apiToken = 'token-of-the-cms-api'

// A CMS whose webhooks say which stories have changed, and when.
const thin = `
name: thin
title: Thin
verify: { scheme: header, header: x-secret }
event: { topic: kind }
fetch:
  token: { header: authorization, prefix: 'Bearer ' }
records:
  - name: story
    match: $topic = "saved"
    each: stories
    fetch:
      url: '"/stories/" & id'
      at_least: changed
    type: post
    id: '"story:" & $ref.id'
    version: updated
    url: '"https://example.com/" & slug'
    text: text
`

interface Story {
  readonly id: number
  readonly changed?: string
}

interface Started extends TestRelay {
  readonly ingest: ScriptedIngest
  readonly cms: ScriptedCms
  /** A webhook about these stories, mapped as far as it goes. Answers the event's id. */
  saved(stories: readonly Story[], source?: string): Promise<string>
  event(id: string): Promise<EventDetail>
}

const story = (id: number, over: object = {}) => ({
  body: { id, slug: `s${id}`, text: `Text of ${id}`, updated: '2026-02-01T00:00:00Z', ...over },
})

const storyOf = ({ url }: CmsRequest) => story(Number(url.split('/').at(-1)))

interface Options {
  readonly script?: (request: CmsRequest) => CmsAnswer | Promise<CmsAnswer>
  readonly fetch?: Record<string, unknown>
  readonly sources?: (source: object) => Record<string, unknown>
  readonly store?: string
  readonly clock?: Clock
  readonly cms?: ScriptedCms
  readonly random?: () => number
}

async function start({ script = storyOf, fetch = {}, sources, store, clock = createClock(), ...rest }: Options = {}) {
  const ingest = await startScriptedIngest(clock)
  const cms = rest.cms ?? (await startScriptedCms(script))
  const source = {
    mapper: 'thin',
    destination: 'main',
    secret: 'secret-of-the-webhooks',
    fetch: { base_url: `${cms.origin}/api`, token: apiToken, allow_private: true, timeout: '2s', ...fetch },
  }
  const relay = await startRelay({
    baseUrl: ingest.baseUrl,
    clock,
    mappersDir: folder({ 'thin.yaml': thin }),
    sources: sources?.(source) ?? { blog: source },
    random: rest.random ?? (() => 0.999),
    ...(store !== undefined && { store }),
  })
  const started: Started = {
    ...relay,
    ingest,
    cms,
    async saved(stories, name = 'blog') {
      const answer = await relay.send(name, { kind: 'saved', stories }, { 'x-secret': 'secret-of-the-webhooks' })
      expect(answer.statusCode).toBe(202)
      await relay.map()
      return answer.json().data.event_id
    },
    async event(id) {
      return (await relay.relay.store.getEvent(id))!
    },
  }
  return started
}

describe('an event whose records are at the CMS', () => {
  test('waits, is fetched, mapped and delivered', async () => {
    const test = await start()
    const id = await test.saved([{ id: 1 }, { id: 2 }])
    expect(await test.event(id)).toMatchObject({ status: 'waiting', dueAt: test.clock.now(), fetches: [] })
    expect(await test.fetch()).toBe(1)
    expect(await test.event(id)).toMatchObject({ status: 'processed', error: null, dueAt: null })
    await test.deliver(5 * second)
    expect(test.ingest.calls.map(({ ids }) => ids)).toEqual([['story:1', 'story:2']])
    expect(test.cms.requests.map(({ url, headers }) => [url, headers.authorization])).toEqual([
      ['/api/stories/1', `Bearer ${apiToken}`],
      ['/api/stories/2', `Bearer ${apiToken}`],
    ])
  })

  test('tells in the admin API, the log and the metrics what was asked, and no credential', async () => {
    const test = await start({ script: (request) => (request.url.endsWith('2') ? { status: 404 } : storyOf(request)) })
    const id = await test.saved([{ id: 1 }, { id: 2 }])
    await test.fetch()
    const shown = (await test.admin('GET', `/events/${id}`)).json().data
    expect(shown.fetches).toMatchObject([
      { method: 'GET', url: '/stories/2', status: 404, outcome: 'gone', error: null, at: '2026-03-01T12:00:00.000Z' },
      { method: 'GET', url: '/stories/1', status: 200, outcome: 'found', error: null },
    ])
    const line = test.lines.map((text) => JSON.parse(text)).find(({ msg }) => msg === 'event.fetched')
    expect(line).toMatchObject({
      event_id: id,
      source: 'blog',
      attempt: 1,
      requests: 2,
      outcomes: { found: 1, gone: 1 },
      status: 'processed',
    })
    const metrics = (await test.app.inject({ url: '/metrics' })).body
    expect(metrics).toContain('cms_relay_fetches_total{source="blog",outcome="found"} 1')
    expect(metrics).toContain('cms_relay_fetches_total{source="blog",outcome="gone"} 1')
    expect(metrics).toContain('cms_relay_events_waiting 0')
    expect(JSON.stringify([shown, test.lines, test.signals])).not.toContain(apiToken)
  })

  test('that is gone is taken away', async () => {
    const test = await start()
    await test.saved([{ id: 1 }])
    await test.fetch()
    await test.deliver(5 * second)
    test.cms.answer(() => ({ status: 410 }))
    await test.saved([{ id: 1 }])
    await test.fetch()
    await test.deliver()
    expect(test.ingest.calls.at(-1)).toMatchObject({ path: '/v1/ingest/delete', ids: ['story:1'] })
  })
})

describe('an API that fails', () => {
  test('is asked again with backoff and full jitter, and the event says why it waits', async () => {
    const test = await start({ script: () => ({ status: 503 }), random: () => 0.5 })
    const id = await test.saved([{ id: 1 }])
    const waits: number[] = []
    for (let attempt = 1; attempt <= 12; attempt += 1) {
      expect(await test.fetch()).toBe(1)
      const { dueAt, status, error } = await test.event(id)
      expect({ status, error }).toEqual({ status: 'waiting', error: 'GET /stories/1: the API answered 503' })
      waits.push(dueAt! - test.clock.now())
      test.clock.advance(waits.at(-1)! - 1)
      expect(await test.fetch()).toBe(0)
      test.clock.advance(1)
    }
    expect(waits).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 128_000, 150_000, 150_000, 150_000])
    test.cms.answer(storyOf)
    await test.fetch()
    expect((await test.event(id)).status).toBe('processed')
  })

  test.each([
    ['seconds', '90'],
    ['a date', 'Sun, 01 Mar 2026 12:01:30 GMT'],
  ])('and says when in %s is left alone until then, with every other event of the source', async (_what, value) => {
    const date = 'Sun, 01 Mar 2026 12:00:00 GMT'
    const test = await start({ script: () => ({ status: 429, headers: { 'retry-after': value, date } }) })
    const id = await test.saved([{ id: 1 }])
    await test.saved([{ id: 2 }])
    await test.fetch()
    expect((await test.event(id)).dueAt).toBe(test.clock.now() + 90 * second)
    expect(test.cms.requests).toHaveLength(1)
    test.clock.advance(90 * second - 1)
    expect(await test.fetch()).toBe(0)
    test.clock.advance(1)
    test.cms.answer(storyOf)
    expect(await test.fetch()).toBe(2)
  })

  test('and asks to be left alone is asked after a clock that was set back all the same', async () => {
    const test = await start({ script: () => ({ status: 429, headers: { 'retry-after': '90' } }) })
    await test.saved([{ id: 1 }])
    await test.fetch()
    test.clock.advance(-60 * second)
    test.cms.answer(storyOf)
    await test.saved([{ id: 2 }])
    expect(await test.fetch()).toBe(0)
    test.relay.fetches.get('blog')!.clockSetBack()
    expect(await test.fetch()).toBe(1)
  })

  test.each([
    ['is no JSON', { body: '<html>Down for maintenance</html>' }, 'not_json', /the answer is no JSON/],
    [
      'refuses the credentials',
      { status: 401 },
      'unauthorized',
      /credentials \(401\): check sources\.blog\.fetch\.token/,
    ],
    ['forbids', { status: 403 }, 'unauthorized', /credentials \(403\): check sources\.blog\.fetch\.token/],
    ['hangs up', (response: { destroy(): void }) => response.destroy(), 'no_answer', /GET \/stories\/1: /],
  ])(
    'because it %s makes the event fail after max_age, and a replay mends it',
    async (_what, answer, outcome, error) => {
      const test = await start({ script: () => answer as CmsAnswer, fetch: { max_age: '1h' } })
      const id = await test.saved([{ id: 1 }])
      await test.fetch()
      expect(await test.event(id)).toMatchObject({ status: 'waiting', error: expect.stringMatching(error) })
      await test.fetch(2 * hour)
      expect(await test.event(id)).toMatchObject({ status: 'failed', error: expect.stringMatching(error), dueAt: null })
      expect((await test.event(id)).fetches[0]).toMatchObject({ outcome })
      test.cms.answer(storyOf)
      await test.admin('POST', `/events/${id}/replay`)
      await test.map()
      await test.fetch()
      expect((await test.event(id)).status).toBe('processed')
    },
  )

  test.each([
    ['a request that it does not understand', { status: 400 }, 'rejected'],
    ['a redirect to another host', { status: 302, headers: { location: 'https://evil.test/' } }, 'refused'],
    ['an answer that is too large', { body: 'x'.repeat(3_000) }, 'too_large'],
  ])('on %s makes the event fail at once', async (_what, answer, outcome) => {
    const test = await start({ script: () => answer, fetch: { max_bytes: '2kb' } })
    const id = await test.saved([{ id: 1 }])
    await test.fetch()
    expect(await test.event(id)).toMatchObject({ status: 'failed', fetches: [{ outcome }] })
    expect(test.cms.requests).toHaveLength(1)
  })

  test('for one record lets the others go: at once, and unchanged the next time', async () => {
    const test = await start({ script: (request) => (request.url.endsWith('2') ? { status: 500 } : storyOf(request)) })
    const id = await test.saved([{ id: 1 }, { id: 2 }, { id: 3 }])
    await test.fetch()
    await test.deliver(5 * second)
    expect(test.ingest.calls.map(({ ids }) => ids)).toEqual([['story:1', 'story:3']])
    await test.fetch(25 * hour)
    expect(await test.event(id)).toMatchObject({
      status: 'failed',
      error: expect.stringMatching(
        /^mapper 'thin', record 'story', element 1: fetch: GET \/stories\/2: the API answered 500$/,
      ),
    })
    await test.deliver(5 * second)
    expect(test.ingest.calls).toHaveLength(1)
  })
})

describe('promise 13: waiting is not ageing: an event does not fail of the first failure after', () => {
  test.each<[string, (test: Awaited<ReturnType<typeof start>>) => Promise<unknown>]>([
    ['a relay that was off, or a clock that jumps', async (test) => test.clock.advance(80 * hour)],
    [
      'a rate limit that is told for days',
      async (test) => {
        test.cms.answer(() => ({ status: 429, headers: { 'retry-after': '3600' } }))
        await test.fetch(7 * hour)
      },
    ],
  ])('%s', async (_pause, pause) => {
    const test = await start({ script: () => ({ status: 503 }), fetch: { max_age: '6h' } })
    const id = await test.saved([{ id: 1 }])
    await test.fetch(minute)
    await pause(test)
    test.cms.answer(() => ({ status: 503 }))
    await test.fetch(10 * minute)
    expect((await test.event(id)).status).toBe('waiting')
    test.cms.answer(storyOf)
    await test.fetch(10 * minute)
    expect((await test.event(id)).status).toBe('processed')
  })
})

describe('an answer that is older than the webhook', () => {
  const changed = '2026-02-01T00:00:01Z'

  test('is not taken until it is as new', async () => {
    const test = await start()
    const id = await test.saved([{ id: 1, changed }])
    await test.fetch()
    expect(await test.event(id)).toMatchObject({
      status: 'waiting',
      error: expect.stringContaining('the webhook tells of'),
    })
    await test.deliver(5 * second)
    expect(test.ingest.calls).toEqual([])
    test.cms.answer(() => story(1, { updated: changed }))
    await test.fetch()
    expect((await test.event(id)).status).toBe('processed')
  })

  test('is sent after max_lag all the same, and the event fails aloud', async () => {
    const test = await start({ fetch: { max_lag: '1m' } })
    const id = await test.saved([{ id: 1, changed }])
    await test.fetch()
    await test.fetch(2 * minute)
    expect(await test.event(id)).toMatchObject({
      status: 'failed',
      error: expect.stringContaining('the webhook tells of'),
    })
    await test.deliver(5 * second)
    expect(test.ingest.calls.map(({ ids }) => ids)).toEqual([['story:1']])
  })

  test('or a 404 for what the webhook says is there, is believed after max_lag', async () => {
    const test = await start({ script: () => ({ status: 404 }), fetch: { max_lag: '1m' } })
    const id = await test.saved([{ id: 1, changed }])
    await test.fetch()
    expect((await test.event(id)).status).toBe('waiting')
    await test.fetch(2 * minute)
    expect(await test.event(id)).toMatchObject({ status: 'processed', error: null })
    await test.deliver()
    expect(test.ingest.calls).toMatchObject([{ path: '/v1/ingest/delete', ids: ['story:1'] }])
  })
})

describe('nobody is held up', () => {
  test('by a source whose API hangs: not mapping, and no other source', async () => {
    const hung = Promise.withResolvers<void>()
    const slow = await startScriptedCms(() => () => hung.resolve())
    const test = await start({
      sources: (source) => ({
        blog: source,
        slow: { ...source, fetch: { base_url: slow.origin, token: apiToken, allow_private: true, timeout: '30s' } },
      }),
    })
    const cut = new AbortController()
    const stuck = await test.saved([{ id: 1 }], 'slow')
    const slowStage = test.relay.fetches.get('slow')!
    const hanging = slowStage.step(slowStage.workers[0]!, cut.signal)
    await hung.promise
    const id = await test.saved([{ id: 2 }])
    const { step, workers } = test.relay.fetches.get('blog')!
    expect(await step(workers[0]!, cut.signal)).toBe(true)
    expect(await test.event(id)).toMatchObject({ status: 'processed' })
    expect(await test.event(stuck)).toMatchObject({ status: 'waiting' })
    cut.abort()
    expect(await hanging).toBe(false)
    expect(await test.event(stuck)).toMatchObject({ status: 'waiting', error: null })
  })

  test('by an event whose request hangs: the next one has another worker', async () => {
    const hung = Promise.withResolvers<void>()
    const test = await start({
      script: (request) => (request.url.endsWith('1') ? () => hung.resolve() : storyOf(request)),
    })
    await test.saved([{ id: 1 }])
    const second = await test.saved([{ id: 2 }])
    const { step, workers } = test.relay.fetches.get('blog')!
    const cut = new AbortController()
    const hanging = step(workers[0]!, cut.signal)
    await hung.promise
    expect(await step(workers[1]!, cut.signal)).toBe(true)
    expect((await test.event(second)).status).toBe('processed')
    expect(await step(workers[1]!, cut.signal)).toBe(false)
    cut.abort()
    await hanging
  })

  test('and no more requests are under way at once than the source may have', async () => {
    let under = 0
    let most = 0
    const crowd = Promise.withResolvers<void>()
    const test = await start({
      fetch: { concurrency: 3 },
      script: async (request) => {
        under += 1
        most = Math.max(most, under)
        if (under === 3) crowd.resolve()
        await crowd.promise
        await new Promise((resolve) => setImmediate(resolve))
        under -= 1
        return storyOf(request)
      },
    })
    const { workers, step } = test.relay.fetches.get('blog')!
    expect(workers).toHaveLength(3)
    const ids = Array.from({ length: 20 }, (_, index) => ({ id: index + 1 }))
    for (let event = 0; event < 3; event += 1) await test.saved(ids)
    const never = new AbortController().signal
    await Promise.all(workers.map((worker) => step(worker, never)))
    expect(test.cms.requests).toHaveLength(60)
    expect(most).toBe(3)
  })
})

test('the time of a request starts when its turn comes', async () => {
  const test = await start({
    fetch: { concurrency: 1, timeout: '700ms' },
    script: (request) => (response) => {
      setTimeout(() => response.end(JSON.stringify(storyOf(request).body)), 300)
    },
  })
  const id = await test.saved([{ id: 1 }, { id: 2 }, { id: 3 }, { id: 4 }])
  await test.fetch()
  expect(await test.event(id)).toMatchObject({ status: 'processed', error: null })
})

describe('a relay that dies', () => {
  test('between an answer and its settlement asks again after its start', async () => {
    const path = createFolder()
    const clock = createClock()
    const cms = await startScriptedCms(storyOf)
    const options = { store: `sqlite:${join(path, 'relay.db')}`, clock, cms }
    const before = await start(options)
    const id = await before.saved([{ id: 1 }])
    const claim = { owner: 'one that dies', source: 'blog', leaseMs: hour }
    expect(await before.relay.store.claimWaiting(claim)).toMatchObject({ id, attempts: 0 })
    expect(await before.fetch()).toBe(0)
    await before.relay.close()
    const after = await start(options)
    expect(await after.fetch()).toBe(1)
    expect((await after.event(id)).status).toBe('processed')
  })

  test('and comes back without the source does not leave its events waiting', async () => {
    const path = createFolder()
    const store = `sqlite:${join(path, 'relay.db')}`
    const before = await start({ store })
    const id = await before.saved([{ id: 1 }])
    await before.relay.close()
    const after = await start({ store, sources: (source) => ({ other: source }) })
    await after.map()
    expect(await after.event(id)).toMatchObject({
      status: 'failed',
      error: "source removed: 'blog' is not configured any more",
    })
  })
})

test('a waiting event can be replayed: it is asked for at once, and who was asking settles nothing', async () => {
  const answer = Promise.withResolvers<CmsAnswer>()
  const asked = Promise.withResolvers<void>()
  const test = await start({
    script: () => {
      asked.resolve()
      return answer.promise
    },
  })
  const id = await test.saved([{ id: 1 }])
  const { step, workers } = test.relay.fetches.get('blog')!
  const never = new AbortController().signal
  const asking = step(workers[0]!, never)
  await asked.promise
  expect((await test.admin('POST', `/events/${id}/replay`)).statusCode).toBe(202)
  answer.resolve(story(1))
  await asking
  expect(await test.event(id)).toMatchObject({ status: 'pending', replays: 1, fetches: [] })
  test.cms.answer(storyOf)
  await test.map()
  await test.fetch()
  expect((await test.event(id)).status).toBe('processed')
})

test('an event that asks for too much fails and says so', async () => {
  const test = await start()
  const id = await test.saved(Array.from({ length: 501 }, (_, index) => ({ id: index + 1 })))
  await test.fetch()
  expect(test.cms.requests).toHaveLength(500)
  expect(await test.event(id)).toMatchObject({
    status: 'failed',
    error: expect.stringContaining('may ask for 500 answers'),
  })
  expect((await test.event(id)).fetches).toHaveLength(100)
})

test('the loops of a running relay do all of it', async () => {
  const test = await start()
  test.relay.start()
  const answer = await test.send(
    'blog',
    { kind: 'saved', stories: [{ id: 1 }] },
    { 'x-secret': 'secret-of-the-webhooks' },
  )
  const id = answer.json().data.event_id
  await expect.poll(async () => (await test.event(id)).status, { timeout: 5_000 }).toBe('processed')
})

test('what waits for the CMS of a source that a reload removes fails, and says why', async () => {
  const test = await start({ script: () => ({ status: 503, body: '' }) })
  const id = await test.saved([{ id: 1 }])
  await test.fetch()
  expect(await test.event(id)).toMatchObject({ status: 'waiting' })
  await test.reload((document) => ({ ...document, sources: {} }))
  expect(test.relay.fetches.size).toBe(0)
  await test.relay.registryStep()
  await test.map()
  expect(await test.event(id)).toMatchObject({
    status: 'failed',
    error: "source removed: 'blog' is not configured any more",
  })
})
