import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { startScriptedCms } from '../cms-api/support.ts'
import { createFolder } from '../folder.ts'
import {
  createClock,
  type Document,
  product,
  shopSecret,
  startRelay,
  startSandbox,
  type TestRelay,
  token,
} from '../support.ts'

const never = new AbortController().signal

/** The document with one setting replaced; undefined takes it away. */
function over(document: Document, path: string, value: unknown): Document {
  const [first = '', ...rest] = path.split('.')
  const before = (document as Record<string, unknown>)[first]
  const { [first]: _, ...others } = document as Record<string, unknown>
  if (rest.length === 0 && value === undefined) return others as unknown as Document
  const inner = rest.length === 0 ? value : over((before ?? {}) as Document, rest.join('.'), value)
  return { ...others, [first]: inner } as unknown as Document
}

const set = (path: string, value: unknown) => (document: Document) => over(document, path, value)

async function start(): Promise<TestRelay & { readonly held: () => readonly unknown[] }> {
  const clock = createClock()
  const sandbox = await startSandbox(clock)
  const test = await startRelay({ baseUrl: sandbox.baseUrl, clock })
  return { ...test, held: () => [...sandbox.items()] }
}

const changesOf = ({ plan }: { plan: readonly { act: string; unit: string; name: string; why: string }[] }) =>
  plan.filter(({ act }) => act !== 'keep').map(({ act, unit, name, why }) => `${act} ${unit} ${name}: ${why}`)

describe('promise 14: changing the configuration refuses nothing', () => {
  test('nothing changed is nothing done: every unit stays the one that it is', async () => {
    const { relay, reload } = await start()
    const [source, deliver] = [relay.sources.get('shop'), relay.delivers.get('main')]
    const result = await reload((document) => document)
    expect(changesOf(result)).toEqual([])
    expect(result).toMatchObject({ applied: true, issues: [], needs_restart: [], warnings: [] })
    expect(relay.sources.get('shop')).toBe(source)
    expect(relay.delivers.get('main')).toBe(deliver)
  })

  test('a rotated secret counts at once, and the one before it no more', async () => {
    const { sendShop, reload } = await start()
    expect((await sendShop('products/create', product(1))).statusCode).toBe(202)
    const both = await reload(set('sources.shop.secret', [shopSecret, 'another-shop-secret']))
    expect(changesOf(both)).toEqual(['replace source shop: other secret'])
    expect((await sendShop('products/create', product(2))).statusCode).toBe(202)
    await reload(set('sources.shop.secret', 'another-shop-secret'))
    expect((await sendShop('products/create', product(3))).statusCode).toBe(401)
  })

  test('a file with mistakes changes nothing, and each is named', async () => {
    const { relay, signals, sendShop, reload } = await start()
    const result = await reload((document) =>
      over(over(document, 'sources.shop.mapper', 'nothing'), 'sources.demo.destination', 'nowhere'),
    )
    expect(result).toMatchObject({ applied: false, plan: [] })
    expect(result.issues.map(({ path }) => path).sort()).toEqual(['sources.demo.destination'])
    expect((await sendShop('products/create', product(1))).statusCode).toBe(202)
    expect(relay.sources.get('shop')?.mapper.name).toBe('shopify')
    expect(signals.at(-2)).toMatchObject({
      kind: 'config.refused',
      issues: [expect.stringContaining('there is no such destination')],
    })
  })

  test('a dry run says what would be done, and does nothing', async () => {
    const { relay, admin, reload, sendShop } = await start()
    await reload((document) => document)
    const before = relay.sources.get('shop')
    const result = await reload(set('sources.shop.secret', 'another-shop-secret'), { dryRun: true })
    expect(changesOf(result)).toEqual(['replace source shop: other secret'])
    expect(result.applied).toBe(false)
    expect(relay.sources.get('shop')).toBe(before)
    const { config } = relay
    await reload(set('retention.events', '1d'), { dryRun: true })
    expect(relay.config).toBe(config)
    expect((await sendShop('products/create', product(1))).statusCode).toBe(202)
    const answer = await admin('POST', '/reload', { dry_run: true })
    expect(answer.json().data).toMatchObject({ applied: false, issues: [], needs_restart: [] })
    expect(answer.json().data.plan).toContainEqual({
      unit: 'source',
      name: 'shop',
      act: 'replace',
      why: 'other secret',
    })
  })

  test('what a listening process can not change is named, and all else is applied', async () => {
    const { relay, send, admin, reload } = await start()
    const result = await reload((document) =>
      [
        ['server.host', '127.0.0.1'],
        ['server.port', 9999],
        ['store', 'sqlite:./other.db'],
        ['server.body_limit', '1kb'],
        ['server.admin_token', 'another-admin-token-for-tests'],
        ['retention.events', '1d'],
      ].reduce((next, [path, value]) => over(next, path as string, value), document),
    )
    expect(result.needs_restart).toEqual(['server.host', 'server.port', 'store'])
    expect(changesOf(result)).toEqual([
      'replace setting server.body_limit: has another value',
      'replace setting server.admin_token: has another value',
      'replace setting retention.events: has another value',
    ])
    expect(relay.config).toMatchObject({
      store: 'sqlite::memory:',
      server: { port: 8080 },
      retention: { events: 86_400_000 },
    })
    expect((await send('demo', { event: 'post.saved', data: 'x'.repeat(2_000) })).statusCode).toBe(413)
    expect((await admin('GET', '/sources')).statusCode).toBe(401)
  })

  test('reloads that come while one runs are done once, after it', async () => {
    const { relay, reload, signals } = await start()
    const first = reload(set('sources.shop.secret', 'the-second-shop-secret'))
    const second = reload(set('sources.shop.secret', 'the-third-shop-secret'))
    const third = reload(set('sources.shop.secret', 'the-fourth-shop-secret'))
    await Promise.all([first, second, third])
    expect(signals.filter(({ kind }) => kind === 'config.reloaded')).toHaveLength(1)
    await relay.close()
    await expect(relay.reload()).rejects.toThrow('the relay is stopping')
  })

  test('one that asks for something else runs after it, and finds its work done', async () => {
    const { reload } = await start()
    const both = [reload(set('sources.shop.secret', 'the-second-shop-secret')), reload((same) => same, { yes: true })]
    const [first, second] = await Promise.all(both)
    expect(changesOf(first!)).toEqual(['replace source shop: other secret'])
    expect(changesOf(second!)).toEqual([])
  })

  test('what comes while the relay runs goes to work by itself, and the unit that it replaces ends', async () => {
    const clock = createClock()
    const [sandbox, second] = [await startSandbox(clock), await startSandbox(clock)]
    const { relay, reload, send } = await startRelay({ baseUrl: sandbox.baseUrl, clock })
    relay.start()
    const { client } = relay.destinations.get('main')!
    const heartbeat = () => client.send({ path: 'heartbeat', key: 'k', body: Buffer.from('{}') })
    expect(await heartbeat()).toMatchObject({ kind: 'answer' })
    await reload((document) => {
      const main = { ...document.destinations['main']!, delivery: { debounce: '0s' } }
      const other = { ...main, base_url: second.baseUrl }
      const demo = { ...document.sources['demo']!, destination: ['main', 'other'] }
      return { ...document, destinations: { main, other }, sources: { ...document.sources, demo } }
    })
    const post = { event: 'post.saved', type: 'post', id: 1, url: 'https://example.com/1', html: '<p>One</p>' }
    await send('demo', post)
    for (const { items } of [sandbox, second]) {
      await vi.waitFor(() => expect([...items()]).toMatchObject([{ id: 'post:1' }]), { timeout: 10_000 })
    }
    await vi.waitFor(async () => expect(await heartbeat()).toMatchObject({ kind: 'no_answer' }), { timeout: 10_000 })
  })

  test('an event that waits for a CMS which nobody asks any more does not wait for ever', async () => {
    const fetch = { base_url: 'http://127.0.0.1:9', allow_private: true, token: 'a-token-of-the-api' }
    const docs = {
      mapper: 'github',
      destination: 'main',
      verify: 'none',
      vars: { origin: 'https://example.com', root: 'docs' },
      fetch,
    }
    const { relay, reload, map, send } = await startRelay({
      baseUrl: 'http://127.0.0.1:9/v1/ingest',
      sources: { docs },
    })
    const commit = { added: ['docs/a.md'], modified: [], removed: [] }
    const repository = { full_name: 'example/docs', default_branch: 'main', pushed_at: 1_767_225_600 }
    const push = { ref: 'refs/heads/main', after: 'b'.repeat(40), commits: [commit], repository }
    const answer = await send('docs', push, { 'x-github-event': 'push', 'x-github-delivery': 'd-1' })
    const status = async () => (await relay.store.getEvent(answer.json().data.event_id))?.status
    await map()
    expect(await status()).toBe('waiting')
    await reload((document) => ({ ...document, sources: {} }))
    await relay.registryStep()
    await map()
    expect(await status()).toBe('failed')
  })

  test('what the unit before it decides while it is replaced counts for the new one', async () => {
    const { relay, reload } = await start()
    const before = relay.delivers.get('main')!
    const { readTargets, circuitsSince } = relay.store
    // Right after the new one has been made of the circuit as it was.
    let wasRead = false
    Object.assign(relay.store, {
      circuitsSince: (revision: number) => {
        wasRead = true
        return circuitsSince(revision)
      },
      readTargets: async () => {
        if (wasRead) await before.disable('by a person')
        return readTargets()
      },
    })
    await reload(set('destinations.main.delivery.timeout', '9s'))
    Object.assign(relay.store, { readTargets, circuitsSince })
    expect(relay.delivers.get('main')).not.toBe(before)
    expect(relay.delivers.get('main')!.circuit()).toMatchObject({ state: 'disabled', reason: 'by a person' })
  })

  test('a store that can not be written while a reload runs leaves what runs as it is', async () => {
    const { relay, reload, sendShop } = await start()
    const before = relay.sources.get('shop')
    const { circuitsSince } = relay.store
    Object.assign(relay.store, { circuitsSince: () => Promise.reject(new Error('the disk is full')) })
    await expect(reload(set('sources.shop.secret', 'the-second-shop-secret'))).rejects.toThrow('the disk is full')
    Object.assign(relay.store, { circuitsSince })
    expect(relay.sources.get('shop')).toBe(before)
    expect(relay.config.sources['shop']?.secret).toBe(shopSecret)
    expect((await sendShop('products/create', product(1))).statusCode).toBe(202)
  })

  test('events of a removed source are mapped with its last definition, and its webhooks are 404', async () => {
    const { relay, admin, map, deliver, sendShop, reload, held } = await start()
    await sendShop('products/create', product(1))
    await reload(set('sources.shop', undefined))
    expect((await sendShop('products/create', product(2))).statusCode).toBe(404)
    await relay.registryStep()
    expect(relay.mapping.has('shop')).toBe(true)
    await map()
    await deliver(5_000)
    expect(held()).toHaveLength(1)
    await relay.registryStep()
    expect(relay.mapping.has('shop')).toBe(false)
    expect((await admin('GET', '/events')).json().data).toMatchObject([{ status: 'processed' }])
  })

  test('an event whose source and destination are removed together fails, and can be replayed', async () => {
    const { admin, map, sendShop, reload } = await start()
    await reload((document) =>
      over(over(document, 'destinations.second', document.destinations['main']), 'sources.shop.destination', 'second'),
    )
    await sendShop('products/create', product(1))
    await reload((document) => over(over(document, 'destinations.second', undefined), 'sources.shop', undefined))
    await map()
    const [event] = (await admin('GET', '/events')).json().data
    expect(event).toMatchObject({ status: 'failed', error: "destination 'second' is not configured any more" })
  })

  test('a module mapper that has changed is read again', async () => {
    const clock = createClock()
    const sandbox = await startSandbox(clock)
    const folder = createFolder()
    const module = (title: string) =>
      writeFileSync(
        join(folder, 'mine.mjs'),
        `export default ({ defineMapper, item, z }) => defineMapper({ name: 'mine', input: z.any(), verify: { scheme: 'header', header: 'x-token' },
          map: () => [item('post:1', { type: 'post', url: 'https://example.com/1', title: '${title}', text: 'x' })] })`,
      )
    module('One')
    const { relay, reload, send, map, admin } = await startRelay({
      baseUrl: sandbox.baseUrl,
      clock,
      mappersDir: folder,
      sources: { own: { mapper: 'mine', destination: 'main', secret: 'a-token-of-mine' } },
    })
    const mapped = async () => {
      expect((await send('own', {}, { 'x-token': 'a-token-of-mine' })).statusCode).toBe(202)
      await map()
      const [summary] = (await admin('GET', '/items')).json().data
      return (await relay.store.getItems({ id: summary.id }))[0]?.body
    }
    const first = relay.sources.get('own')!.mapper.version
    expect(await mapped()).toContain('"title":"One"')
    module('Two')
    expect(changesOf(await reload((document) => document))).toEqual(['replace source own: other mapper'])
    expect(relay.sources.get('own')!.mapper.version).not.toBe(first)
    expect(await mapped()).toContain('"title":"Two"')
  })

  test('the queue of an endpoint goes on with the one that replaces it', async () => {
    const clock = createClock()
    const url = 'http://127.0.0.1:9/'
    const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
    const operator = await startScriptedCms(() => ({ status: 204, body: '' }))
    const { relay, reload } = await startRelay({ baseUrl: url, clock, endpoints: [{ url, secret }] })
    await relay.delivers.get('main')!.disable('maintenance')
    const before = relay.notifiers.get('signals[0]')!
    expect(before.nextAt()).not.toBeNull()
    await reload((document) => over(document, 'signals', [{ url: operator.origin, secret }]))
    expect(before.nextAt()).toBeNull()
    await relay.notifiers.get('signals[0]')!.step(never)
    expect(operator.requests.map(({ body }) => JSON.parse(body).type)).toEqual(['destination.disabled'])
  })

  test('a new source receives, and a source that moves sends to its new destination', async () => {
    const { relay, send, map, deliver, reload, admin } = await start()
    const second = { ...(relay.config.destinations['main'] as object) } as { base_url: string }
    await reload((document) =>
      over(
        over(document, 'destinations.second', {
          token,
          website_id: 'site_1',
          site_domain: 'example.com',
          base_url: second.base_url,
        }),
        'sources.more',
        { mapper: 'generic', destination: 'main', verify: 'none' },
      ),
    )
    const body = {
      event: 'post.updated',
      item: { id: '1', type: 'post', url: 'https://example.com/1', title: 'One', text: 'x' },
    }
    expect((await send('more', body)).statusCode).toBe(202)
    await map()
    await reload(set('sources.more.destination', 'second'))
    expect(
      (await send('more', { ...body, item: { ...body.item, id: '2', url: 'https://example.com/2' } })).statusCode,
    ).toBe(202)
    await map()
    await deliver(5_000)
    const items = (await admin('GET', '/items')).json().data as { id: string; destination: string; status: string }[]
    expect(items.map(({ destination, status }) => `${destination} ${status}`).sort()).toEqual([
      'main delivered',
      'second delivered',
    ])
  })
})

describe('a destination that becomes another one', () => {
  async function withItems(count: number) {
    const test = await start()
    for (let id = 1; id <= count; id += 1) await test.sendShop('products/create', product(id))
    await test.map()
    await test.deliver(20_000)
    expect(test.held()).toHaveLength(count)
    return test
  }
  const stateOf = ({ relay }: TestRelay) => relay.delivers.get('main')!.circuit()

  test('with up to a hundred items sends them anew', async () => {
    const test = await withItems(3)
    const result = await test.reload(set('destinations.main.connector_type', 'shop'))
    expect(result.warnings).toEqual([])
    await test.relay.registryStep()
    expect(test.signals).toContainEqual(expect.objectContaining({ kind: 'destination.retargeted', resent: 3 }))
  })

  test('sends them anew once if it is asked to twice at a time, as at a start', async () => {
    const test = await withItems(3)
    await test.reload(set('destinations.main.connector_type', 'shop'))
    await Promise.all([test.relay.registryStep(), test.relay.registryStep()])
    expect(test.signals.filter(({ kind }) => kind === 'destination.retargeted')).toHaveLength(1)
  })

  test('with more is held, with the number, until it is enabled', async () => {
    const test = await withItems(101)
    const dry = await test.reload(set('destinations.main.connector_type', 'shop'), { dryRun: true })
    expect(dry.warnings).toEqual([
      expect.stringContaining("destination 'main' is held: connector_type changed, so all its 101 items"),
    ])
    expect(stateOf(test).state).toBe('closed')
    await test.relay.reload()
    expect(stateOf(test)).toMatchObject({ state: 'disabled', held: true, reason: expect.stringContaining('101 items') })
    await test.relay.registryStep()
    expect(test.signals.some(({ kind }) => kind === 'destination.retargeted')).toBe(false)
    await test.relay.delivers.get('main')!.enable({ force: true }, never)
    await test.relay.registryStep()
    expect(test.signals).toContainEqual(expect.objectContaining({ kind: 'destination.retargeted', resent: 101 }))
  })

  test('is let go by a reload that says yes, and by one that takes the change back', async () => {
    const test = await withItems(101)
    await test.reload(set('destinations.main.connector_type', 'shop'))
    await test.reload(set('destinations.main.connector_type', undefined))
    expect(stateOf(test).state).toBe('closed')
    await test.relay.registryStep()
    expect(test.signals.some(({ kind }) => kind === 'destination.retargeted')).toBe(false)
    await test.reload(set('destinations.main.connector_type', 'shop'))
    expect(stateOf(test).held).toBe(true)
    await test.relay.reload({ yes: true })
    expect(stateOf(test).state).toBe('closed')
    await test.relay.registryStep()
    expect(test.signals).toContainEqual(expect.objectContaining({ kind: 'destination.retargeted', resent: 101 }))
  })
})
