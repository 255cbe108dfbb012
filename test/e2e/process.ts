import { type ChildProcess, spawn } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { afterAll, expect, onTestFinished, vi } from 'vitest'
import { compileCache } from '../compile-cache.ts'
import type { AtEnd } from '../folder.ts'
import { adminToken, shopSecret, token } from '../support.ts'

const cli = join(import.meta.dirname, '../../bin/cms-relay.js')

/** For what the tests of a file share. To be called at the top of the file. */
export function atEndOfFile(): AtEnd {
  const undos: (() => void | Promise<void>)[] = []
  afterAll(async () => {
    for (const undo of undos.reverse()) await undo()
  })
  return (undo) => void undos.push(undo)
}

/** Nothing of ours but the way to programs. Compiled code is kept between the many processes of a run. */
function environment(cwd: string, env: Record<string, string>): NodeJS.ProcessEnv {
  return {
    PATH: `${dirname(process.execPath)}:${process.env['PATH']}`,
    HOME: cwd,
    NODE_COMPILE_CACHE: compileCache,
    ...env,
  }
}

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface CommandOptions {
  readonly cwd: string
  readonly env?: Record<string, string>
  /** What stands in standard input; none by default. */
  readonly input?: string
}

/** Runs a command of the command line to its end. */
export async function runCommand(args: readonly string[], options: CommandOptions): Promise<Ended> {
  const { cwd, env = {}, input = '' } = options
  return run(process.execPath, [cli, ...args], { cwd, env, input })
}

/** Runs any program to its end. */
export async function run(file: string, args: readonly string[], options: CommandOptions): Promise<Ended> {
  const { cwd, env = {}, input = '' } = options
  const child = spawn(file, args, { cwd, env: environment(cwd, env), timeout: 30_000, killSignal: 'SIGKILL' })
  const ended = new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.on('error', reject).on('close', (code, signal) => resolve([code, signal]))
  })
  child.stdin.on('error', () => {}).end(input) // a program need not read what it is given
  const [stdout, stderr, [code, signal]] = await Promise.all([text(child.stdout), text(child.stderr), ended])
  return { code, signal, stdout, stderr }
}

export interface Process {
  /** Everything written so far, to standard output and error. */
  output(): string
  /** The first line that matches, written already or still to come. Rejects when the process ends without one. */
  line(pattern: RegExp): Promise<string>
  /** Sends a signal and waits for the end. */
  stop(signal: NodeJS.Signals): Promise<Ended>
  /** Sends a signal. */
  kill(signal: NodeJS.Signals): void
  readonly ended: Promise<Ended>
  readonly pid: number
}

export interface ProcessOptions {
  readonly cwd: string
  readonly env?: Record<string, string>
  readonly atEnd?: AtEnd
}

/** Starts the command line and leaves it running. It is killed at the end. */
export function startProcess(args: readonly string[], options: ProcessOptions): Process {
  const { cwd, env = {}, atEnd = onTestFinished } = options
  const child: ChildProcess = spawn(process.execPath, [cli, ...args], {
    cwd,
    env: environment(cwd, env),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const lines = { stdout: [] as string[], stderr: [] as string[] }
  const listeners = new Set<(line: string) => void>()
  for (const name of ['stdout', 'stderr'] as const) {
    createInterface({ input: child[name]! }).on('line', (line) => {
      lines[name].push(line)
      for (const listener of listeners) listener(line)
    })
  }
  const output = () => [...lines.stdout, ...lines.stderr].join('\n')
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (code, signal) => {
      resolve({ code, signal, stdout: lines.stdout.join('\n'), stderr: lines.stderr.join('\n') })
    })
  })
  atEnd(async () => {
    child.kill('SIGKILL')
    await ended
  })
  return {
    output,
    ended,
    pid: child.pid!,
    kill: (signal) => void child.kill(signal),
    stop(signal) {
      child.kill(signal)
      return ended
    },
    line(pattern) {
      const known = [...lines.stdout, ...lines.stderr].find((line) => pattern.test(line))
      if (known !== undefined) return Promise.resolve(known)
      return new Promise((resolve, reject) => {
        const listen = (line: string) => {
          if (!pattern.test(line)) return
          listeners.delete(listen)
          resolve(line)
        }
        listeners.add(listen)
        void ended.then(() => reject(new Error(`ended without a line like ${pattern}:\n${output()}`)))
      })
    },
  }
}

export interface RelayProcess extends Process {
  /** Where it listens. */
  readonly origin: string
}

/** Starts `serve` in a folder and waits until it listens. */
export async function startServe(options: ProcessOptions, args: readonly string[] = []): Promise<RelayProcess> {
  const running = startProcess(['serve', ...args], { ...options, env: { PORT: '0', ...options.env } })
  const line = await running.line(/"msg":"relay\.listening"/)
  return { ...running, origin: JSON.parse(line).origin }
}

export interface ConfigOptions {
  readonly server?: Record<string, unknown>
  readonly delivery?: Record<string, unknown>
  readonly destination?: Record<string, unknown>
  /** Names of more destinations, like `main` but that no source sends to. */
  readonly more?: readonly string[]
  /** More sources, by name. */
  readonly sources?: Record<string, Record<string, unknown>>
}

/** Writes a `relay.yaml` that delivers to an ingest API without dawdling. Secrets are those of `support.ts`. */
export function writeConfig(folder: string, baseUrl: string, options: ConfigOptions = {}): void {
  const { server, delivery, destination, more = [], sources = {} } = options
  const main = {
    token,
    website_id: 'site_1',
    site_domain: 'example.com',
    base_url: baseUrl,
    default_language: 'en',
    delivery: { debounce: '20ms', max_wait: '100ms', timeout: '5s', ...delivery },
    retry: { base: '50ms', cap: '100ms' },
    ...destination,
  }
  const shared = {
    destination: 'main',
    vars: { origin: 'https://example.com' },
  }
  const config = {
    server: { host: '127.0.0.1', admin_token: adminToken, ...server },
    destinations: Object.fromEntries(['main', ...more].map((name) => [name, main])),
    sources: {
      shop: { mapper: 'shopify', secret: shopSecret, ...shared },
      demo: { mapper: 'generic', verify: 'none', ...shared },
      ...Object.fromEntries(Object.entries(sources).map(([name, source]) => [name, { ...shared, ...source }])),
    },
  }
  writeFileSync(join(folder, 'relay.yaml'), JSON.stringify(config)) // JSON is YAML
}

/** The headers of a webhook as Shopify sends it. */
export function shopHeaders(body: string, over: Record<string, string> = {}): Record<string, string> {
  return {
    'content-type': 'application/json',
    'x-shopify-topic': 'products/update',
    'x-shopify-hmac-sha256': createHmac('sha256', shopSecret).update(body).digest('base64'),
    ...over,
  }
}

/** Asks the admin API of a running relay. */
export async function admin(origin: string, path: string, method = 'GET'): Promise<Response> {
  return fetch(`${origin}/api/v1${path}`, { method, headers: { authorization: `Bearer ${adminToken}` } })
}

/** Waits until every event is mapped and nothing is left to be delivered. */
export async function untilSettled(origin: string, timeout = 8_000): Promise<void> {
  await vi.waitFor(
    async () => {
      const metrics = await (await fetch(`${origin}/metrics`)).text()
      expect(metrics).toMatch(/^cms_relay_events_pending 0$/m)
      expect(metrics).toMatch(/^cms_relay_items\{destination="main",status="pending"\} 0$/m)
    },
    { timeout, interval: 30 },
  )
}
