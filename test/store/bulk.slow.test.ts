import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Store } from '../../src/store/contract/store.ts'
import { openDatabase } from '../../src/store/sqlite/database.ts'
import { openSqlite } from '../../src/store/sqlite/open.ts'
import { createFolder } from '../folder.ts'
import { startChild } from './children.ts'
import { start, webhook } from './support.ts'

// Receiving goes on while much is asked for at once: no accept may wait for more than some steps of it.

const items = 1_000_000
const redelivered = 100_000
/** Undisturbed ones take a few milliseconds. A sorted million took 3.8 s. */
const longestMs = 1_000

const path = join(createFolder(afterAll), 'relay.db')
let store: Store

beforeAll(async () => {
  const { db, close } = openDatabase(path)
  db.exec(`
    pragma synchronous = off;
    insert into items (destination, type, id, source, status, kind, checksum, bare_tombstone, event_seq, revision, bytes,
      changed_at, delivered_kind, delivered_checksum, delivered_at, may_exist)
    with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < ${items})
    select 'main', 'product', 'p' || n, 'shop', 'delivered', 'upsert', 'c', 0, 1, 1, 100,
      ${start} + (n * 7919) % ${items}, 'upsert', 'c', ${start}, 1 from numbers;
    pragma wal_checkpoint(truncate)`)
  close()
  store = await openSqlite(path, { lock: true })
}, 300_000)

afterAll(() => store.close())

/** Accepts webhooks one after the other until `until` resolves; answers how long each took. */
async function acceptUntil(until: Promise<unknown>): Promise<readonly number[]> {
  let isOver = false
  const over = until.finally(() => {
    isOver = true
  })
  const took: number[] = []
  while (!isOver) {
    const since = performance.now()
    await store.accept([webhook()])
    took.push(performance.now() - since)
  }
  await over
  return took.sort((a, b) => b - a)
}

function report(what: string, took: readonly number[]): void {
  const [longest = 0] = took
  const middle = took[Math.floor(took.length / 2)] ?? 0
  console.info(`${what}: ${took.length} accepts, median ${middle.toFixed(1)} ms, longest ${longest.toFixed(1)} ms`)
}

test('accepting goes on beside a redelivery of 100,000 of 1,000,000 items', async () => {
  report('undisturbed', await acceptUntil(setTimeout(2_000)))
  const redelivering = store.redeliverItems({ destination: 'main' }, redelivered, Date.now())
  const took = await acceptUntil(redelivering)
  report('beside a redelivery', took)
  expect(await redelivering).toBe(redelivered)
  expect(took[0]).toBeLessThan(longestMs)
}, 300_000)

test('a single item of a million is redelivered without a halt', async () => {
  const took = await acceptUntil(store.redeliverItems({ destination: 'main' }, 1, Date.now()))
  report('beside one of them', took)
  expect(took[0] ?? 0).toBeLessThan(longestMs)
}, 60_000)

test('accepting goes on beside a command that redelivers as many, and nobody is refused', async () => {
  const command = startChild('redeliver.ts', [path, String(redelivered)])
  const line = command.line()
  const took = await acceptUntil(line)
  report('beside a command', took)
  expect(await line).toBe(String(redelivered))
  expect(took[0]).toBeLessThan(longestMs)
}, 300_000)
