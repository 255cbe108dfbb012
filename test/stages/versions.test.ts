import { createHmac } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { createClock, product, startRelay, startSandbox } from '../support.ts'

// Versions that lie ahead and what an operator does about an item, from the webhook to the ingest API.

const blogSecret = 'a-secret-of-the-blog'
const minute = 60_000
const second = 1_000

async function started(source: Record<string, unknown> = {}) {
  const clock = createClock()
  const sandbox = await startSandbox(clock)
  const origin = { vars: { origin: 'https://example.com' } }
  const sources = {
    demo: { mapper: 'generic', destination: 'main', verify: 'none', ...origin, ...source },
    blog: { mapper: 'wordpress', destination: 'main', verify: 'none' },
    signed: { mapper: 'wordpress', destination: 'main', secret: blogSecret },
    shop: { mapper: 'shopify', destination: 'main', verify: 'none', ...origin },
  }
  const one = await startRelay({ baseUrl: sandbox.baseUrl, clock, sources })
  const iso = (ms = 0) => new Date(clock.now() + ms).toISOString()
  /** Sends a webhook, and lets all come of it that does. */
  const settle = async (name: string, body: unknown, headers = {}) => {
    expect((await one.send(name, body, headers)).statusCode).toBe(202)
    await one.map()
    await one.deliver(30 * second)
  }
  const post = (version: unknown, more: Record<string, unknown> = {}) =>
    settle('demo', { event: 'post.updated', type: 'post', id: 7, url: '/p/7', text: 'a', version, ...more })
  const idsThere = () => sandbox.items().map(({ id }) => id)
  return { ...one, clock, sandbox, iso, settle, post, idsThere }
}

describe('a version that lies ahead', () => {
  test.each([
    ['a time', '2099-01-01T00:00:00Z'],
    ['unix seconds', 4_070_908_800],
    ['unix milliseconds, as text', '4070908800000'],
    ['the last day there is', '9999-12-31T23:59:59-12:00'],
  ])('freezes nothing, and is told: %s', async (_what, version) => {
    const { clock, post, idsThere, signals, iso } = await started()
    await post(version)
    expect(idsThere()).toEqual(['post:7'])
    const now = { time: iso(), 'unix seconds': clock.now() / 1_000, ms: clock.now() }
    await post(typeof version === 'number' ? now['unix seconds'] : version.includes('-') ? now.time : now.ms, {
      status: 'private',
    })
    expect(idsThere()).toEqual([])
    expect(signals.find(({ kind }) => kind === 'item.version_ahead')).toMatchObject({
      source: 'demo',
      eventId: 'evt_1',
      destination: 'main',
      type: 'post',
      id: 'post:7',
      count: 1,
    })
    expect(signals.filter(({ kind }) => kind === 'item.removal_stale')).toEqual([])
  })

  test('counts as the receipt of its event, also when that is replayed', async () => {
    const { clock, post, admin, map, deliver, idsThere } = await started()
    const received = new Date(clock.now()).toISOString()
    await post('2099-01-01T00:00:00Z')
    const version = async () => (await admin('GET', '/items/post:7')).json().data.version as string
    expect(await version()).toContain(received.slice(0, -1))
    clock.advance(60 * minute)
    await admin('POST', '/events/evt_1/replay')
    await map()
    expect(await version()).toContain(received.slice(0, -1))
    await post(new Date(clock.now()).toISOString(), { status: 'draft' })
    await admin('POST', '/events/evt_1/replay')
    await map()
    await deliver()
    expect(idsThere()).toEqual([])
  })

  test('within `max_clock_lead` of its source is believed', async () => {
    const { post, iso, idsThere, signals } = await started({ max_clock_lead: '1h' })
    await post(iso(50 * minute))
    await post(iso(40 * minute), { status: 'private' })
    expect(idsThere()).toEqual(['post:7'])
    expect(signals.filter(({ kind }) => kind === 'item.version_ahead')).toEqual([])
    expect(signals.find(({ kind }) => kind === 'item.removal_stale')).toMatchObject({ source: 'demo', id: 'post:7' })
  })

  test('of which there are many makes one signal a minute, with their number, and all are counted', async () => {
    const { send, map, signals, app, clock } = await started()
    const ahead = () => signals.filter((signal) => signal.kind === 'item.version_ahead')
    const items = (count: number) =>
      Array.from({ length: count }, (_, id) => ({
        type: 'post',
        id,
        url: `/p/${id}`,
        text: 'a',
        version: '2099-01-01',
      }))
    for (const count of [3, 2, 4]) await send('demo', items(count))
    await map()
    expect(ahead()).toMatchObject([{ count: 3 }])
    clock.advance(minute)
    await send('demo', items(1))
    await map()
    expect(ahead()).toMatchObject([{ count: 3 }, { count: 7 }])
    const { body } = await app.inject('/metrics')
    expect(body).toContain('cms_relay_versions_ahead_total{source="demo"} 10')
  })

  test('in a header of Shopify keeps no removal away', async () => {
    const { settle, idsThere } = await started()
    const topic = (name: string) => ({ 'x-shopify-topic': name })
    await settle('shop', product(1), {
      ...topic('products/update'),
      'x-shopify-triggered-at': '9999-12-31T23:59:59Z',
    })
    expect(idsThere()).toEqual(['product:1'])
    await settle('shop', { id: 1 }, topic('products/delete'))
    expect(idsThere()).toEqual([])
  })

  test.each([50 * second, 4 * minute, 10 * 365 * 24 * 60 * minute])(
    'as the date of a WordPress post, %d ms on, is none: made private two seconds later it goes',
    async (ahead) => {
      const { clock, settle, idsThere } = await started()
      const gmt = (ms: number) => new Date(clock.now() + ms).toISOString().slice(0, 19)
      const post = (status: string, dateGmt: string) => ({
        id: 5,
        type: 'post',
        status,
        link: 'https://example.com/hello/',
        date_gmt: dateGmt,
        modified_gmt: gmt(0),
        title: { rendered: 'Hello' },
        content: { rendered: '<p>Hello</p>', protected: false },
      })
      const date = gmt(ahead)
      await settle('blog', post('publish', date), { 'x-wp-webhook-name': 'post_update' })
      expect(idsThere()).toEqual(['post:5'])
      clock.advance(2 * second)
      await settle('blog', post('private', date), { 'x-wp-webhook-name': 'post_update' })
      expect(idsThere()).toEqual([])
    },
  )
})

test.each(['blog', 'signed'])(
  'a scheduled WordPress post keeps its version when it is published, and goes out: source %s',
  async (name) => {
    const { settle, idsThere, admin, map, deliver, clock } = await started()
    const send = (status: string, modified = '2026-02-28T10:00:00') => {
      const body = JSON.stringify({
        id: 5,
        type: 'post',
        status,
        link: 'https://example.com/hello/',
        date_gmt: '2026-03-01T12:01:00',
        modified_gmt: modified,
        title: { rendered: 'Hello' },
        content: { rendered: '<p>Hello</p>', protected: false },
      })
      const signature = createHmac('sha256', blogSecret).update(body).digest('base64')
      return settle(name, body, { 'x-wp-webhook-name': 'post_update', 'x-wp-webhook-signature': signature })
    }
    await send('draft', '2026-02-28T09:00:00')
    await send('future')
    expect(idsThere()).toEqual([])
    clock.advance(minute)
    await send('publish')
    expect(idsThere()).toEqual(['post:5'])
    await admin('POST', '/events/evt_2/replay') // what was scheduled before does not take it away
    await map()
    await deliver(minute)
    expect(idsThere()).toEqual(['post:5'])
    await send('private', '2026-02-28T10:00:00')
    expect(idsThere()).toEqual([])
  },
)

describe('an operator', () => {
  test('takes an item away, and the next newer change brings it back', async () => {
    const { post, iso, admin, deliver, map, idsThere } = await started()
    await post(iso())
    const removed = await admin('POST', '/items/post:7/remove')
    expect([removed.statusCode, removed.json().data]).toEqual([
      202,
      { removed: [{ destination: 'main', type: 'post', id: 'post:7' }], hold: false },
    ])
    await deliver()
    expect(idsThere()).toEqual([])
    expect((await admin('GET', '/items/post:7')).json().data).toMatchObject({
      removed: true,
      held: false,
      event_id: null,
    })
    await admin('POST', '/events/evt_1/replay')
    await map()
    await deliver(minute)
    expect(idsThere()).toEqual([])
    await post(iso())
    expect(idsThere()).toEqual(['post:7'])
  })

  test('holds it away, whatever comes, until it is released', async () => {
    const { post, iso, admin, deliver, clock, idsThere, signals, app } = await started()
    await post(iso(), { text: 'first' })
    await admin('POST', '/items/post:7/remove', { hold: true })
    await deliver()
    clock.advance(minute)
    await post(iso(), { text: 'second' })
    expect(idsThere()).toEqual([])
    expect(signals.findLast(({ kind }) => kind === 'event.mapped')).toMatchObject({ status: 'processed', held: 1 })
    expect((await admin('GET', '/items?held=true')).json().data).toMatchObject([{ id: 'post:7', held: true }])
    expect((await admin('GET', '/items?held=false')).json().data).toEqual([])
    expect((await admin('GET', '/items/post:7')).json().data.noted).toMatchObject({ kind: 'upsert', event_id: 'evt_2' })
    expect((await admin('GET', '/destinations/main')).json().data.counts).toMatchObject({ held: 1 })
    expect((await app.inject('/metrics')).body).toContain('cms_relay_items_held{destination="main"} 1')

    const released = await admin('POST', '/items/post:7/release')
    expect([released.statusCode, released.json().data]).toEqual([
      202,
      { released: [{ destination: 'main', type: 'post', id: 'post:7', desired_kind: 'upsert', changed: true }] },
    ])
    await deliver()
    expect(idsThere()).toEqual(['post:7'])
    expect((await admin('POST', '/items/post:7/release')).statusCode).toBe(404)
  })

  test('has a version forgotten, so that the next change is believed', async () => {
    const { post, admin, map, deliver, idsThere, signals } = await started()
    await post(9_000_000_000_000_000)
    await post(8, { status: 'private' })
    expect(idsThere()).toEqual(['post:7'])
    expect(signals.find(({ kind }) => kind === 'item.removal_stale')).toMatchObject({
      eventId: 'evt_2',
      version: '8',
      known: '9000000000000000',
      count: 1,
    })
    const preview = async () => (await admin('POST', '/events/evt_2/preview')).json().data.changes[0].result
    expect(await preview()).toBe('stale')
    const reset = await admin('POST', '/items/post:7/redeliver', { reset_version: true })
    expect([reset.statusCode, reset.json().data]).toEqual([
      202,
      { destination: 'main', type: 'post', id: 'post:7', status: 'pending', reset_version: true },
    ])
    expect(await preview()).toBe('changed')
    await admin('POST', '/events/evt_2/replay')
    await map()
    await deliver(minute)
    expect(idsThere()).toEqual([])
  })

  test('has the versions of many forgotten, but never of all by accident', async () => {
    const { post, admin } = await started()
    await post(99)
    expect((await admin('POST', '/items/redeliver', { reset_version: true })).statusCode).toBe(400)
    const bulk = async (more: object) =>
      (await admin('POST', '/items/redeliver', { source: 'demo', ...more })).json().data
    expect(await bulk({ reset_version: true, dry_run: true })).toEqual({ dry_run: true, redelivered: 1, matching: 1 })
    expect(await bulk({ reset_version: true })).toEqual({ dry_run: false, redelivered: 1 })
    expect((await admin('GET', '/items/post:7')).json().data.version).toBeNull()
  })

  test('takes away what the relay has never heard of, where its type is named', async () => {
    const { admin, deliver, sandbox, map } = await started()
    const remove = (query: string) => admin('POST', `/items/post:8/remove${query}`)
    expect((await remove('')).json().error).toMatchObject({
      code: 'not_found',
      message: expect.stringContaining('name its type'),
    })
    expect((await remove('?type=any')).statusCode).toBe(404)
    expect((await remove('?type=article')).json().error.message).toContain("'article' is no item type")
    expect((await remove('?type=post&destination=other')).json().error.message).toContain('there is main')
    expect((await remove('?type=post')).statusCode).toBe(202)
    await map()
    await deliver()
    expect(sandbox.calls().at(-1)).toMatchObject({ path: expect.stringContaining('/delete') })
  })

  test('is asked which of several items of one id is meant', async () => {
    const { admin, relay } = await started()
    for (const type of ['post', 'page']) {
      await relay.store.removeItem({ destination: 'main', type, id: 'x:1', hold: true })
    }
    for (const act of ['remove', 'release']) {
      const answer = (await admin('POST', `/items/x:1/${act}`)).json()
      expect(answer.error).toMatchObject({
        code: 'conflict',
        message: expect.stringContaining('page at main, post at main'),
      })
      expect(answer.error.details.choices).toHaveLength(2)
    }
    expect((await admin('POST', '/items/x:1/remove?type=page')).json().data.removed).toHaveLength(1)
    expect((await admin('POST', '/items/x:1/remove?type=any')).json().data.removed).toHaveLength(2)
    expect((await admin('POST', '/items/x:1/release?type=any')).json().data.released).toHaveLength(2)
    expect((await admin('POST', '/items/x:1/remove', { hold: 'yes' })).statusCode).toBe(400)
  })
})
