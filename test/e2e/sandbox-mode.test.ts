import { existsSync, readdirSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { createFolder } from '../folder.ts'
import { atEndOfFile, type RelayProcess, run, runCommand, startServe, writeConfig } from './process.ts'

const atEnd = atEndOfFile()
const stackTrace = /^\s+at /m

let folder: string
let relay: RelayProcess
let readyAfterMs: number
let curlLines: readonly string[]

beforeAll(async () => {
  folder = createFolder(atEnd)
  const startedAt = performance.now()
  relay = await startServe({ cwd: folder, atEnd })
  readyAfterMs = performance.now() - startedAt
  await relay.line(/^npx cms-relay init$/)
  curlLines = relay
    .output()
    .split('\n')
    .filter((line) => line.startsWith('curl '))
})

/** Runs one of the printed lines as a user would: pasted into a shell. */
async function paste(line: string | undefined, shell = 'sh'): Promise<string> {
  const { code, stdout, stderr } = await run(shell, ['-c', line ?? 'false'], { cwd: folder })
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return stdout
}

function idsOf({ data }: { data: { id: string }[] }): string[] {
  return data.map(({ id }) => id).sort()
}

async function dataOf<T>(url: string, headers: Record<string, string> = {}): Promise<T> {
  const answer = await fetch(url, { headers })
  expect(answer.status).toBe(200)
  return ((await answer.json()) as { data: T }).data
}

function printed(pattern: RegExp): string {
  return pattern.exec(relay.output())?.[1] ?? ''
}

describe('with nothing configured', () => {
  test('it is up within seconds, in an empty folder, and says where it listens', async () => {
    expect(readyAfterMs).toBeLessThan(10_000)
    expect(printed(/(\S+)\/webhooks\/demo {2}/)).toBe(relay.origin)
    expect(relay.output()).toMatch(/^npx cms-relay init$/m)
    expect(relay.origin).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    expect(readdirSync(folder)).toEqual(['data'])
  })

  test('/healthz and /readyz say so', async () => {
    for (const [path, status] of [
      ['/healthz', 'alive'],
      ['/readyz', 'ready'],
    ]) {
      const answer = await fetch(relay.origin + path)
      expect(answer.status).toBe(200)
      expect(await answer.json()).toMatchObject({ ok: true, data: { status } })
    }
  })

  test('the printed curl lines work as they are: both webhooks arrive within two seconds', async () => {
    expect(curlLines).toHaveLength(4)
    const [demo, shop, items, events] = curlLines
    const answers = await Promise.all([paste(demo), paste(shop, 'bash')])
    for (const answer of answers) expect(JSON.parse(answer)).toMatchObject({ ok: true, data: { status: 'accepted' } })
    await vi.waitFor(
      async () => {
        expect(idsOf(JSON.parse(await paste(items)))).toEqual(['post:1', 'product:632910392'])
      },
      { timeout: 2_000, interval: 50 },
    )
    expect(JSON.parse(await paste(events)).data).toHaveLength(2)
    const calls = await dataOf<{ verdict: string }[]>(printed(/(\S+\/calls) {2}/))
    expect(new Set(calls.map(({ verdict }) => verdict))).toEqual(new Set(['accepted']))
  })

  test("the README's draft takes the product away, and sent again it changes nothing", async () => {
    const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8')
    await paste(/^echo .+ > draft\.json$/m.exec(readme)?.[0])
    const { port } = new URL(relay.origin)
    const lines = readme.split('\n').filter((line) => line.startsWith('npx cms-relay send '))
    expect(lines).toHaveLength(2)
    for (const line of lines) {
      const args = [...line.split(' ').slice(2), '--wait']
      expect(await runCommand(args, { cwd: folder, env: { PORT: port } })).toMatchObject({ code: 0 })
    }
    expect(idsOf(JSON.parse(await paste(curlLines[2])))).toEqual(['post:1'])
  })

  test('the source shop verifies: a wrong signature is 401', async () => {
    const answer = await fetch(`${relay.origin}/webhooks/shop`, {
      method: 'POST',
      headers: { 'x-shopify-topic': 'products/update', 'x-shopify-hmac-sha256': 'bm8=' },
      body: '{}',
    })
    expect(answer.status).toBe(401)
  })

  test('the admin API takes the printed token and no other', async () => {
    const token = printed(/its token +(\S+)/)
    expect(token.length).toBeGreaterThanOrEqual(32)
    const ask = (authorization: string) =>
      fetch(printed(/(\S+\/api\/v1\/events)/), { headers: { authorization } }).then(({ status }) => status)
    expect(await ask(`Bearer ${token}`)).toBe(200)
    expect(await ask(`Bearer ${token}x`)).toBe(401)
  })

  test('a second relay on the same database is refused by name, and the first goes on', async () => {
    const second = await runCommand(['serve'], { cwd: folder, env: { PORT: '0' } })
    expect(second.code).toBe(1)
    expect(second.stderr).toMatch(/^cms-relay: database \S*data\/sandbox\/relay\.db is in use by another relay process/)
    expect(second.stderr).not.toMatch(stackTrace)
    expect((await fetch(`${relay.origin}/readyz`)).status).toBe(200)
  })

  test('a port that is taken is one clear line and exit code 1', async () => {
    const { port } = new URL(relay.origin)
    const second = await runCommand(['serve'], { cwd: createFolder(), env: { PORT: port } })
    expect(second.code).toBe(1)
    expect(second.stderr).toMatch(new RegExp(`^cms-relay: .*(EADDRINUSE|in use).*${port}\\n$`))
    expect(second.stderr).not.toMatch(stackTrace)
  })

  test('what arrived is still there after a restart in the same folder', async () => {
    expect(await relay.stop('SIGTERM')).toMatchObject({ code: 0, stderr: '' })
    expect(existsSync(join(folder, 'data/sandbox/relay.db'))).toBe(true)
    relay = await startServe({ cwd: folder, atEnd })
    await relay.line(/^npx cms-relay init$/)
    const items = await dataOf<{ id: string }[]>(printed(/(\S+\/items) {2}/))
    expect(idsOf({ data: items })).toEqual(['post:1'])
    const authorization = `Bearer ${printed(/its token +(\S+)/)}`
    expect(await dataOf<unknown[]>(`${relay.origin}/api/v1/events`, { authorization })).toHaveLength(4)
  })
})

test.each(['abc', '70000'])('PORT=%s is a mistake in the configuration, told without a stack', async (port) => {
  const { code, stderr } = await runCommand(['serve'], { cwd: createFolder(), env: { PORT: port } })
  expect(code).toBe(1)
  expect(stderr).toMatch(/server\.port/)
  expect(stderr).not.toMatch(stackTrace)
})

test('the highest port leaves none above it: the sandbox takes another', async () => {
  const started = await startServe({ cwd: createFolder(), env: { PORT: '65535' } })
  expect(started.origin).toBe('http://127.0.0.1:65535')
})

describe('a configuration that is missing', () => {
  test('is an error with NODE_ENV=production, for every command; nothing is written', async () => {
    const cwd = createFolder()
    for (const command of ['serve', 'status', 'errors', 'check']) {
      const { code, stderr } = await runCommand([command], { cwd, env: { NODE_ENV: 'production' } })
      expect({ command, code }).toEqual({ command, code: 1 })
      expect(stderr).toMatch(/^cms-relay: nothing is configured: .*relay\.yaml.*NODE_ENV=production/)
    }
    expect(readdirSync(cwd)).toEqual([])
  })

  test('starts no sandbox where a store is named', async () => {
    const cwd = createFolder()
    const env = { RELAY_STORE: 'sqlite:./data/relay.db' }
    const { code, stderr } = await runCommand(['serve'], { cwd, env })
    expect(code).toBe(1)
    expect(stderr).toMatch(/RELAY_STORE/)
    expect(readdirSync(cwd)).toEqual([])
  })

  test('leaves the database of a configured relay untouched, and brings nothing of the sandbox into it', async () => {
    const cwd = createFolder()
    writeConfig(cwd, 'http://127.0.0.1:9/v1/ingest')
    const configured = await startServe({ cwd })
    await configured.stop('SIGTERM')
    const database = join(cwd, 'data/relay.db')
    const before = readFileSync(database)

    renameSync(join(cwd, 'relay.yaml'), join(cwd, 'lost.yaml'))
    const sandbox = await startServe({ cwd })
    await sandbox.line(/^npx cms-relay init$/)
    const [demo] = sandbox
      .output()
      .split('\n')
      .filter((line) => line.startsWith('curl '))
    await run('bash', ['-c', demo ?? 'false'], { cwd })
    const status = async () => JSON.parse((await runCommand(['status', '--json'], { cwd })).stdout)
    await vi.waitFor(async () => {
      expect((await status()).destinations).toMatchObject([{ name: 'sandbox', delivered: 1 }])
    }, 10_000)
    await sandbox.stop('SIGTERM')
    expect(readFileSync(database)).toEqual(before)

    renameSync(join(cwd, 'lost.yaml'), join(cwd, 'relay.yaml'))
    expect((await status()).destinations).toMatchObject([{ name: 'main', pending: 0, delivered: 0 }])
  })
})
