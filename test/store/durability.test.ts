import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { closedCircuit } from '../../src/domain/circuit.ts'
import type { Store } from '../../src/store/contract/store.ts'
import { openSqlite } from '../../src/store/sqlite/open.ts'
import { createFolder } from '../folder.ts'
import { arrive, claim, claimedEvents,
  clock, deliver, finish, lease, map, owner, send, settle, start, upsert, webhook } from './support.ts' // biome-ignore format: one idea

type Level = 'synced' | 'unsynced'

/** The level at which each commit of this process is made, in order. `full` is the only one that syncs the log. */
function watchCommits(): Level[] {
  const levels: Level[] = []
  const { prepare } = DatabaseSync.prototype
  DatabaseSync.prototype.prepare = function watched(this: DatabaseSync, ...args: Parameters<typeof prepare>) {
    const statement = Reflect.apply(prepare, this, args) as ReturnType<typeof prepare>
    if (!/^\s*commit/i.test(args[0])) return statement
    const level = Reflect.apply(prepare, this, ['pragma synchronous']) as ReturnType<typeof prepare>
    const { run } = statement
    const noted = () => {
      levels.push(level.get()?.['synchronous'] === 2 ? 'synced' : 'unsynced')
      return Reflect.apply(run, statement, [])
    }
    return Object.assign(statement, { run: noted })
  }
  onTestFinished(() => {
    DatabaseSync.prototype.prepare = prepare
  })
  return levels
}

const main = { destination: 'main', type: 'product', id: 'p1' }
const to = { destination: 'other', hosts: ['example.com'], sources: ['shop'] }
const lease1 = { owner, leaseMs: lease }

/** Something of each kind that the methods below find. */
async function fill(store: Store): Promise<void> {
  await arrive(store, [upsert('p1', 'A'), upsert('p2', 'A')])
  await deliver(store)
}

/** Makes items that no call has been made for, after everything else is delivered. */
async function makeDue(store: Store): Promise<void> {
  await arrive(store, [upsert('p1', 'B'), upsert('p2', 'B')])
}

async function makeDead(store: Store): Promise<void> {
  await makeDue(store)
  await finish(store, await send(store), { result: 'dead' })
}

/** A part of a split with one item, or the like. */
const part = (id: string, seq: number) => ({ id, key: id, body: Buffer.from('{}'), items: [seq] })

interface Act {
  readonly level: Level
  /** Makes ready, and answers the call itself. */
  readonly act: (store: Store) => Promise<() => Promise<unknown>>
}

const now = (call: (store: Store) => Promise<unknown>): Act['act'] => {
  return async (store) => () => call(store)
}

/** All that writes, and what a power cut may take of it: only what is simply done again, or is no more than a number. */
const acts: Readonly<Record<string, Act>> = {
  accept: { level: 'synced', act: now((store) => store.accept([webhook()])) },
  claimEvents: {
    level: 'unsynced',
    async act(store) {
      await store.accept([webhook()])
      return () => store.claimEvents({ ...lease1, limit: 1 })
    },
  },
  settleEvents: {
    level: 'unsynced',
    async act(store) {
      const [event] = await claimedEvents(store, 1)
      return () => map(store, event!, [upsert('p3', 'A')])
    },
  },
  claimWaiting: {
    level: 'unsynced',
    async act(store) {
      await wait(store)
      return () => store.claimWaiting({ ...lease1, source: 'shop' })
    },
  },
  releaseWaiting: {
    level: 'unsynced',
    async act(store) {
      await wait(store)
      return () => store.releaseWaiting([], 10)
    },
  },
  claimItems: {
    level: 'unsynced',
    async act(store) {
      await makeDue(store)
      return () => claim(store)
    },
  },
  sealBatch: {
    level: 'synced',
    async act(store) {
      await makeDue(store)
      const batch = await claim(store)
      return () => store.sealBatch(owner, { id: batch!.batchId, key: 'k', body: Buffer.from('{}') })
    },
  },
  claimBatch: {
    level: 'unsynced',
    async act(store) {
      await makeDue(store)
      await settle(store, await send(store), { kind: 'retry', nextAt: start, error: 'status 503' })
      return () => store.claimBatch({ ...lease1, destination: 'main' })
    },
  },
  'settleBatch done': {
    level: 'unsynced',
    async act(store) {
      await makeDue(store)
      const batch = await send(store)
      return () => finish(store, batch, { result: 'delivered' })
    },
  },
  'settleBatch retry': {
    level: 'unsynced',
    async act(store) {
      await makeDue(store)
      const batch = await send(store)
      return () => settle(store, batch, { kind: 'retry', nextAt: start, error: 'status 503' })
    },
  },
  'settleBatch split': {
    level: 'synced',
    async act(store) {
      await makeDue(store)
      const batch = await send(store)
      const parts = batch.items.map(({ seq }) => part(`part-${seq}`, seq))
      return () => settle(store, batch, { kind: 'split', error: 'status 413', parts })
    },
  },
  recordAttempt: {
    level: 'unsynced',
    async act(store) {
      const { rows } = await store.listBatches({}, { limit: 1 })
      const attempt = { batchId: rows[0]!.id, destination: 'main', at: start, durationMs: 1, status: 200 }
      return () => store.recordAttempt({ ...attempt, outcome: 'settled', error: null, requestId: null, itemCount: 2 })
    },
  },
  lease: { level: 'unsynced', act: now((store) => store.lease('sync', owner, lease)) },
  recover: { level: 'unsynced', act: now((store) => store.recover({})) },
  changeCircuit: { level: 'synced', act: now((store) => store.changeCircuit('main', 0, closedCircuit(start))) },
  writeRhythms: {
    level: 'unsynced',
    act: now((store) => {
      const rhythm = { firstAt: start, lastAt: start, webhooks: 1, longest: [], silentAt: null }
      return store.writeRhythms(new Map([['shop', rhythm]]))
    }),
  },
  replayEvents: { level: 'synced', act: now((store) => store.replayEvents({}, 10)) },
  purgeEvents: { level: 'unsynced', act: now((store) => store.purgeEvents({}, 10)) },
  redeliverItems: { level: 'synced', act: now((store) => store.redeliverItems({}, 10, start + 1)) },
  resetItems: { level: 'synced', act: now((store) => store.resetItems({}, 10, start + 1)) },
  purgeItems: {
    level: 'synced',
    async act(store) {
      await makeDead(store)
      return () => store.purgeItems({}, 10)
    },
  },
  giveUpItems: {
    level: 'synced',
    async act(store) {
      await makeDue(store)
      return () => store.giveUpItems({ destination: 'main' }, 10)
    },
  },
  removeItem: { level: 'synced', act: now((store) => store.removeItem({ ...main, hold: true })) },
  releaseItem: {
    level: 'synced',
    async act(store) {
      await store.removeItem({ ...main, hold: true })
      return () => store.releaseItem(main)
    },
  },
  abandonBatches: {
    level: 'synced',
    async act(store) {
      await makeDue(store)
      await settle(store, await send(store), { kind: 'retry', nextAt: start, error: 'status 503' })
      return () => store.abandonBatches('main')
    },
  },
  moveItems: { level: 'synced', act: now((store) => store.moveItems({ destination: 'main' }, to, 10)) },
  resendItems: { level: 'synced', act: now((store) => store.resendItems({ ...to, destination: 'main' })) },
  writeTarget: {
    level: 'synced',
    act: now((store) =>
      store.writeTarget('main', { website_id: 'w', site_domain: 's', base_url: 'b', connector_type: 'api' }),
    ),
  },
  addTurnedAway: {
    level: 'unsynced',
    act: now((store) => {
      const counts = [{ source: 'shop', at: start, duplicate: 1, refused: 0 }]
      return store.addTurnedAway({ refusals: [], counts, last: [] })
    }),
  },
  noteWaiting: {
    level: 'unsynced',
    async act(store) {
      await makeDue(store)
      return () => store.noteWaiting()
    },
  },
  prune: { level: 'unsynced', act: now((store) => store.prune({ events: -1, attempts: -1 }, 10)) },
  checkHealth: { level: 'synced', act: now((store) => store.checkHealth()) },
}

async function wait(store: Store): Promise<void> {
  const [event] = await claimedEvents(store, 1)
  const outcome = { status: 'waiting', dueAt: start, attempts: 0, error: null } as const
  await store.settleEvents(owner, [{ seq: event!.seq, mapper: 'm', mapperVersion: 'v', outcome, changes: [] }])
}

/** They write nothing, or nothing of their own: events are spread out before they are listed. */
const reads = /^(read|list|get|group|choose|circuitsSince|next|newest|onWork|checkFiles|close|shrink$)/

async function openWatched() {
  const levels = watchCommits()
  clock.at = start
  const store = await openSqlite(join(createFolder(), 'relay.db'), { thread: false, now: clock.now })
  onTestFinished(() => store.close())
  await fill(store)
  levels.splice(0)
  return { store, levels }
}

test('what a store can write is known here, each with what a power cut may take of it', async () => {
  const { store } = await openWatched()
  const named = new Set(Object.keys(acts).map((name) => name.split(' ')[0]))
  const others = Object.keys(store).filter((name) => !reads.test(name) && !named.has(name))
  expect(others).toEqual([])
})

for (const [name, { level, act }] of Object.entries(acts)) {
  test(`${name} is ${level}`, async () => {
    const { store, levels } = await openWatched()
    const call = await act(store)
    levels.splice(0)
    await call()
    expect(levels).not.toEqual([])
    expect(new Set(levels)).toEqual(new Set([level]))
  })
}

test('the first commit of a connection is synced as any other', async () => {
  const path = join(createFolder(), 'relay.db')
  const open = () => openSqlite(path, { thread: false })
  await (await open()).close()
  const levels = watchCommits()
  const store = await open()
  onTestFinished(() => store.close())
  levels.splice(0)
  await store.accept([webhook()])
  expect(levels).toEqual(['synced'])
})

const canTrace = spawnSync('strace', ['-e', 'trace=none', 'true']).status === 0

test.skipIf(!canTrace)('each accept that is alone syncs the log before it is answered', () => {
  const path = join(createFolder(), 'relay.db')
  const accepts = 20
  const child = fileURLToPath(new URL('accept-some.ts', import.meta.url))
  const args = ['-f', '-y', '-e', 'trace=fdatasync,fsync', process.execPath, child, path, String(accepts)]
  const { stderr, stdout } = spawnSync('strace', args, { encoding: 'utf8' })
  expect(stdout).toBe('done\n')
  const syncs = stderr.split('\n').filter((line) => line.includes('relay.db-wal>'))
  expect(syncs.length).toBeGreaterThanOrEqual(accepts)
})
