import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { Signal } from '../../src/domain/signal.ts'
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
  expect(mappedIn(signals)).toEqual(Array.from({ length: 40 }, (_, index) => `evt_${index + 1}`))
})

test('between events that take long to map, what else there is to do gets its turn', async () => {
  const { relay, sendShop } = await startRelay({ ...nowhere, clock: createSlowClock(20) })
  for (let id = 1; id <= 7; id += 1) await sendShop('products/update', product(id))
  expect(await turnsOf(() => relay.mapStep())).toBeGreaterThan(6)
})

test('a step ends early when webhooks crowd in, and those that it did not come to are mapped first after it', async () => {
  const { relay, sendShop, map, signals } = await startRelay(nowhere)
  for (let id = 1; id <= 40; id += 1) await sendShop('products/update', product(id))
  const step = relay.mapStep()
  setImmediate(() => {
    for (let count = 0; count < 9; count += 1) relay.intake.enter()
  })
  expect(await step).toBe(8)
  await map()
  expect(mappedIn(signals)).toEqual(Array.from({ length: 40 }, (_, index) => `evt_${index + 1}`))
})

test('a step that begins while webhooks crowd in claims no more than it will map', async () => {
  const { relay, sendShop } = await startRelay(nowhere)
  const claim = vi.spyOn(relay.store, 'claimEvents')
  for (let id = 1; id <= 12; id += 1) await sendShop('products/update', product(id))
  for (let count = 0; count < 9; count += 1) relay.intake.enter()
  expect(await relay.mapStep()).toBe(8)
  expect(claim).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ limit: 8 }))
})

test('many connections that are opened at once are all accepted before mapping goes on', async () => {
  const { relay, app, sendShop } = await startRelay(nowhere)
  for (let id = 1; id <= 16; id += 1) await sendShop('products/update', product(id))
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo
  let accepted = 0
  app.server.on('connection', () => {
    accepted += 1
  })
  const sockets = Array.from({ length: 30 }, () => connect({ host: '127.0.0.1', port }))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
  })
  await once(sockets[0]!, 'connect')
  await relay.mapStep()
  expect(accepted).toBe(30)
})

test('where something comes in all the time, mapping goes on all the same', async () => {
  const { relay, sendShop } = await startRelay(nowhere)
  for (let id = 1; id <= 24; id += 1) await sendShop('products/update', product(id))
  const step = async () => expect(await relay.mapStep()).toBe(24)
  expect(await turnsOf(step, relay.intake.connect)).toBeGreaterThan(2 * 64)
})

/** The ids of the events that were mapped, in order. */
function mappedIn(signals: readonly Signal[]): readonly unknown[] {
  const mapped = signals.filter(({ kind }) => kind === 'event.mapped')
  return mapped.map((signal) => 'eventId' in signal && signal.eventId)
}

/** How many turns the event loop makes while something runs; `onTurn` is called in each. */
async function turnsOf(run: () => Promise<unknown>, onTurn = () => {}): Promise<number> {
  let turns = 0
  let isOver = false
  const turn = () => {
    turns += 1
    onTurn()
    if (!isOver) setImmediate(turn)
  }
  setImmediate(turn)
  await run()
  isOver = true
  return turns
}

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
