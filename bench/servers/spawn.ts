import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Cores, onCores } from '../cores.ts'
import { secret, token } from '../shop.ts'

const root = join(import.meta.dirname, '../..')

/** A server under measurement, in a process of its own on a core of its own. */
export interface Server {
  readonly port: number
  /** From spawning the process to its first 200 on /readyz. Milliseconds. */
  readonly readyAfterMs: number
  /** Halts the process, so that it takes nothing from another one's measurement; and lets it go on. */
  pause(): void
  resume(): void
  /** Resident memory, in bytes. */
  residentBytes(): number
  /** Processor time that the process has used, in all its threads. Seconds. */
  cpuSeconds(): number
  /** The sum of the samples of a metric. */
  metric(name: string, labels?: string): Promise<number>
  stop(): Promise<void>
}

export interface RelaySettings {
  /** Where the database is. */
  readonly folder: string
  readonly logLevel?: string
  /** Where the items go; left out, they stay pending. */
  readonly ingest?: string
  /** Another checkout, to compare with; this one by default. */
  readonly checkout?: string
  /** One by default. */
  readonly cores?: Cores
}

/** `cms-relay serve` with one source and one destination. Its log goes through a pipe, as in a container. */
export async function startRelay({
  folder,
  logLevel = 'info',
  ingest,
  checkout = root,
  cores = 'one',
}: RelaySettings): Promise<Server> {
  const port = await freePort()
  const destination = {
    token,
    website_id: 'site_bench',
    site_domain: 'example.com',
    base_url: ingest ?? 'http://127.0.0.1:9/v1/ingest',
    default_language: 'en',
    enabled: ingest !== undefined,
    delivery: { debounce: '0s', max_wait: '15s' },
  }
  const source = {
    mapper: 'shopify',
    destination: 'main',
    secret,
    vars: { origin: 'https://example.com' },
    rate_limit: { max: 1_000_000_000, window: '1m' },
  }
  const config = {
    server: { host: '127.0.0.1', port },
    store: `sqlite:${join(folder, 'relay.db')}`,
    destinations: { main: destination },
    sources: { shop: source },
    log: { level: logLevel },
  }
  const file = join(folder, `relay-${port}.yaml`)
  writeFileSync(file, JSON.stringify(config)) // JSON is YAML
  return start(['bin/cms-relay.js', 'serve', '--config', file], port, checkout, cores)
}

export async function startPlain(): Promise<Server> {
  return start(['bench/servers/plain.ts'], await freePort(), root)
}

/** The same with a store in the folder. */
export async function startKeeping(folder: string): Promise<Server> {
  return start(['bench/servers/keeping.ts'], await freePort(), root, 'one', {
    BENCH_DATABASE: join(folder, 'relay.db'),
  })
}

/** A folder for databases, gone when it is disposed of. On the disk, not in memory: what is measured includes fsync. */
export function temporaryFolder(): { readonly path: string; [Symbol.dispose](): void } {
  const path = mkdtempSync(join(process.env['BENCH_DIR'] ?? tmpdir(), 'relay-bench-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL') // halted ones, too
})

/** Of /proc; the same on every Linux. */
const ticksPerSecond = 100

async function start(
  script: readonly string[],
  port: number,
  cwd: string,
  cores: Cores = 'one',
  settings: Readonly<Record<string, string>> = {},
): Promise<Server> {
  const reader = spawn('cat', [], { stdio: ['pipe', 'ignore', 'ignore'] })
  const [command, args] = onCores(cores, process.execPath, script)
  const { LOG_LEVEL: _level, RELAY_STORE: _store, ...env } = process.env
  const started = performance.now()
  const child = spawn(command, args, {
    cwd,
    env: { ...env, ...settings, PORT: String(port) },
    stdio: ['ignore', reader.stdin as Socket, 'inherit'],
  })
  running.add(child)
  child.once('exit', () => running.delete(child))
  await untilReady(child, port)
  const readyAfterMs = performance.now() - started
  return {
    port,
    readyAfterMs,
    pause: () => child.kill('SIGSTOP'),
    resume: () => child.kill('SIGCONT'),
    residentBytes() {
      const [, kb] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))!
      return Number(kb) * 1024
    },
    cpuSeconds() {
      const text = readFileSync(`/proc/${child.pid}/stat`, 'utf8')
      const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
      return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
    },
    async metric(name, labels = '') {
      const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
      const lines = text.split('\n').filter((line) => line.startsWith(name) && line.includes(labels))
      return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
    },
    async stop() {
      if (child.exitCode !== null) return
      child.kill('SIGCONT')
      child.kill('SIGTERM')
      await once(child, 'exit')
      reader.stdin?.destroy()
    },
  }
}

async function untilReady(child: ChildProcess, port: number): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}`)
    const response = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => null)
    if (response?.ok) return
    await sleep(20) // more often, and the asking takes what the server needs to start
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
