import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createSandbox } from '../../src/sandbox/sandbox.ts'
import { createFolder } from '../folder.ts'
import { refused, startScriptedIngest } from '../scripted-ingest.ts'
import { createClock, product, startRelay, token } from '../support.ts'

// A relay whose configuration changes between two starts on one database.

const clock = createClock()

function destination(baseUrl: string, over: Record<string, unknown> = {}) {
  return {
    token,
    website_id: 'site_1',
    site_domain: 'example.com',
    base_url: baseUrl,
    default_language: 'en',
    delivery: { timeout: '8s' },
    ...over,
  }
}

function shop(to: string | readonly string[], over: Record<string, unknown> = {}) {
  return {
    mapper: 'shopify',
    destination: to,
    secret: 'shop-webhook-secret',
    vars: { origin: 'https://example.com' },
    ...over,
  }
}

async function setUp() {
  const ingest = await startScriptedIngest(clock)
  const store = `sqlite:${join(createFolder(), 'relay.db')}`
  const start = async (destinations: Record<string, unknown>, sources: Record<string, unknown>) => {
    const relay = await startRelay({ baseUrl: ingest.baseUrl, clock, store, destinations, sources })
    await relay.relay.startStep()
    const stop = async () => {
      await relay.app.close()
      await relay.relay.close()
    }
    return { ...relay, stop }
  }
  const sent = () => ingest.calls.flatMap(({ ids }) => ids)
  return { ingest, start, sent, at: (over?: Record<string, unknown>) => destination(ingest.baseUrl, over) }
}

/** Two items delivered, one in a call that has failed, one pending, at a destination `old`. */
async function leaveBehind() {
  const made = await setUp()
  const before = await made.start({ old: made.at() }, { shop: shop('old') })
  for (const id of [1, 2]) await before.sendShop('products/update', product(id))
  await before.map()
  await before.deliver(2_000)
  made.ingest.answer(() => refused(503, 'busy', true))
  await before.sendShop('products/update', product(3))
  await before.map()
  await before.deliver(1_000)
  await before.sendShop('products/update', product(4))
  await before.map()
  await before.stop()
  made.ingest.answer(() => undefined)
  made.ingest.calls.length = 0
  return made
}

describe('a destination that has another name now', () => {
  test('is unconfigured, with a line at start, and within reach of the API', async () => {
    const { start, at } = await leaveBehind()
    const { admin, signals, relay } = await start({ main: at() }, { shop: shop('main') })
    expect(signals).toContainEqual(
      expect.objectContaining({
        kind: 'destination.unconfigured',
        destination: 'old',
        pending: 2,
        dead: 0,
        advice: expect.stringContaining('cms-relay move --from old'),
      }),
    )
    const { data } = (await admin('GET', '/destinations')).json()
    expect(data.map(({ name, state }: { name: string; state: string }) => [name, state])).toEqual([
      ['main', 'closed'],
      ['old', 'unconfigured'],
    ])
    expect((await admin('GET', '/destinations/old')).json().data).toMatchObject({
      state: 'unconfigured',
      counts: { pending: 2, delivered: 2 },
    })
    expect((await admin('POST', '/destinations/old/disable', { reason: 'gone' })).json().data).toMatchObject({
      state: 'unconfigured',
      circuit: { state: 'disabled', reason: 'gone' },
    })
    expect((await admin('POST', '/destinations/old/enable')).json().data).toMatchObject({
      state: 'unconfigured',
      circuit: { state: 'closed' },
      test: { result: 'unclear' },
    })
    expect((await admin('GET', '/items?destination=old&status=pending')).json().data).toHaveLength(2)
    expect((await admin('POST', '/items/redeliver', { destination: 'old' })).statusCode).toBe(202)
    expect((await admin('GET', '/destinations/never')).statusCode).toBe(404)
    expect((await relay.store.readStats()).destinations).toHaveLength(1)
  })

  test('its items move to the new one and are delivered there, once', async () => {
    const { start, at, sent } = await leaveBehind()
    const { admin, deliver, relay, map } = await start({ main: at() }, { shop: shop('main') })
    const dry = (
      await admin('POST', '/items/move', { from: 'old', to: 'main', status: 'delivered', dry_run: true })
    ).json().data
    expect(dry).toEqual({ dry_run: true, moved: 2, superseded: 0, mapped_again: 0, left: 0, busy: 0 })
    expect((await relay.store.readStats()).destinations).toMatchObject([
      { destination: 'old', pending: 2, delivered: 2 },
    ])
    const moved = await admin('POST', '/items/move', { from: 'old', to: 'main' })
    expect([moved.statusCode, moved.json().data]).toEqual([
      202,
      { dry_run: false, moved: 4, superseded: 0, mapped_again: 0, left: 0, busy: 0 },
    ])
    await map()
    await deliver(2_000)
    expect(sent().sort()).toEqual(['product:1', 'product:2', 'product:3', 'product:4'])
    const { data } = (await admin('GET', '/destinations')).json()
    expect(data).toMatchObject([{ name: 'main', state: 'closed', counts: { pending: 0, delivered: 4 } }])
    expect(data).toHaveLength(1)
  })

  test('where both know an item the newer version wins, tombstones too', async () => {
    const { ingest, start, at, sent } = await setUp()
    const versions = (destination: string) => ({
      demo: { mapper: 'generic', destination, verify: 'none', vars: { origin: 'https://example.com' } },
    })
    const item = (id: number, version: number, live = true) => ({
      event: live ? 'post.saved' : 'post.deleted',
      type: 'post',
      id,
      version,
      url: `/${id}`,
      title: `v${version}`,
      text: `v${version}`,
    })
    const first = await start({ old: at() }, versions('old'))
    for (const one of [item(1, 5), item(2, 5), item(3, 9, false), item(4, 3)]) await first.send('demo', one)
    await first.map()
    await first.stop()
    const second = await start({ main: at() }, versions('main'))
    for (const one of [item(1, 7), item(2, 2), item(3, 8)]) await second.send('demo', one)
    await second.map()
    await second.deliver(2_000)
    ingest.calls.length = 0
    const moved = (await second.admin('POST', '/items/move', { from: 'old', to: 'main' })).json().data
    expect(moved).toMatchObject({ moved: 3, superseded: 1 })
    await second.deliver(2_000)
    expect(sent().sort()).toEqual(['post:2', 'post:3', 'post:4'])
    const state = async (id: number) =>
      (await second.relay.store.getItems({ id: `post:${id}` })).map(({ destination, desiredKind, body }) => [
        destination,
        desiredKind,
        body && JSON.parse(body).title,
      ])
    expect(await state(1)).toEqual([['main', 'upsert', 'v7']])
    expect(await state(2)).toEqual([['main', 'upsert', 'v5']])
    expect(await state(3)).toEqual([['main', 'delete', null]])
    expect(await state(4)).toEqual([['main', 'upsert', 'v3']])
    // Older news does not undo what was moved.
    await second.send('demo', item(2, 4))
    await second.map()
    expect(await state(2)).toEqual([['main', 'upsert', 'v5']])
  })

  test('its items can be given up, and the alert ends', async () => {
    const { start, at } = await leaveBehind()
    const first = await start({ main: at() }, { shop: shop('main') })
    expect((await first.app.inject('/metrics')).body).toMatch(
      /^cms_relay_items\{destination="old",status="pending"\} 2$/m,
    )
    expect((await first.admin('POST', '/items/purge', { destination: 'main' })).json().data).toEqual({
      dry_run: false,
      purged: 0,
    })
    expect((await first.admin('POST', '/items/purge', { destination: 'old' })).json().data).toEqual({
      dry_run: false,
      purged: 2,
    })
    const metrics = (await first.app.inject('/metrics')).body
    expect(metrics).toMatch(/^cms_relay_items\{destination="old",status="pending"\} 0$/m)
    expect(metrics).toMatch(/^cms_relay_oldest_pending_seconds\{destination="old"\} 0$/m)
    expect(metrics).toMatch(/^cms_relay_batches_open\{destination="old"\} 0$/m)
    await first.stop()
    const again = await start({ main: at() }, { shop: shop('main') })
    expect(again.signals.filter(({ kind }) => kind === 'destination.unconfigured')).toEqual([])
  })

  test('moving needs two destinations, of which the second is configured', async () => {
    const { start, at } = await setUp()
    const { admin } = await start({ main: at() }, { shop: shop('main') })
    expect((await admin('POST', '/items/move', { from: 'old', to: 'nowhere' })).json().error).toMatchObject({
      code: 'invalid',
      message: expect.stringContaining("no destination 'nowhere' (there is main)"),
    })
    expect((await admin('POST', '/items/move', { from: 'main', to: 'main' })).statusCode).toBe(400)
    expect((await admin('POST', '/items/move', { to: 'main' })).statusCode).toBe(400)
  })

  test('items whose urls are on another host are mapped again, or stay with the reason', async () => {
    const { start, at, sent } = await leaveBehind()
    const elsewhere = at({ site_domain: 'example.org' })
    const sources = { shop: shop('main', { vars: { origin: 'https://example.org' } }) }
    const relay = await start({ main: elsewhere }, sources)
    await relay.relay.store.purgeEvents({ ids: ['evt_2'] }, 1)
    const moved = (await relay.admin('POST', '/items/move', { from: 'old', to: 'main' })).json().data
    expect(moved).toMatchObject({ moved: 0, mapped_again: 3, left: 1 })
    await relay.map()
    await relay.deliver(2_000)
    expect(sent().sort()).toEqual(['product:1', 'product:3', 'product:4'])
    const [item] = await relay.relay.store.getItems({ id: 'product:1' })
    expect(item).toMatchObject({
      destination: 'main',
      body: expect.stringContaining('https://example.org/products/product-1'),
    })
    expect(await relay.relay.store.getItems({ id: 'product:2' })).toMatchObject([{ destination: 'old' }])
  })
})

describe('a source that has another name now', () => {
  test('is unconfigured, and its events are failed, not pending for ever', async () => {
    const { start, at } = await setUp()
    const before = await start({ main: at() }, { shop: shop('main') })
    await before.sendShop('products/update', product(1))
    await before.stop()
    const after = await start({ main: at() }, { store: shop('main') })
    await after.map()
    const { data } = (await after.admin('GET', '/sources')).json()
    expect(data).toMatchObject([
      { name: 'store', state: 'active' },
      { name: 'shop', state: 'unconfigured', events: { pending: 0, waiting: 0, failed: 1 } },
    ])
    expect((await after.admin('GET', '/events?source=shop')).json().data).toMatchObject([
      { status: 'failed', error: "source removed: 'shop' is not configured any more" },
    ])
    await after.relay.startStep()
    expect(after.signals).toContainEqual(
      expect.objectContaining({ kind: 'source.unconfigured', source: 'shop', failed: 1 }),
    )
    expect((await after.admin('POST', '/events/purge', { source: 'shop' })).json().data).toMatchObject({ purged: 1 })
    expect((await after.admin('GET', '/sources')).json().data).toHaveLength(1)
  })
})

describe('a destination that is another one now', () => {
  const changes: readonly (readonly [setting: string, over: Record<string, unknown>])[] = [
    ['website_id', { website_id: 'site_2' }],
    ['connector_type', { connector_type: 'shop' }],
    ['base_url', {}],
  ]

  test.each(changes)('%s: what is known goes out anew, an open call too', async (setting, over) => {
    const { start, at, ingest, sent } = await leaveBehind()
    const other = setting === 'base_url' ? { base_url: ingest.baseUrl.replace('127.0.0.1', 'localhost') } : over
    const after = await start({ old: at(other) }, { shop: shop('old') })
    expect(after.signals).toContainEqual({
      kind: 'destination.retargeted',
      destination: 'old',
      changed: [setting],
      resent: 4,
      mappedAgain: 0,
      dead: 0,
    })
    await after.deliver(2_000)
    expect(sent().sort()).toEqual(['product:1', 'product:2', 'product:3', 'product:4'])
    await after.stop()
    ingest.calls.length = 0
    const again = await start({ old: at(other) }, { shop: shop('old') })
    await again.deliver(2_000)
    expect(sent()).toEqual([])
  })

  test('site_domain: items are mapped again while their events are kept, and the others say so', async () => {
    const { start, at, sent } = await leaveBehind()
    const aliased = await start({ old: at() }, { shop: shop('old') })
    await aliased.relay.store.purgeEvents({ ids: ['evt_2'] }, 1)
    await aliased.stop()
    const after = await start(
      { old: at({ site_domain: 'example.org' }) },
      { shop: shop('old', { vars: { origin: 'https://example.org' } }) },
    )
    expect(after.signals).toContainEqual({
      kind: 'destination.retargeted',
      destination: 'old',
      changed: ['site_domain'],
      resent: 0,
      mappedAgain: 3,
      dead: 1,
    })
    await after.map()
    await after.deliver(2_000)
    expect(sent().sort()).toEqual(['product:1', 'product:3', 'product:4'])
    const [left] = await after.relay.store.getItems({ id: 'product:2' })
    expect(left).toMatchObject({
      status: 'dead',
      error: expect.stringMatching(
        /its url is on 'example\.com', .*\(example\.org\), and its event is no longer kept: save it in the CMS again/,
      ),
    })
    const [mapped] = await after.relay.store.getItems({ id: 'product:1' })
    expect(mapped).toMatchObject({ status: 'delivered', body: expect.stringContaining('https://example.org/') })
  })

  test('a host that is an alias is the site as well', async () => {
    const { start, at, sent } = await leaveBehind()
    const after = await start(
      { old: at({ site_domain: 'www.example.com', aliases: ['example.com'] }) },
      { shop: shop('old') },
    )
    expect(after.signals).toContainEqual(
      expect.objectContaining({ kind: 'destination.retargeted', resent: 4, mappedAgain: 0, dead: 0 }),
    )
    await after.sendShop('products/update', product(5))
    await after.map()
    await after.deliver(2_000)
    expect(sent()).toContain('product:5')
  })
})

test('the sandbox takes urls on aliases of the site, and on no other host', async () => {
  const sandbox = createSandbox({
    token,
    websiteId: 'site_1',
    siteDomain: 'example.com',
    aliases: ['www.example.com'],
    now: clock.now,
  })
  const origin = await sandbox.app.listen({ host: '127.0.0.1', port: 0 })
  onTestFinished(() => sandbox.close())
  const everywhere = { aliases: ['www.example.com', 'shop.example.com'] }
  const sources = {
    demo: { mapper: 'generic', destination: 'main', verify: 'none', vars: { origin: 'https://example.com' } },
  }
  const destinations = { main: destination(`${origin}/v1/ingest`, everywhere) }
  const { send, map, deliver, relay } = await startRelay({ baseUrl: origin, clock, destinations, sources })
  for (const host of ['example.com', 'www.example.com', 'shop.example.com', 'example.net']) {
    await send('demo', {
      event: 'post.saved',
      type: 'post',
      id: host,
      version: 1,
      url: `https://${host}/a`,
      title: host,
      text: host,
    })
  }
  await map()
  await deliver(2_000)
  expect(
    sandbox
      .items()
      .map(({ id }) => id)
      .sort(),
  ).toEqual(['post:example.com', 'post:www.example.com'])
  expect(await relay.store.getItems({ id: 'post:shop.example.com' })).toMatchObject([
    { error: expect.stringContaining('host of url is shop.example.com') },
  ])
  const failed = await relay.store.listEvents({ status: 'failed' }, { limit: 9 })
  expect(failed.rows.map(({ error }) => error)).toEqual([
    expect.stringContaining(
      "host 'example.net' is not the destination's site_domain 'example.com', nor one of its aliases www.example.com, shop.example.com",
    ),
  ])
})
