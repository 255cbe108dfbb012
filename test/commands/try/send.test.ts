import { generateKeyPairSync } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { stringify } from 'yaml'
import { createFolder } from '../../folder.ts'
import {
  adminToken,
  createClock,
  type Document,
  product,
  shopSecret,
  startRelay,
  startSandbox,
  type TestRelay,
  token,
} from '../../support.ts'
import { runHere } from '../run-here.ts'

const origin = 'https://example.com'
const publicKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ type: 'spki', format: 'pem' })
const contentfulSecret = 'c'.repeat(64)
const generic = (verify: object, secret: string | undefined = 'a-secret-of-the-source') => ({
  mapper: 'generic',
  destination: 'main',
  vars: { origin },
  verify,
  ...(secret && { secret }),
})

/** A source of each scheme, all with a mapper that takes any body. */
const sources = {
  shop: { mapper: 'shopify', destination: 'main', secret: shopSecret, vars: { origin } },
  open: { mapper: 'generic', destination: 'main', verify: 'none', vars: { origin } },
  hmac: generic({ scheme: 'hmac', header: 'x-sig', encoding: 'base64url', prefix: 'v1=' }),
  timestamped: generic({ scheme: 'timestamped', header: 'x-sig', unit: 'ms' }),
  standard: generic({ scheme: 'standard-webhooks', key: 'raw' }),
  contentful: generic({ scheme: 'contentful' }, contentfulSecret),
  ghost: generic({ scheme: 'ghost', tolerance: '5m' }),
  hygraph: generic({ scheme: 'hygraph', tolerance: '5m' }),
  webflow: generic({ scheme: 'webflow' }),
  hubspot: generic({ scheme: 'hubspot', public_url: 'https://relay.example.com/in' }),
  header: generic({ scheme: 'header', header: 'authorization', prefix: 'Bearer ' }),
  basic: generic({ scheme: 'basic', username: 'cms' }),
  path: generic({ scheme: 'path' }),
  query: generic({ scheme: 'query' }),
  body: generic({ scheme: 'body' }),
  rsa: { ...generic({ scheme: 'rsa', header: 'x-sig', public_key: publicKey }), secret: undefined },
  jwt: { ...generic({ scheme: 'jwt', public_key: publicKey }), secret: undefined },
}
const post = {
  event: 'post.published',
  type: 'post',
  id: 1,
  url: `${origin}/a`,
  title: 'A',
  html: '<p>a</p>',
  updated_at: '2026-02-01T00:00:00Z',
}

interface Here {
  readonly relay: TestRelay
  readonly url: string
  /** Writes a file, and answers its path. */
  file(name: string, content: unknown): string
  send(...args: string[]): ReturnType<typeof runHere>
}

const { shop, open, hmac, ...others } = sources
const few = { shop, open, hmac }
const nowhere = 'http://127.0.0.1:9/v1/ingest'

/** A relay that listens, and a configuration that names its sources. */
async function start(baseUrl = nowhere, over: object = {}, run: Document['sources'] = few): Promise<Here> {
  const clock = createClock(Date.now())
  const relay = await startRelay({ baseUrl, sources: run, clock })
  const url = await relay.app.listen({ host: '127.0.0.1', port: 0 })
  const folder = createFolder()
  const file = (name: string, content: unknown) => {
    const path = join(folder, name)
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
    return path
  }
  const main = { token, website_id: 'site_1', site_domain: 'example.com', base_url: baseUrl }
  const config = file(
    'relay.yaml',
    stringify({ store: `sqlite:${join(folder, 'none.db')}`, destinations: { main }, sources: run, ...over }),
  )
  return { relay, url, file, send: (...args) => runHere(['send', '--config', config, '--url', url, ...args]) }
}

describe('send', () => {
  test('signs as each scheme asks, and the relay takes it', async () => {
    const { send, file, relay } = await start(nowhere, {}, sources)
    const input = file('post.json', post)
    for (const source of Object.keys(sources).filter((name) => !['rsa', 'jwt', 'shop'].includes(name))) {
      const ran = await send('--source', source, '--input', input, '--json')
      expect(ran, source).toMatchObject({ code: 0, stderr: '' })
      const shown = JSON.parse(ran.stdout)
      expect(shown).toMatchObject({ status: 202, result: 'accepted', note: null, event: null, items: [] })
      expect(await relay.relay.store.getEvent(shown.event_id)).toMatchObject({ source })
    }
  })
  test('by a private key is for the CMS alone, and map is the way', async () => {
    const { send, file } = await start(nowhere, {}, { rsa: others.rsa, jwt: others.jwt })
    for (const source of ['rsa', 'jwt']) {
      const ran = await send('--source', source, '--input', file('post.json', post))
      expect(ran).toMatchObject({ code: 1, stdout: '' })
      expect(ran.stderr).toMatch(/only the CMS can sign: its private key never leaves it; cms-relay map --source/)
    }
  })
  test('has a fresh delivery id each time, whatever the fixture has; --keep-id keeps it', async () => {
    const { send, file, relay } = await start()
    const headers = {
      'X-Shopify-Topic': 'products/update',
      'X-Shopify-Webhook-Id': 'of-the-fixture',
      Host: 'elsewhere',
      'Content-Length': '3',
    }
    const fixture = file('webhook.json', { headers, body: product(1) })
    const resultOf = async (...more: string[]) => {
      const { stdout } = await send('--source', 'shop', '--fixture', fixture, '--json', ...more)
      return JSON.parse(stdout)
    }
    expect([await resultOf(), await resultOf()].map(({ result }) => result)).toEqual(['accepted', 'accepted'])
    const kept = await resultOf('--keep-id')
    expect(await relay.relay.store.getEvent(kept.event_id)).toMatchObject({ deliveryId: 'of-the-fixture' })
    expect(await resultOf('--keep-id')).toMatchObject({ result: 'duplicate', event_id: kept.event_id })
  })
  test('keeps an id that --header gives', async () => {
    const { send, file } = await start()
    const body = ['--source', 'shop', '--input', file('product.json', product(1)), '--topic', 'products/update']
    const resultOf = async () =>
      JSON.parse((await send(...body, '--header', 'x-shopify-webhook-id: mine', '--json')).stdout)
    expect([await resultOf(), await resultOf()].map(({ result }) => result)).toEqual(['accepted', 'duplicate'])
  })
  test('has a fresh delivery id although --header gives a topic that --topic replaces', async () => {
    const { send, file } = await start()
    const fixture = file('webhook.json', { headers: { 'X-Shopify-Webhook-Id': 'old' }, body: product(1) })
    const args = ['--source', 'shop', '--fixture', fixture, '--header', 'x-shopify-topic: orders/create']
    const resultOf = async () => JSON.parse((await send(...args, '--topic', 'products/update', '--json')).stdout).result
    expect([await resultOf(), await resultOf()]).toEqual(['accepted', 'accepted'])
  })
  test('has a fresh delivery id also where it stands in the body, and says so where it can not be told', async () => {
    const { send, file } = await start()
    const inBody = file('a.json', { ...post, delivery_id: 'd-1' })
    for (let turn = 0; turn < 2; turn++) {
      expect(JSON.parse((await send('--source', 'open', '--input', inBody, '--json')).stdout)).toMatchObject({
        result: 'accepted',
      })
    }
    const hashed = file('b.json', [
      { ...post, delivery_id: 'd-1' },
      { ...post, id: 2, delivery_id: 'd-2' },
    ])
    expect((await send('--source', 'open', '--input', hashed)).stdout).toContain('its delivery id is as given')
  })
  test('--topic goes into the header that the mapper reads', async () => {
    const { send, file, relay } = await start()
    const body = file('product.json', product(1))
    const { stdout } = await send('--source', 'shop', '--input', body, '--topic', 'products/update', '--json')
    const event = await relay.relay.store.getEvent(JSON.parse(stdout).event_id)
    expect(event).toMatchObject({ topic: 'products/update' })
    const ran = await send('--source', 'open', '--input', file('post.json', post), '--topic', 'post.deleted')
    expect(ran.code).toBe(1)
    expect(ran.stderr).toMatch(/reads the topic from the body/)
  })
})

describe('what becomes of it', () => {
  test('is waited for with an admin token: processed, and what was delivered', async () => {
    const sandbox = await startSandbox({ now: Date.now, advance() {} })
    const { send, file, relay } = await start(sandbox.baseUrl)
    const sending = send('--source', 'open', '--input', file('post.json', post), '--wait', '--token', adminToken)
    await vi.waitFor(() => expect(relay.signals.map(({ kind }) => kind)).toContain('webhook.received'))
    await relay.map()
    await relay.deliver(2_000)
    const ran = await sending
    expect(ran).toMatchObject({ code: 0, stderr: '' })
    expect(ran.stdout).toMatch(
      /webhooks\/open: answered 202 accepted, event evt_.*\nprocessed\n {2}post \S+ → main: delivered\n$/s,
    )
  })
  test('that fails is exit code 1, with its error', async () => {
    const { send, file, relay } = await start()
    const sending = send(
      '--source',
      'open',
      '--input',
      file('post.json', { ...post, url: 'https://elsewhere.example/a' }),
      '--wait',
      '--token',
      adminToken,
      '--json',
    )
    await vi.waitFor(() => expect(relay.signals.map(({ kind }) => kind)).toContain('webhook.received'))
    await relay.map()
    const ran = await sending
    expect(ran.code).toBe(1)
    expect(JSON.parse(ran.stdout)).toMatchObject({
      event: { status: 'failed', error: expect.stringContaining('elsewhere') },
      items: [],
    })
  })
  test('is not known without a token and a store', async () => {
    const { send, file } = await start()
    const ran = await send('--source', 'open', '--input', file('post.json', post), '--wait')
    expect(ran).toMatchObject({ code: 0 })
    expect(ran.stdout).toContain('--token takes the admin token')
  })
  test('with a wrong token is an error that says so', async () => {
    const { send, file } = await start()
    const ran = await send(
      '--source',
      'open',
      '--input',
      file('post.json', post),
      '--wait',
      '--token',
      'another-admin-token',
    )
    expect(ran).toMatchObject({ code: 1 })
    expect(ran.stderr).toMatch(/answers 401: .*--token/)
  })
})

describe('a refusal', () => {
  test('for another secret names it and the cure, and exits with 1', async () => {
    const { send, file } = await start(undefined, {
      sources: { ...sources, hmac: { ...sources.hmac, secret: 'another' } },
    })
    const ran = await send('--source', 'hmac', '--input', file('post.json', post))
    expect(ran).toMatchObject({ code: 1, stdout: '' })
    expect(ran.stderr).toMatch(/answers 401: .*; it runs with another secret.*cms-relay reload/s)
    expect(ran.stderr).not.toContain('another-secret')
  })
  test('of a source that the relay does not run', async () => {
    const { send, file } = await start(undefined, { sources: { ...few, fresh: sources.open } })
    const ran = await send('--source', 'fresh', '--input', file('post.json', post))
    expect(ran.code).toBe(1)
    expect(ran.stderr).toMatch(/answers 404: .*it knows no source 'fresh'.*sources\.fresh\.enabled/s)
  })
  test('of a source that is not in the configuration: the nearest name', async () => {
    const { send, file } = await start()
    const ran = await send('--source', 'shopp', '--input', file('post.json', post))
    expect(ran).toMatchObject({ code: 1, stderr: "cms-relay: no source 'shopp': did you mean shop?\n" })
  })
  test('nobody answers: how to start one', async () => {
    const { send, file, relay } = await start()
    await relay.app.close()
    const ran = await send('--source', 'open', '--input', file('post.json', post))
    expect(ran.code).toBe(1)
    expect(ran.stderr).toMatch(/no relay answers at http.*cms-relay serve.*--url/)
  })
  test('wrong use exits with 2', async () => {
    const { send, file } = await start()
    expect((await send('--source', 'open')).code).toBe(2)
    expect((await send('--input', file('post.json', post))).code).toBe(2)
    expect((await send('--source', 'open', '--input', file('a', post), '--header', 'x')).code).toBe(2)
  })
})
