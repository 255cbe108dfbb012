import { expect, test } from 'vitest'
import { type Clock, createClock, product, startRelay } from '../support.ts'

const nowhere = { baseUrl: 'http://127.0.0.1:9/v1/ingest' }

test('few large webhooks are mapped in one step, whatever waits', async () => {
  const { relay, sendShop, map, signals } = await startRelay(nowhere)
  const body_html = `<p>${'word '.repeat(300_000)}</p>`
  for (const id of [1, 2, 3]) await sendShop('products/update', product(id, { body_html }))
  expect(await relay.mapStep()).toBe(2)
  await map()
  expect(signals.filter(({ kind }) => kind === 'event.mapped')).toHaveLength(3)
})

test('a step that takes long settles what it has mapped, and goes on with the rest in the next one', async () => {
  const { relay, sendShop, map, signals } = await startRelay({ ...nowhere, clock: createSlowClock(2_000) })
  for (let id = 1; id <= 40; id += 1) await sendShop('products/update', product(id))
  // Meanwhile the prune loop takes back claims whose lease is over; what was mapped under one would not count.
  expect(await relay.mapStep()).toBeLessThan(5)
  await map()
  const mapped = signals.filter(({ kind }) => kind === 'event.mapped')
  expect(mapped.map((signal) => 'eventId' in signal && signal.eventId)).toEqual(
    Array.from({ length: 40 }, (_, index) => `evt_${index + 1}`),
  )
})

test('between events that take long to map, what else there is to do gets its turn', async () => {
  const { relay, sendShop } = await startRelay({ ...nowhere, clock: createSlowClock(20) })
  for (let id = 1; id <= 7; id += 1) await sendShop('products/update', product(id))
  let turns = 0
  let isOver = false
  const turn = () => {
    turns += 1
    if (!isOver) setImmediate(turn)
  }
  setImmediate(turn)
  await relay.mapStep()
  isOver = true
  expect(turns).toBeGreaterThan(6)
})

/** A clock on which each look at it takes so long. */
function createSlowClock(ms: number): Clock {
  const clock = createClock()
  return {
    ...clock,
    now() {
      clock.advance(ms)
      return clock.now()
    },
  }
}
