import { copyFileSync, mkdirSync, readdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readMigrations } from '../../src/store/sqlite/migrate.ts'
import { createFolder } from '../folder.ts'
import { startScriptedIngest } from '../scripted-ingest.ts'
import { product } from '../support.ts'
import { runCommand, shopHeaders, startServe, untilSettled, writeConfig } from './process.ts'

test('a backup under traffic, a kill, and a restore as the page says: all that was acknowledged before is there', {
  timeout: 60_000,
}, async () => {
  const ingest = await startScriptedIngest({ now: Date.now })
  const cwd = createFolder()
  writeConfig(cwd, ingest.baseUrl)
  const relay = await startServe({ cwd })
  const acknowledged: number[] = []
  const traffic = startTraffic(relay.origin, acknowledged)

  await traffic.until(200)
  const before = acknowledged.slice()
  const { code, stdout, stderr } = await runCommand(['backup', 'backup.db', '--json'], { cwd })
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(JSON.parse(stdout)).toMatchObject({
    file: join(cwd, 'backup.db'),
    bytes: expect.any(Number),
    schema: readMigrations().length,
  })
  await traffic.until(acknowledged.length + 50)
  await relay.stop('SIGKILL')
  await traffic.end()

  // The steps of docs/recovery.md.
  const data = join(cwd, 'data')
  mkdirSync(join(cwd, 'damaged'))
  for (const name of readdirSync(data)) renameSync(join(data, name), join(cwd, 'damaged', name))
  copyFileSync(join(cwd, 'backup.db'), join(data, 'relay.db'))
  const restored = await startServe({ cwd })

  const statuses = await Promise.all(before.map((id) => send(restored.origin, id)))
  expect(statuses).toEqual(before.map(() => 'duplicate'))
  await untilSettled(restored.origin)
  const delivered = new Set(ingest.calls.flatMap(({ ids }) => ids))
  expect(before.filter((id) => !delivered.has(`product:${id}`))).toEqual([])
})

/** Answers the status in a 202; null where there was none. */
async function send(origin: string, id: number): Promise<string | null> {
  const body = JSON.stringify(product(id))
  const headers = shopHeaders(body, { 'x-shopify-webhook-id': `delivery-${id}` })
  try {
    const answer = await fetch(`${origin}/webhooks/shop`, { method: 'POST', headers, body })
    return ((await answer.json()) as { data: { status: string } }).data.status
  } catch {
    return null // the relay is gone
  }
}

/** Sends one product after the other, from several sides, until it is ended. */
function startTraffic(origin: string, acknowledged: number[]) {
  let next = 1
  let ended = false
  const waiting = new Set<() => void>()
  async function sender(): Promise<void> {
    while (!ended) {
      const id = next++
      if ((await send(origin, id)) !== 'accepted') return
      acknowledged.push(id)
      for (const look of waiting) look()
    }
  }
  const senders = Promise.all(Array.from({ length: 8 }, sender))
  return {
    until: (count: number) =>
      new Promise<void>((resolve) => {
        const look = () => {
          if (acknowledged.length < count) return
          waiting.delete(look)
          resolve()
        }
        waiting.add(look)
        look()
      }),
    async end() {
      ended = true
      await senders
    },
  }
}
