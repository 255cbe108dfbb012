import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { eventSeqOf } from '../../src/domain/event-id.ts'
import type { PickRange } from '../../src/store/shared/choose.ts'
import { createSteps, createTurn, stepRows } from '../../src/store/shared/steps.ts'
import { openEngine } from '../../src/store/sqlite/engine.ts'
import { openSqlite } from '../../src/store/sqlite/open.ts'
import { createFolder } from '../folder.ts'
import { arrive, claimedEvents, clock, deliver, finish, itemOf, map, send, start, upsert, webhook } from './support.ts'

const steps = createSteps(createTurn(null))

/** Rows 1 to `count`, of which each has its number as its time. */
function rows(count: number) {
  const ranges: PickRange[] = []
  const changed: (readonly number[])[] = []
  return {
    ranges,
    changed,
    async pick(range: PickRange) {
      ranges.push(range)
      const first = (range.after?.[1] ?? 0) + 1
      const length = Math.max(0, Math.min(range.limit, count - first + 1))
      const ids = Array.from({ length }, (_, index) => first + index)
      const last = length === range.limit ? ids.at(-1) : undefined
      return { ids, next: last === undefined ? null : ([last, last] as const) }
    },
    async change(ids: readonly number[]) {
      changed.push(ids)
      return ids.length
    },
  }
}

test('many rows are changed in steps, each of which goes on where the one before has ended', async () => {
  const { pick, change, ranges, changed } = rows(1_200)
  expect(await steps(5_000, pick, change)).toBe(1_200)
  expect(changed.map((ids) => [ids[0], ids.length])).toEqual([
    [1, 500],
    [501, 500],
    [1001, 200],
  ])
  expect(ranges.map(({ after }) => after)).toEqual([null, [500, 500], [1000, 1000]])
})

test('no more rows are changed than were asked for', async () => {
  const { pick, change, changed } = rows(1_200)
  expect(await steps(700, pick, change)).toBe(700)
  expect(changed.map(({ length }) => length)).toEqual([500, 200])
  expect(await steps(500, pick, change)).toBe(500)
  expect(await steps(0, pick, change)).toBe(0)
})

test('a row that is no longer meant does not count, and another one is changed for it', async () => {
  const { pick, change } = rows(1_200)
  const isMeant = (id: number) => id % 2 === 0
  expect(await steps(400, pick, (ids) => change(ids.filter(isMeant)))).toBe(400)
})

test('what is chosen at once is changed in steps all the same', async () => {
  const { pick, change, ranges, changed } = rows(5_000)
  expect(await steps(5_000, pick, change, 1_100)).toBe(5_000)
  expect(ranges[0]).toEqual({ limit: 1_100, after: null })
  expect(Math.max(...changed.map(({ length }) => length))).toBe(stepRows)
})

test('a step is followed by a pause where others wait for the lock', async () => {
  const { pick, change } = rows(1_200)
  let pauses = 0
  const inTurn = createTurn(async () => {
    pauses += 1
  })
  await createSteps(inTurn)(5_000, pick, change)
  expect(pauses).toBe(3)
})

const count = 1_300

/** A store with more items, and events, than one step takes. */
async function filledStore() {
  const path = join(createFolder(), 'relay.db')
  const store = await openSqlite(path, { thread: false, lock: true, now: clock.now })
  onTestFinished(() => store.close())
  const beside = await openSqlite(path, { thread: false, now: clock.now })
  onTestFinished(() => beside.close())
  const [event] = await claimedEvents(store, 1)
  const changes = Array.from({ length: count }, (_, index) => upsert(`p${index}`, 'A'))
  await map(store, event!, changes)
  for (let sent = 0; sent < count; sent += 500) await deliver(store)
  return { store, beside }
}

test('webhooks are accepted between the steps of a command, and every item is redelivered', async () => {
  const { store, beside } = await filledStore()
  let isOver = false
  const redelivering = beside.redeliverItems({ destination: 'main' }, 10_000, start + 5).finally(() => {
    isOver = true
  })
  let between = 0
  while (!isOver) {
    await store.accept([webhook()])
    const { pending } = (await store.readStats()).destinations[0]!
    if (pending > 0 && pending < count) between += 1
  }
  expect(between).toBeGreaterThan(0)
  expect(await redelivering).toBe(count)
  expect((await store.readStats()).destinations).toMatchObject([{ pending: count, delivered: 0 }])
  expect(await store.redeliverItems({ destination: 'main' }, 10_000, start + 5)).toBe(0)
})

test('of many events the newest are replayed, in steps', async () => {
  const path = join(createFolder(), 'relay.db')
  const store = await openSqlite(path, { thread: false, now: clock.now })
  onTestFinished(() => store.close())
  for (const event of await claimedEvents(store, 700)) await map(store, event, [])
  const [oldest] = await claimedEvents(store, 1, start - 1)
  await map(store, oldest!, [])
  expect(await store.replayEvents({ last: 600 }, 10_000)).toBe(600)
  expect(await store.getEvent(oldest!.id)).toMatchObject({ status: 'processed' })
  expect(await store.replayEvents({ last: 600 }, 10_000)).toBe(101)
})

describe('what is no longer as it was chosen', () => {
  /** An item that is delivered and one that is dead, an event that is over and one that is pending. */
  async function openTwo() {
    const path = join(createFolder(), 'relay.db')
    const store = await openSqlite(path, { thread: false, now: clock.now })
    onTestFinished(() => store.close())
    await arrive(store, [upsert('dead', 'A')])
    await finish(store, await send(store), { result: 'dead' })
    await arrive(store, [upsert('delivered', 'A')])
    await deliver(store)
    const over = (await store.listEvents({}, { limit: 1 })).rows[0]!.id
    const [accepted] = await store.accept([webhook()])
    await store.listEvents({}, { limit: 1 }) // spreads it out
    const engine = openEngine(path, {})
    onTestFinished(() => void engine.close())
    const [dead, delivered] = [await itemOf(store, 'dead'), await itemOf(store, 'delivered')]
    return { engine, dead: [dead.seq], delivered: [delivered.seq], over: [over], pending: [accepted!.eventId] }
  }

  type Two = Awaited<ReturnType<typeof openTwo>>
  const at = start + 5
  const to = { destination: 'other', hosts: [], sources: [] }
  const before = { events: start + 9, attempts: start + 9 }
  const seqsOf = (ids: readonly string[]) => ids.map((id) => eventSeqOf(id)!)

  test.for<[string, (two: Two) => number, (two: Two) => number]>([
    [
      'is not redelivered',
      ({ engine, delivered: seqs }) => engine.redeliverItems({ status: 'dead', seqs }, at),
      ({ engine, dead: seqs }) => engine.redeliverItems({ status: 'dead', seqs }, at),
    ],
    [
      'does not lose its version',
      ({ engine, delivered: seqs }) => engine.resetItems({ status: 'dead', seqs }, at),
      ({ engine, dead: seqs }) => engine.resetItems({ status: 'dead', seqs }, at),
    ],
    [
      'is not purged',
      ({ engine, delivered: seqs }) => engine.purgeItems({ seqs }),
      ({ engine, dead: seqs }) => engine.purgeItems({ seqs }),
    ],
    [
      'is not given up',
      ({ engine, delivered: seqs }) => engine.giveUpItems({ seqs }),
      ({ engine, dead: seqs }) => engine.giveUpItems({ seqs }),
    ],
    [
      'is not moved',
      ({ engine, delivered: seqs }) => engine.moveItems({ status: 'dead', seqs }, to, at).moved,
      ({ engine, dead: seqs }) => engine.moveItems({ status: 'dead', seqs }, to, at).moved,
    ],
    [
      'is not replayed',
      ({ engine, pending: ids }) => engine.replayEvents({ ids }),
      ({ engine, over: ids }) => engine.replayEvents({ ids }),
    ],
    [
      'is not deleted at the wish of a person',
      ({ engine, pending: ids }) => engine.purgeEvents({ ids }),
      ({ engine, over: ids }) => engine.purgeEvents({ ids }),
    ],
    [
      'is not deleted because of its age',
      ({ engine, pending }) => engine.prune({ events: seqsOf(pending), batches: [] }, before),
      ({ engine, over }) => engine.prune({ events: seqsOf(over), batches: [] }, before),
    ],
  ])('%s', async ([, tryOther, tryMeant]) => {
    const two = await openTwo()
    expect([tryOther(two), tryMeant(two)]).toEqual([0, 1])
  })
})
