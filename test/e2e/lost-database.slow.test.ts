import { copyFileSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { createFolder } from '../folder.ts'
import { startScriptedIngest } from '../scripted-ingest.ts'
import { type RelayProcess, runCommand, startServe, writeConfig } from './process.ts'

const timeout = 60_000
/** From the loss to the first refusal. */
const noticedWithin = { timeout: 4_000, interval: 50 }

async function post(relay: RelayProcess, id: number): Promise<number> {
  const item = {
    event: 'post.saved',
    type: 'post',
    id,
    url: `https://example.com/${id}`,
    title: 't',
    text: 'x'.repeat(999),
  }
  const body = JSON.stringify(item)
  const headers = { 'content-type': 'application/json' }
  return (await fetch(`${relay.origin}/webhooks/demo`, { method: 'POST', headers, body })).status
}

async function start() {
  const ingest = await startScriptedIngest({ now: Date.now })
  const cwd = createFolder()
  writeConfig(cwd, ingest.baseUrl)
  const relay = await startServe({ cwd })
  for (let id = 1; id <= 20; id += 1) expect(await post(relay, id)).toBe(202)
  return { cwd, relay, database: join(cwd, 'data', 'relay.db') }
}

test('a database that is deleted under an idle relay: within four seconds it is not ready, refuses, and says why', {
  timeout,
}, async () => {
  const { relay, database } = await start()
  for (const ending of ['', '-wal', '-shm']) rmSync(`${database}${ending}`)
  await vi.waitFor(async () => expect((await fetch(`${relay.origin}/readyz`)).status).toBe(503), noticedWithin)
  expect(await post(relay, 21)).toBe(503)
  const line = JSON.parse(await relay.line(/"msg":"store\.lost"/))
  expect(line).toMatchObject({
    level: 'error',
    error: expect.stringMatching(/relay\.db was deleted or moved away.*docs\/recovery\.md/),
  })
  expect(relay.output().match(/"msg":"store\.lost"/g)).toHaveLength(1)
  expect((await fetch(`${relay.origin}/healthz`)).status).toBe(200)
})

test('a folder that is moved away under load, and back: what was acknowledged is there, and the relay goes on by itself', {
  timeout,
}, async () => {
  const { cwd, relay, database } = await start()
  const [data, away] = [join(cwd, 'data'), join(cwd, 'away')]
  let next = 100
  const acknowledged: number[] = []
  renameSync(data, away)
  await vi.waitFor(async () => {
    const id = next++
    const status = await post(relay, id)
    if (status === 202) acknowledged.push(id)
    expect(status).toBe(503)
  }, noticedWithin)
  await relay.line(/"msg":"store\.lost"/)
  renameSync(away, data)
  await vi.waitFor(async () => expect(await post(relay, next++)).toBe(202), { timeout: 8_000, interval: 50 })
  await relay.line(/"msg":"store\.back"/)
  expect(await relay.stop('SIGTERM')).toMatchObject({ code: 0 })
  const { stdout } = await runCommand(['status', '--json'], { cwd })
  const { events, destinations } = JSON.parse(stdout)
  const known = events.pending + destinations[0].pending + destinations[0].delivered
  expect(known).toBe(20 + acknowledged.length + 1)
  expect(readFileSync(database).length).toBeGreaterThan(0)
})

test('a backup that is copied into the open database is left as it is, and the next start says what to do', {
  timeout,
}, async () => {
  const { cwd, relay, database } = await start()
  const backup = join(cwd, 'backup.db')
  expect(await runCommand(['backup', backup], { cwd })).toMatchObject({ code: 0 })
  for (let id = 50; id < 80; id += 1) expect(await post(relay, id)).toBe(202)
  copyFileSync(backup, database)
  await vi.waitFor(async () => expect((await fetch(`${relay.origin}/readyz`)).status).toBe(503), noticedWithin)
  await relay.line(/was overwritten with another database/)
  await relay.stop('SIGTERM')
  expect(relay.output()).toContain('"msg":"relay.stopped"')
  expect(readFileSync(database).equals(readFileSync(backup))).toBe(true)
  const { code, stderr } = await runCommand(['serve'], { cwd })
  expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining('was replaced while it was open') })
  for (const ending of ['-wal', '-shm', '-open']) rmSync(`${database}${ending}`)
  const again = await startServe({ cwd })
  expect(await post(again, 90)).toBe(202)
})
