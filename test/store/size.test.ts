import { statSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { createPrune } from '../../src/stages/upkeep/prune.ts'
import type { Store } from '../../src/store/contract/store.ts'
import { openSqlite } from '../../src/store/sqlite/open.ts'
import { createFolder } from '../folder.ts'
import {
  arrive,
  atTime,
  claimedEvents,
  clock,
  dueIds,
  map,
  owner,
  pruneBefore,
  start,
  upsert,
  webhook,
} from './support.ts'

const megabyte = 1_000_000
const hour = 3_600_000

function newPath(): string {
  const folder = createFolder()
  return join(folder, 'relay.db')
}

async function openFile(path: string): Promise<Store> {
  const store = await openSqlite(path, { thread: false, now: clock.now })
  onTestFinished(() => store.close())
  return store
}

/** Events of a megabyte each that have been mapped. */
async function settledEvents(store: Store, count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    await store.accept([webhook({ body: Buffer.alloc(megabyte, index) })])
    const [event] = await atTime(store, start).claimEvents({ owner, leaseMs: hour, limit: 1 })
    await map(store, event!, [])
  }
}

/** The size of the file once its log is worked in. */
async function sizeOf(path: string): Promise<number> {
  const db = new DatabaseSync(path)
  db.exec('pragma wal_checkpoint(truncate)')
  db.close()
  return statSync(path).size
}

test('what retention has freed goes back to the disk in small steps, and what is pending stays', async () => {
  const path = newPath()
  const store = await openFile(path)
  await settledEvents(store, 60)
  await arrive(store, [upsert('due', 'A')], start + 3 * hour) // after the others in the file, which has to be moved
  const [waits] = await store.accept([webhook({ deliveryId: 'waits', body: Buffer.alloc(megabyte, 200) })])
  await claimedEvents(store, 1, start)
  const full = await sizeOf(path)
  expect(full).toBeGreaterThan(60 * megabyte)

  const retention = { events: hour, attempts: hour }
  const prune = createPrune({ store, owner, retention: () => retention, now: clock.now })
  let steps = 0
  clock.at = start + 3 * hour
  for (let done = await prune(); done > 0; done = await prune()) {
    steps += 1
    expect(done).toBeLessThanOrEqual(500)
    // Receiving goes on between the steps.
    expect(
      (await store.accept([webhook({ deliveryId: `d${steps}`, receivedAt: start + 3 * hour })]))[0]!.duplicate,
    ).toBe(false)
  }
  expect(steps).toBeGreaterThan(30)
  expect(await prune()).toBe(0)
  expect(await sizeOf(path)).toBeLessThan(full / 2)
  expect(new DatabaseSync(path).prepare('pragma integrity_check').get()).toEqual({ integrity_check: 'ok' })
  expect((await store.getEvent(waits!.eventId))!.body.equals(Buffer.alloc(megabyte, 200))).toBe(true)
  expect((await store.accept([webhook({ deliveryId: 'waits' })]))[0]!.duplicate).toBe(true)
  expect(await dueIds(store, start + 3 * hour)).toEqual(['due'])
})

test('room for what comes next is kept, and used again before the file grows', async () => {
  const path = newPath()
  const store = await openFile(path)
  await settledEvents(store, 15)
  const full = await sizeOf(path)
  expect(await pruneBefore(store, { events: start + hour, attempts: 0 }, 100)).toBe(15)
  expect(await store.shrink()).toBe(0)
  await settledEvents(store, 14)
  expect(await sizeOf(path)).toBeLessThanOrEqual(full)
})

test('a database from before keeps its ways: its room is used again, and not given back', async () => {
  const path = newPath()
  const older = new DatabaseSync(path)
  older.exec('pragma journal_mode = wal; create table t (a); drop table t')
  older.close()
  const store = await openFile(path)
  await settledEvents(store, 30)
  await pruneBefore(store, { events: start + hour, attempts: 0 }, 100)
  expect(await store.shrink()).toBe(0)
})

test('under a constant stream the size stays what retention needs', async () => {
  const path = newPath()
  const store = await openFile(path)
  let now = start
  const prune = createPrune({ store, owner, retention: () => ({ events: 10_000, attempts: 10_000 }), now: clock.now })
  const sizes: number[] = []
  for (let second = 0; second < 200; second += 1) {
    now += 1_000
    await store.accept(
      Array.from({ length: 20 }, () => webhook({ receivedAt: now, body: Buffer.alloc(3_000, second) })),
    )
    const events = await atTime(store, now).claimEvents({ owner, leaseMs: hour, limit: 20 })
    for (const [index, event] of events.entries()) await map(store, event, [upsert(`p${index}`, `${second}`)], now)
    while ((await prune()) > 0);
    if (second % 50 === 49) sizes.push(await sizeOf(path))
  }
  expect(Math.max(...sizes.slice(1))).toBeLessThanOrEqual(sizes[0]! * 1.1)
  const kept = (await store.listEvents({}, { limit: 1_000 })).rows.length
  expect(kept).toBeLessThanOrEqual(11 * 20)
})
