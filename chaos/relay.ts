import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { token, websiteId } from './judge.ts'
import type { ProcessFault } from './plan.ts'
import { cmsSecret, shopSecret, siteSecret } from './traffic.ts'

const root = join(import.meta.dirname, '..')
/** A machine that does other work as well costs time. */
const longestStartMs = 120_000
export const adminToken = 'chaos-admin-token'

export interface RelayOptions {
  /** Gets the configuration, the database and the log. */
  readonly folder: string
  readonly baseUrl: string
  readonly faults?: readonly ProcessFault[]
  readonly database?: string
  /** What the only destination is called. */
  readonly destination?: string
  /** Laid over the settings of the destination. */
  readonly settings?: Record<string, unknown>
  /** Laid over the settings of the sources. */
  readonly sources?: Record<string, unknown>
  /** Laid over `server`. */
  readonly server?: Record<string, unknown>
}

export interface Answered {
  readonly status: number
  readonly data?: Readonly<Record<string, unknown>>
}

/** The real process, started again whenever it ends, as a container would be. */
export interface Relay {
  readonly origin: string
  readonly port: number
  /** Starts counting the time of faults. */
  begin(): void
  /** No more faults; resolves when it is up and its destination may be called. */
  relent(): Promise<void>
  /** Enables or disables the destination. */
  switchTo(state: 'enable' | 'disable'): Promise<void>
  /** What it does not have done yet, by its metrics; null while it cannot be asked. Throws if it does not say. */
  unfinished(): Promise<{ readonly [What in keyof typeof metrics]: number } | null>
  /** Asks the admin API, again and again until it answers. */
  admin(method: 'GET' | 'POST', path: string, body?: object): Promise<Answered>
  readonly starts: () => number
  /** How often it ended otherwise than it was made to. */
  readonly surprises: string[]
  residentBytes(): number
  signal(signal: NodeJS.Signals): void
  stop(): Promise<void>
}

export async function startRelay(options: RelayOptions): Promise<Relay> {
  const { folder, baseUrl, faults = [], database = join(folder, 'relay.db'), sources = {}, server = {} } = options
  const { settings = {} } = options
  mkdirSync(folder, { recursive: true })
  const port = await freePort()
  const origin = `http://127.0.0.1:${port}`
  const config = join(folder, 'relay.yaml')
  const clockFile = join(folder, 'clock')
  const log = join(folder, 'relay.log')
  writeFileSync(clockFile, '0')
  const told = configOf(port, baseUrl, database, settings, sources, server, options.destination)
  writeFileSync(config, JSON.stringify(told)) // JSON is YAML
  const crash = faults.find((fault) => fault.kind === 'crash')
  const steps = faults.filter((fault) => fault.kind === 'clock')

  let child: ChildProcess
  let starts = 0
  let isStopping = false
  let expectsEnd = false
  const surprises: string[] = []
  const timers: NodeJS.Timeout[] = []

  function start(): void {
    if (isStopping) return
    const orders = { ...(starts === 0 && crash && { crash }), ...(steps.length > 0 && { clockFile }) }
    starts += 1
    child = spawn(
      process.execPath,
      [
        '--import',
        join(import.meta.dirname, 'preload.ts'),
        join(root, 'bin/cms-relay.js'),
        'serve',
        '--config',
        config,
      ],
      { cwd: folder, env: environment(orders), stdio: ['ignore', 'pipe', 'pipe'] },
    )
    child.stdout!.on('data', (chunk: Buffer) => appendFileSync(log, chunk))
    child.stderr!.on('data', (chunk: Buffer) => appendFileSync(log, chunk))
    child.on('exit', (code, signal) => {
      // Asked to stop before it has begun, it dies of the signal.
      const wasKilled = signal === 'SIGKILL' || (expectsEnd && (code === 0 || signal === 'SIGTERM'))
      expectsEnd = false
      if (!wasKilled && !isStopping) surprises.push(`ended with ${signal ?? code}, see ${log}`)
      if (!isStopping) setTimeout(start, 30)
    })
  }

  async function untilReady(): Promise<void> {
    const until = performance.now() + longestStartMs
    while (performance.now() < until) {
      const answer = await fetch(`${origin}/readyz`).catch(() => null)
      if (answer?.ok) return
      await sleep(25)
    }
    throw new Error(`the relay is not ready after ${longestStartMs / 1_000} s, see ${log}`)
  }

  async function unfinished() {
    const answer = await fetch(`${origin}/metrics`).catch(() => null)
    if (!answer?.ok) return null
    const text = await answer.text().catch(() => null)
    return text === null ? null : readUnfinished(text)
  }

  async function admin(method: 'GET' | 'POST', path: string, body?: object): Promise<Answered> {
    const headers = { authorization: `Bearer ${adminToken}`, ...(body && { 'content-type': 'application/json' }) }
    const until = performance.now() + longestStartMs
    for (;;) {
      const request = { method, headers, ...(body && { body: JSON.stringify(body) }) }
      const answer = await fetch(`${origin}/api/v1${path}`, request).catch(() => null)
      const text = await answer?.text().catch(() => null)
      if (answer && text && answer.status < 500) return { status: answer.status, data: JSON.parse(text).data }
      if (performance.now() > until) throw new Error(`no answer to ${method} ${path}`)
      await sleep(50)
    }
  }

  function order(state: 'enable' | 'disable'): Promise<Response> {
    const headers = { authorization: `Bearer ${adminToken}` }
    return fetch(`${origin}/api/v1/destinations/main/${state}`, { method: 'POST', headers })
  }

  async function stop(): Promise<void> {
    isStopping = true
    for (const timer of timers) clearTimeout(timer)
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }

  start()
  await untilReady().catch(async (error) => {
    await stop()
    throw error
  })

  return {
    origin,
    port,
    begin() {
      for (const fault of faults) {
        if (fault.kind === 'clock')
          timers.push(setTimeout(() => writeFileSync(clockFile, String(fault.byMs)), fault.atMs))
        if (fault.kind === 'kill -9') timers.push(setTimeout(() => child.kill('SIGKILL'), fault.atMs))
        if (fault.kind === 'SIGTERM') {
          timers.push(
            setTimeout(() => {
              expectsEnd = true
              child.kill('SIGTERM')
            }, fault.atMs),
          )
        }
      }
    },
    async relent() {
      for (const timer of timers) clearTimeout(timer)
      writeFileSync(clockFile, '0')
      // It may still be on its way to a named point at which it is killed.
      do await untilReady()
      while (!(await order('enable').catch(() => null))?.ok)
    },
    async switchTo(state) {
      const answer = await order(state)
      if (!answer.ok) throw new Error(`the destination is not told to ${state}: ${await answer.text()}`)
    },
    unfinished,
    admin,
    starts: () => starts,
    surprises,
    residentBytes: () => residentBytesOf(child.pid!),
    signal: (signal) => void child.kill(signal),
    stop,
  }
}

const metrics = {
  events: 'cms_relay_events_pending',
  waiting: 'cms_relay_events_waiting',
  failed: 'cms_relay_events_failed',
  items: 'cms_relay_items{destination="main",status="pending"}',
  dead: 'cms_relay_items{destination="main",status="dead"}',
} as const

/** Throws for a metric that is not there: what nobody counts is not zero. */
function readUnfinished(text: string) {
  const values = new Map(text.split('\n').map((line) => [line.slice(0, line.lastIndexOf(' ')), line]))
  const read = (name: string) => {
    const value = Number(values.get(name)?.slice(name.length))
    if (!values.has(name) || Number.isNaN(value)) throw new Error(`the metric ${name} is missing`)
    return value
  }
  const entries = Object.entries(metrics).map(([what, name]) => [what, read(name)])
  return Object.fromEntries(entries) as { readonly [What in keyof typeof metrics]: number }
}

function configOf(
  port: number,
  baseUrl: string,
  database: string,
  settings: Record<string, unknown>,
  sources: Record<string, unknown>,
  server: Record<string, unknown>,
  destination = 'main',
) {
  const main = {
    token,
    website_id: websiteId,
    site_domain: 'example.com',
    base_url: baseUrl,
    default_language: 'en',
    delivery: { debounce: '50ms', max_wait: '300ms', max_items: 10, concurrency: 2, timeout: '5s' },
    retry: { base: '50ms', cap: '400ms' },
    ...settings,
  }
  const shared = {
    destination,
    vars: { origin: 'https://example.com' },
  }
  return {
    server: { host: '127.0.0.1', port, admin_token: adminToken, ...server },
    store: `sqlite:${database}`,
    destinations: { [destination]: main },
    sources: {
      shop: { mapper: 'shopify', secret: shopSecret, ...shared },
      cms: { mapper: 'generic', secret: cmsSecret, ...shared },
      // Its clock may be an hour off.
      site: { mapper: 'standard-webhooks', secret: siteSecret, verify: { tolerance: '2h' }, ...shared },
      ...sources,
    },
  }
}

/** Nothing of ours but the way to programs. */
function environment(orders: object): NodeJS.ProcessEnv {
  const path = `${dirname(process.execPath)}:${process.env['PATH']}`
  return { PATH: path, HOME: process.env['HOME'] ?? '/', CHAOS_ORDERS: JSON.stringify(orders) }
}

async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

function residentBytesOf(pid: number): number {
  const [, kb] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))!
  return Number(kb) * 1024
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
