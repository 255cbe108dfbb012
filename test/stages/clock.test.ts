import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createFolder } from '../folder.ts'
import { refused, startScriptedIngest } from '../scripted-ingest.ts'
import { createClock, product, startRelay } from '../support.ts'

const second = 1_000
const hour = 3_600_000

/** A relay whose clock can be set, beside one that can not. */
async function start() {
  const clock = createClock()
  const ingest = await startScriptedIngest(clock)
  let set = 0
  const test = await startRelay({ baseUrl: ingest.baseUrl, clock, monotonic: () => clock.now() - set })
  const publish = async (id: number) => {
    await test.sendShop('products/update', product(id))
    await test.map()
  }
  const setClock = (byMs: number) => {
    set += byMs
    clock.advance(byMs)
  }
  const stepsBack = () => test.signals.filter(({ kind }) => kind === 'clock.stepped_back')
  return { ...test, ingest, publish, setClock, stepsBack }
}

describe('a clock that is set back', () => {
  test.each([hour, 60 * second])('by %d ms delays neither what rests nor what is tried again', async (byMs) => {
    const test = await start()
    test.ingest.answer(() => refused(503, 'busy', true))
    await test.publish(1)
    await test.deliver(second)
    await test.publish(2)
    test.ingest.answer(() => undefined)
    const calls = test.ingest.calls.length
    test.setClock(-byMs)
    await test.deliver()
    expect(test.ingest.calls).toHaveLength(calls)
    expect(await test.relay.clockStep()).toBe(true)
    await test.deliver()
    expect(test.ingest.calls.slice(calls).map(({ ids }) => ids)).toEqual([['product:1'], ['product:2']])
    expect(test.ingest.calls.at(-2)!.key).toBe(test.ingest.calls[0]!.key)
    expect(test.stepsBack()).toEqual([{ kind: 'clock.stepped_back', byMs }])
  })

  test('ends the pause that a 429 has asked for, and the wait of a circuit', async () => {
    for (const status of [429, 503]) {
      const test = await start()
      test.ingest.answer(() => ({ ...refused(status, 'busy', true), headers: { 'retry-after': '60' } }))
      for (let id = 1; id <= 6; id += 1) {
        await test.publish(id)
        await test.deliver(70 * second)
      }
      expect(test.relay.delivers.get('main')?.circuit().state).toBe(status === 503 ? 'open' : 'closed')
      test.ingest.answer(() => undefined)
      test.setClock(-90 * second)
      const calls = test.ingest.calls.length
      await test.deliver()
      expect(test.ingest.calls).toHaveLength(calls)
      await test.relay.clockStep()
      await test.deliver()
      await test.deliver()
      expect(test.relay.delivers.get('main')?.circuit().state).toBe('closed')
      expect(test.ingest.calls.length).toBeGreaterThan(calls)
    }
  })

  test('is noticed once, each time', async () => {
    const test = await start()
    const noticed = []
    for (const byMs of [-hour, 0, hour, 0, -hour, 0]) {
      test.setClock(byMs)
      test.clock.advance(2 * second)
      noticed.push(await test.relay.clockStep())
    }
    expect(noticed).toEqual([true, false, false, false, true, false])
  })

  test('and was ahead only between two looks is noticed where it has told the time meanwhile', async () => {
    const test = await start()
    test.setClock(hour)
    test.setClock(-hour)
    expect(await test.relay.clockStep()).toBe(false)
    test.setClock(hour)
    await test.publish(1)
    test.setClock(-hour)
    expect(await test.relay.clockStep()).toBe(true)
    await test.deliver()
    expect(test.ingest.calls).toHaveLength(1)
  })

  test('a little at a time, as time synchronization does it, or ahead, changes nothing', async () => {
    const test = await start()
    await test.publish(1)
    for (const byMs of [-4_999, -1, -4_999, 90 * second, 0]) {
      test.setClock(byMs)
      expect(await test.relay.clockStep()).toBe(false)
    }
    expect(test.stepsBack()).toEqual([])
  })

  test('is noticed by a relay at work, which rings its bells', async () => {
    const test = await start()
    await test.publish(1)
    test.setClock(-60 * second)
    const delivered = new Promise<void>((resolve) => {
      test.ingest.answer(() => void resolve())
    })
    test.relay.start()
    await delivered
    expect(test.stepsBack()).toHaveLength(1)
  })

  test('while no relay ran is noticed by the one that starts then', async () => {
    const store = `sqlite:${join(createFolder(), 'relay.db')}`
    const clock = createClock()
    const ingest = await startScriptedIngest(clock)
    clock.advance(90 * second)
    const before = await startRelay({ baseUrl: ingest.baseUrl, clock, store })
    await before.sendShop('products/update', product(1))
    await before.map()
    await before.relay.close()
    clock.advance(-90 * second)
    const after = await startRelay({ baseUrl: ingest.baseUrl, clock, store })
    expect(await after.relay.clockStep()).toBe(true)
    await after.deliver()
    expect(ingest.calls.map(({ ids }) => ids)).toEqual([['product:1']])
    expect(await after.relay.clockStep()).toBe(false)
  })

  test('is noticed again where the store could not be written', async () => {
    const test = await start()
    const { recover } = test.relay.store
    test.relay.store.recover = () => Promise.reject(new Error('the disk is full'))
    test.setClock(-hour)
    await expect(test.relay.clockStep()).rejects.toThrow('the disk is full')
    test.relay.store.recover = recover
    expect(await test.relay.clockStep()).toBe(true)
  })
})
