import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, mkdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'

export interface Program {
  /** Asks it to end, makes it end after ten seconds. */
  stop(): Promise<void>
  /** Ends it at once. */
  kill(): Promise<void>
  /** Resolves when `isUp` says so, rejects when the program ends before, or after two minutes. */
  until(isUp: () => Promise<boolean>): Promise<void>
}

export interface ProgramOptions {
  readonly cwd: string
  /** A file that gets what the program says. */
  readonly log: string
  readonly env?: Readonly<Record<string, string>>
}

const patienceMs = 120_000

/** Groups of their own do not end with us, so they are ended: also where somebody interrupts the run. */
const groups = new Set<number>()
process.on('exit', () => {
  for (const group of groups) signalGroup(group, 'SIGKILL')
})
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => process.exit(1))

function signalGroup(group: number | undefined, name: NodeJS.Signals): void {
  try {
    if (group !== undefined) process.kill(-group, name)
  } catch {
    // The group has ended by itself.
  }
}

/** Nothing of the caller's environment but the way to programs and how npm reaches its registry. */
function environment(cwd: string, env: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) =>
    /^(PATH|LANG|TMPDIR|HOME|npm_config_(cache|registry|userconfig|globalconfig)|NODE_EXTRA_CA_CERTS|https?_proxy|no_proxy)$/i.test(
      name,
    ),
  )
  const path = [join(cwd, '../node_modules/.bin'), dirname(process.execPath), process.env['PATH']].join(':')
  return { ...Object.fromEntries(kept), PATH: path, NO_COLOR: '1', ...env }
}

/** Starts a program in a process group of its own, so that its children end with it. */
export function startProgram(file: string, args: readonly string[], options: ProgramOptions): Program {
  const { cwd, log, env = {} } = options
  mkdirSync(dirname(log), { recursive: true })
  const output = createWriteStream(log)
  const child = spawn(file, args, {
    cwd,
    env: environment(cwd, env),
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  child.stdout.pipe(output, { end: false })
  child.stderr.pipe(output, { end: false })
  let isOver = false
  const ended = new Promise<void>((resolve) => {
    for (const event of ['exit', 'error']) child.once(event, () => resolve())
  }).then(() => {
    isOver = true
  })

  if (child.pid !== undefined) groups.add(child.pid)

  return {
    async stop() {
      signalGroup(child.pid, 'SIGTERM')
      const force = setTimeout(() => signalGroup(child.pid, 'SIGKILL'), 10_000)
      await ended
      clearTimeout(force)
      signalGroup(child.pid, 'SIGKILL') // children that have stayed behind
      groups.delete(child.pid!)
      output.end()
    },
    async kill() {
      signalGroup(child.pid, 'SIGKILL')
      await ended
      groups.delete(child.pid!)
      output.end()
    },
    async until(isUp) {
      const end = Date.now() + patienceMs
      while (!(await isUp().catch(() => false))) {
        if (isOver || Date.now() > end) throw new Error(`${file} ${args.join(' ')} is not up:\n${tailOf(log)}`)
        await pause(250)
      }
    },
  }
}

/** Runs a program to its end, and throws what it said last where it fails. */
export async function runProgram(file: string, args: readonly string[], options: ProgramOptions): Promise<void> {
  const { cwd, log, env = {} } = options
  mkdirSync(dirname(log), { recursive: true })
  const output = createWriteStream(log)
  await once(output, 'open')
  const child = spawn(file, args, { cwd, env: environment(cwd, env), stdio: ['ignore', output, output] })
  const [code] = (await once(child, 'exit')) as [number | null]
  output.end()
  if (code !== 0) throw new Error(`${file} ${args.join(' ')} ended with ${code}:\n${tailOf(log)}`)
}

function tailOf(log: string): string {
  return readFileSync(log, 'utf8').split('\n').slice(-30).join('\n')
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/** A port on loopback that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (typeof address !== 'object' || address === null) throw new Error('no port')
  return address.port
}
