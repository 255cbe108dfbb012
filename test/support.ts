import { createHmac } from 'node:crypto'
import type { FastifyInstance, LightMyRequestResponse } from 'fastify'
import { onTestFinished } from 'vitest'
import { createApp } from '../src/app.ts'
import { readConfig } from '../src/config/load.ts'
import { secretsOf } from '../src/config/secrets.ts'
import type { Signal } from '../src/domain/signal.ts'
import { createLog } from '../src/observe/log.ts'
import { createObserver } from '../src/observe/observer.ts'
import type { ReloadOptions, ReloadResult } from '../src/registry/reload.ts'
import { openRelay, type Relay } from '../src/relay.ts'
import { createSandbox, type Sandbox } from '../src/sandbox/sandbox.ts'
import { judgeAnswers } from './judge.ts'

export const token = 'con_test.destination-secret'
export const adminToken = 'an-admin-token-for-tests'
export const shopSecret = 'shop-webhook-secret'

/** A clock that the test owns. Unix milliseconds. */
export interface Clock {
  now(): number
  advance(ms: number): void
}

export function createClock(start = Date.parse('2026-03-01T12:00:00Z')): Clock {
  let at = start
  return {
    now: () => at,
    advance(ms) {
      at += ms
    },
  }
}

/** A configuration as it is written. */
export interface Document {
  readonly destinations: Record<string, unknown>
  readonly sources: Record<string, unknown>
  readonly [section: string]: unknown
}

export interface TestRelay {
  readonly relay: Relay
  readonly app: FastifyInstance
  readonly clock: Clock
  /** Everything that was signalled, in order. */
  readonly signals: Signal[]
  /** Every log line, as written. */
  readonly lines: string[]
  /** Posts a webhook to a source. */
  send(source: string, body: unknown, headers?: Record<string, string>): Promise<LightMyRequestResponse>
  /** Posts one to the source `shop`, signed. */
  sendShop(topic: string, body: unknown, headers?: Record<string, string>): Promise<LightMyRequestResponse>
  /** Asks the admin API. */
  admin(method: 'GET' | 'POST', path: string, body?: unknown): Promise<LightMyRequestResponse>
  /** Maps what is pending. */
  map(): Promise<void>
  /** Asks the CMSs for what is due now and in the next `wait` milliseconds, while the clock runs that far; answers how often. */
  fetch(wait?: number): Promise<number>
  /** Changes the configuration, and reloads. */
  reload(change: (document: Document) => Document, options?: ReloadOptions): Promise<ReloadResult>
  /** Delivers what is due now and in the next `wait` milliseconds, while the clock runs that far. */
  deliver(wait?: number): Promise<void>
}

export interface RelayTestOptions {
  readonly baseUrl: string
  readonly clock?: Clock
  readonly store?: string
  readonly destination?: Record<string, unknown>
  readonly destinations?: Document['destinations']
  readonly sources?: Document['sources']
  readonly server?: Record<string, unknown>
  /** Webhooks to the operator. */
  readonly endpoints?: readonly Record<string, unknown>[]
  readonly random?: () => number
  /** Else the clock is never set back. */
  readonly monotonic?: () => number
  readonly mappersDir?: string
}

const settings = { destination: 'main', vars: { origin: 'https://example.com' } }
const demo = { mapper: 'generic', verify: 'none', ...settings }

/** For tests that send to nothing else: the mapper of a shop takes longer to compile than many a test. */
export const demoAlone: Document['sources'] = { demo }

/** A real relay with its HTTP side, on an in-memory store, stepped by hand. Closed when the test ends. */
export async function startRelay(options: RelayTestOptions): Promise<TestRelay> {
  const { clock = createClock(), store = 'sqlite::memory:', random = () => 0.5 } = options
  const main = {
    token,
    website_id: 'site_1',
    site_domain: 'example.com',
    base_url: options.baseUrl,
    default_language: 'en',
    delivery: { timeout: '8s' },
    ...options.destination,
  }
  let document: Document = {
    store,
    server: { admin_token: adminToken, ...options.server },
    ...(options.endpoints && { signals: options.endpoints }),
    destinations: options.destinations ?? { main },
    ...(options.mappersDir !== undefined && { mappers_dir: options.mappersDir }),
    sources: options.sources ?? { shop: { mapper: 'shopify', secret: shopSecret, ...settings }, demo },
  }
  const config = readConfig(document, {})
  const signals: Signal[] = []
  const lines: string[] = []
  const log = createLog({
    level: 'debug',
    secrets: secretsOf(config),
    stream: { write: (line) => void lines.push(line) },
  })
  const relay = await openRelay({
    config,
    load: () => readConfig(document, {}),
    now: clock.now,
    monotonic: options.monotonic ?? clock.now,
    random,
    wait: async (ms) => clock.advance(ms),
    observe: (metrics) => {
      const observe = createObserver(log, metrics)
      return (signal) => {
        signals.push(signal)
        observe(signal)
      }
    },
  })
  const app = await createApp(relay, log)
  await judgeAnswers(app)
  onTestFinished(async () => {
    await app.close()
    await relay.close()
  })

  async function send(source: string, body: unknown, headers: Record<string, string> = {}) {
    return app.inject({
      method: 'POST',
      url: `/webhooks/${source}`,
      payload: textOf(body),
      headers: { 'content-type': 'application/json', ...headers },
    })
  }

  return {
    relay,
    app,
    clock,
    signals,
    lines,
    send,
    sendShop: (topic, body, headers = {}) => {
      const signature = createHmac('sha256', shopSecret).update(textOf(body)).digest('base64')
      return send('shop', body, { 'x-shopify-topic': topic, 'x-shopify-hmac-sha256': signature, ...headers })
    },
    admin: (method, path, body) =>
      app.inject({
        method,
        url: `/api/v1${path}`,
        headers: { authorization: `Bearer ${adminToken}` },
        ...(body !== undefined && { payload: body as object }),
      }),
    async reload(change, options) {
      document = change(document)
      return relay.reload(options)
    },
    async map() {
      while ((await relay.mapStep()) > 0);
    },
    async fetch(wait = 0) {
      const end = clock.now() + wait
      const never = new AbortController().signal
      let events = 0
      for (;;) {
        let next = Number.POSITIVE_INFINITY
        for (const { workers, step, nextAt } of relay.fetches.values()) {
          while (await step(workers[0]!, never)) events += 1
          if (wait > 0) next = Math.min(next, (await nextAt()) ?? Number.POSITIVE_INFINITY)
        }
        if (next > end || clock.now() >= end) break
        clock.advance(Math.max(1, next - clock.now()))
      }
      clock.advance(Math.max(0, end - clock.now()))
      return events
    },
    async deliver(wait = 0) {
      const end = clock.now() + wait
      const never = new AbortController().signal
      for (;;) {
        let next = Number.POSITIVE_INFINITY
        for (const deliver of relay.delivers.values()) {
          while (await deliver.step(never));
          next = Math.min(next, (await deliver.nextAt()) ?? Number.POSITIVE_INFINITY)
        }
        if (next > end || clock.now() >= end) break
        clock.advance(Math.max(1, next - clock.now()))
      }
      clock.advance(Math.max(0, end - clock.now()))
    },
  }
}

function textOf(body: unknown): string | Buffer {
  return typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body)
}

/** A listening sandbox ingest API that judges every call. Closed when the test ends. */
export async function startSandbox(clock: Clock): Promise<Sandbox & { readonly baseUrl: string }> {
  const sandbox = createSandbox({ token, websiteId: 'site_1', siteDomain: 'example.com', now: clock.now })
  const origin = await sandbox.app.listen({ host: '127.0.0.1', port: 0 })
  onTestFinished(() => sandbox.close())
  return { ...sandbox, baseUrl: `${origin}/v1/ingest` }
}

/** A product as Shopify sends it. */
export function product(id: number | string, over: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    id,
    title: `Product ${id}`,
    handle: `product-${id}`,
    status: 'active',
    published_at: '2026-01-01T00:00:00Z',
    updated_at: '2026-02-01T00:00:00Z',
    body_html: '<p>Nice</p>',
    variants: [{ id: 1, title: 'One', price: '10.00', sku: 'S' }],
    ...over,
  }
}
