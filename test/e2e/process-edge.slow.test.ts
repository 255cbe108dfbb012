import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, openSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { createFolder } from '../folder.ts'
import { shopSecret } from '../support.ts'
import { shopHeaders, startProcess, startServe, writeConfig } from './process.ts'

const cli = join(import.meta.dirname, '../../bin/cms-relay.js')
const nowhere = 'http://127.0.0.1:9/v1/ingest'

function relayFolder(): string {
  const folder = createFolder()
  writeConfig(folder, nowhere)
  return folder
}

/** Starts the relay with any standard output; waits until it answers on the port. */
async function startWith(stdout: number | 'pipe', port: number): Promise<{ child: ChildProcess; origin: string }> {
  const env = { PATH: process.env['PATH'], PORT: String(port) }
  const child = spawn(process.execPath, [cli, 'serve'], { cwd: relayFolder(), env, stdio: ['ignore', stdout, 'pipe'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  const origin = `http://127.0.0.1:${port}`
  await vi.waitFor(async () => expect((await fetch(`${origin}/readyz`)).status).toBe(200), { timeout: 10_000 })
  return { child, origin }
}

async function stop(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  const ended = new Promise<number | null>((resolve) => child.on('exit', resolve))
  child.kill(signal)
  return ended
}

async function refuse(origin: string, times: number): Promise<void> {
  const path = `/webhooks/${'unknown-'.repeat(8)}`
  for (let sent = 0; sent < times; sent += 50) {
    await Promise.all(Array.from({ length: 50 }, () => fetch(origin + path, { method: 'POST', body: '{}' })))
  }
}

async function accept(origin: string): Promise<number> {
  const body = '{"id":1}'
  return (await fetch(`${origin}/webhooks/shop`, { method: 'POST', body, headers: shopHeaders(body) })).status
}

describe('the log', () => {
  test('on a full disk is left out and counted: webhooks are taken, and the stop is in order', async () => {
    const { child, origin } = await startWith(openSync('/dev/full', 'w'), 21901)
    await refuse(origin, 50)
    expect(await accept(origin)).toBe(202)
    await vi.waitFor(async () => {
      const metrics = await (await fetch(`${origin}/metrics`)).text()
      expect(Number(/^cms_relay_log_lines_dropped_total (\d+)$/m.exec(metrics)?.[1])).toBeGreaterThanOrEqual(3)
    }, 10_000)
    expect(await stop(child, 'SIGTERM')).toBe(0)
  })

  test('that nobody reads holds up neither webhooks nor the stop', async () => {
    const { child, origin } = await startWith('pipe', 21902)
    await refuse(origin, 1_500) // more than a pipe holds
    expect(await accept(origin)).toBe(202)
    expect(await stop(child, 'SIGTERM')).toBe(0)
  })
})

describe('signals', () => {
  test.each(['SIGTERM', 'SIGINT', 'SIGUSR2'] as const)('%s stops in order', async (signal) => {
    const relay = await startServe({ cwd: relayFolder() })
    const { code, stdout } = await relay.stop(signal)
    expect(code).toBe(0)
    expect(stdout).toMatch(new RegExp(`"msg":"relay.stopping".*"signal":"${signal}"`))
    expect(stdout).toMatch(/"msg":"relay.stopped"/)
  })

  test('SIGUSR1 opens no debugger', async () => {
    const relay = await startServe({ cwd: relayFolder() })
    relay.kill('SIGUSR1')
    expect((await fetch(`${relay.origin}/readyz`)).status).toBe(200)
    expect(relay.output()).not.toMatch(/debugger/i)
    expect((await relay.stop('SIGTERM')).code).toBe(0)
  })

  test('SIGHUP ends the sandbox in order: its terminal was closed', async () => {
    const relay = await startServe({ cwd: createFolder() })
    expect(await relay.stop('SIGHUP')).toMatchObject({ code: 0, stderr: '' })
  })

  test.each(['SIGTERM', 'SIGHUP', 'SIGUSR2'] as const)('%s in the first moments ends the process', async (signal) => {
    const relay = startProcess(['serve'], { cwd: relayFolder(), env: { PORT: '0' } })
    relay.kill(signal)
    const { code, signal: by } = await relay.ended
    expect(by ?? code).toBe(signal)
  })
})

test('the end of the npm script ends the relay in order', async () => {
  const folder = relayFolder()
  // As npm does: a shell that runs the script, and that alone gets the signal.
  const env = { PATH: process.env['PATH'], PORT: '0', npm_lifecycle_event: 'start' }
  const shell = spawn('sh', ['-c', `${process.execPath} ${cli} serve; true`], {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  let output = ''
  shell.stdout.on('data', (chunk) => {
    output += chunk
  })
  await vi.waitFor(() => expect(output).toMatch(/relay\.listening/), { timeout: 10_000 })
  shell.kill('SIGTERM')
  await vi.waitFor(() => expect(output).toMatch(/"msg":"relay\.stopped"/), { timeout: 5_000 })
})

describe('code of a user', () => {
  function folderWith(code: string): string {
    const folder = createFolder()
    mkdirSync(join(folder, 'own'))
    writeFileSync(
      join(folder, 'own/mine.js'),
      `export default ({ defineMapper, z }) => defineMapper({ name: 'mine', input: z.any(), map: () => { ${code}; return [] } })`,
    )
    const source = {
      mapper: 'mine',
      destination: 'main',
      verify: { scheme: 'header', header: 'x-token' },
      secret: shopSecret,
    }
    const main = { token: 'con.a-destination-secret', website_id: 'w', site_domain: 'example.com', base_url: nowhere }
    writeFileSync(
      join(folder, 'relay.yaml'),
      JSON.stringify({
        server: { host: '127.0.0.1' },
        destinations: { main },
        sources: { mine: source },
        mappers_dir: './own',
      }),
    )
    return folder
  }

  async function send(origin: string): Promise<number> {
    const headers = { 'x-token': shopSecret, 'content-type': 'application/json' }
    return (await fetch(`${origin}/webhooks/mine`, { method: 'POST', body: '{}', headers })).status
  }

  test('that rejects a promise nobody awaits is an error in the log, and the relay goes on', async () => {
    const relay = await startServe({ cwd: folderWith("Promise.reject(new Error('not awaited'))") })
    expect(await send(relay.origin)).toBe(202)
    await relay.line(/"msg":"promise\.rejected","level":"error".*"error":"not awaited"/)
    expect(await send(relay.origin)).toBe(202)
    expect((await relay.stop('SIGTERM')).code).toBe(0)
  })

  test('that rejects with what has no text, or is its own cause, does no more than that', async () => {
    const code = "Promise.reject(Object.create(null)); const e = new Error('round'); e.cause = e; Promise.reject(e)"
    const relay = await startServe({ cwd: folderWith(code) })
    expect(await send(relay.origin)).toBe(202)
    await relay.line(/"msg":"promise\.rejected".*"error":"something that has no text"/)
    await relay.line(/"msg":"promise\.rejected".*"error":"round: round/)
    expect((await relay.stop('SIGTERM')).code).toBe(0)
  })

  test('that throws where nobody catches ends the relay in order, with exit code 1', async () => {
    const relay = await startServe({ cwd: folderWith("setTimeout(() => { throw new Error('out of reach') })") })
    expect(await send(relay.origin)).toBe(202)
    const { code, stdout } = await relay.ended
    expect(code).toBe(1)
    expect(stdout).toMatch(/"msg":"exception\.uncaught","level":"fatal".*"error":"out of reach"/)
    expect(stdout).toMatch(/"msg":"relay\.stopped"/)
  })
})
