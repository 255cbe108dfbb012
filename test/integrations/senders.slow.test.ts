import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createFolder } from '../folder.ts'
import { createClock, startRelay, startSandbox } from '../support.ts'

const secret = 'a-long-random-text-for-both-sides'
/** Where the clock of each site starts: see site.py, site.js and site.php. */
const startSec = 1_800_000_000

const senders = [
  { name: 'JavaScript', command: [process.execPath, 'site.js'], needs: ['--version'] },
  {
    name: 'Python',
    command: ['python3', 'site.py'],
    needs: ['-c', 'import sqlite3, sys; assert sys.version_info >= (3, 9)'],
  },
  { name: 'PHP', command: ['php', 'site.php'], needs: ['-r', 'exit(extension_loaded("pdo_sqlite") ? 0 : 1);'] },
].map((sender) => ({ ...sender, isHere: spawnSync(sender.command[0]!, sender.needs).status === 0 }))

type Answer = { readonly status: number; readonly headers?: Record<string, string> }

/** How the relay is reached: `open`, `gone` (nobody listens), `deaf` (it takes the webhook, the answer is lost), or what answers instead. */
type Door = 'open' | 'gone' | 'deaf' | Answer

/** A relay and its ingest API, and before them a door that the test opens and closes. */
async function startDoor() {
  const clock = createClock()
  const { baseUrl, ...sandbox } = await startSandbox(clock)
  const site = { mapper: 'generic', destination: 'main', secret, vars: { origin: 'https://example.com' } }
  const relay = await startRelay({ baseUrl, clock, sources: { site } })
  const state = { door: 'open' as Door, requests: 0 }
  const server = createServer(async (request, response) => {
    const payload = Buffer.concat(await request.toArray())
    state.requests += 1
    const { door } = state
    if (door === 'gone') return void request.socket.destroy()
    if (typeof door === 'object') return void response.writeHead(door.status, door.headers).end('no')
    const headers = request.headers as Record<string, string>
    const answer = await relay.app.inject({ method: 'POST', url: '/webhooks/site', headers, payload })
    if (door === 'deaf') return void request.socket.destroy()
    response.writeHead(answer.statusCode, { 'content-type': 'application/json' }).end(answer.body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close().closeAllConnections())
  return {
    state,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks/site`,
    /** What the ingest API holds, as the site would show it. */
    async held() {
      await relay.map()
      await relay.deliver(60_000)
      return sandbox
        .items()
        .map(({ item }) => item as unknown as { readonly id: string; readonly title: string })
        .map(({ id, title }) => [Number(id.replace('post:', '')), title] as const)
        .sort(([a], [b]) => a - b)
    },
    duplicates: () => relay.signals.filter((signal) => signal.kind === 'webhook.received' && signal.duplicate).length,
  }
}

/** A site of its own process, with the sender beside it. */
async function startSite([file = '', script = '']: readonly string[], url: string) {
  const args = [join(import.meta.dirname, script), url, secret, join(createFolder(), 'site.db')]
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'ignore'] })
  const ended = once(child, 'exit')
  onTestFinished(async () => {
    child.stdin.end()
    await ended
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return async function act(...ask: readonly unknown[]) {
    child.stdin.write(`${JSON.stringify(ask)}\n`)
    const { value, done } = await lines.next()
    if (done) throw new Error(`${script} has ended at ${ask}`)
    return JSON.parse(value)
  }
}

describe.each(senders)('the sender in $name', { timeout: 60_000 }, ({ command, isHere }) => {
  const start = async () => {
    const door = await startDoor()
    return { ...door, act: await startSite(command, door.url) }
  }

  test.runIf(isHere)('sends what was committed, and nothing that was rolled back', async () => {
    const { act, held } = await start()
    await act('save', 1, 'One')
    await act('save-and-fail', 2, 'Never')
    await act('save-and-fail', 1, 'Never')
    expect(await act('send')).toBe(1)
    expect(await held()).toEqual([[1, 'One']])
  })

  test.runIf(isHere)('leaves no difference where the relay goes in the middle of a bulk edit of 60 posts', async () => {
    const { act, held, state } = await start()
    for (let id = 1; id <= 60; id++) await act('save', id, `Post ${id}`)
    expect(await act('send')).toBe(60)
    for (let id = 1; id <= 60; id++) {
      if (id === 25) state.door = 'deaf'
      if (id === 26) state.door = 'gone'
      await (id % 6 === 0 ? act('delete', id) : act('save', id, `Edited ${id}`))
      if (id % 10 === 0) await act('save', id - 1, `Edited again ${id - 1}`)
      await act('send')
      await act('wait', 1)
    }
    expect((await act('pending')).length).toBeGreaterThan(30)
    state.door = 'open'
    await act('wait', 300)
    await act('send')
    expect(await act('pending')).toEqual([])
    expect(await held()).toEqual(await act('posts'))
  })

  test.runIf(isHere)('is taken once where the relay took it and the answer was lost', async () => {
    const { act, held, state, duplicates } = await start()
    await act('save', 1, 'One')
    state.door = 'deaf'
    expect(await act('send')).toBe(0)
    state.door = 'open'
    await act('wait', 300)
    expect(await act('send')).toBe(1)
    expect(await held()).toEqual([[1, 'One']])
    expect(duplicates()).toBe(1)
  })

  test.runIf(isHere)('waits as long as Retry-After says in either form, also with what comes meanwhile', async () => {
    const { act, state } = await start()
    const date = new Date((startSec + 125 + 120) * 1000).toUTCString()
    for (const value of ['120', date]) {
      state.requests = 0
      await act('save', 1, 'One')
      state.door = { status: 503, headers: { 'retry-after': value } }
      expect(await act('send')).toBe(0)
      state.door = 'open'
      await act('save', 2, 'Two')
      await act('save', 1, 'One, edited')
      await act('wait', 110)
      expect(await act('send')).toBe(0)
      expect(state.requests).toBe(1)
      await act('wait', 15)
      expect(await act('send')).toBe(2)
    }
  })

  test.runIf(isHere)('asks less and less often while the relay is away', async () => {
    const { act, state } = await start()
    await act('save', 1, 'One')
    state.door = 'gone'
    for (let minute = 0; minute < 60; minute++) {
      await act('send')
      await act('wait', 60)
    }
    expect(state.requests).toBeGreaterThan(10)
    expect(state.requests).toBeLessThan(30)
  })

  test.runIf(isHere)(
    'keeps everything where the relay knows neither source nor secret, or sends it elsewhere',
    async () => {
      const { act, held, state } = await start()
      for (let id = 1; id <= 5; id++) await act('save', id, `Post ${id}`)
      for (const status of [401, 404, 302]) {
        state.requests = 0
        state.door = { status, headers: { location: '/elsewhere' } }
        expect(await act('send')).toBe(0)
        expect(state.requests).toBe(1)
        await act('wait', 300)
      }
      state.door = 'open'
      expect(await act('send')).toBe(5)
      expect(await held()).toEqual(await act('posts'))
    },
  )

  test.runIf(isHere)('keeps a post that is refused with its error, and lets the others pass', async () => {
    const { act, held, state } = await start()
    await act('save', 1, 'Poison')
    state.door = { status: 422 }
    expect(await act('send')).toBe(0)
    state.door = 'open'
    await act('save', 2, 'Two')
    expect(await act('send')).toBe(1)
    expect(await act('pending')).toEqual([['post:1', 1, expect.stringContaining('422')]])
    await act('save', 1, 'Cured')
    expect(await act('send')).toBe(1)
    expect(await act('pending')).toEqual([])
    expect(await held()).toEqual([[1, 'Cured'], [2, 'Two']]) // biome-ignore format: one idea
  })
})
