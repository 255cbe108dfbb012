import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { createSpareMemory } from '../../src/process/spare-memory.ts'

const megabyte = 1024 * 1024

function start() {
  const state = { size: 60 * megabyte, utilization: 0, at: 0, collections: 0 }
  const look = createSpareMemory({
    heapSize: () => state.size,
    utilization: () => state.utilization,
    monotonic: () => state.at,
    collect: () => {
      state.collections += 1
      state.size = 30 * megabyte
    },
  })
  return { state, look }
}

test('what a start has taken is given back once the thread is idle', () => {
  const { state, look } = start()
  state.utilization = 0.6
  expect(look()).toBe(false)
  state.utilization = 0.01
  expect(look()).toBe(true)
  expect(state.collections).toBe(1)
})

test('nothing is collected until the heap has grown again', () => {
  const { state, look } = start()
  look()
  state.at = 3_600_000
  expect(look()).toBe(false)
  state.size += 11 * megabyte
  expect(look()).toBe(false)
  state.size += 2 * megabyte
  expect(look()).toBe(true)
})

test('it is collected at most every ten seconds', () => {
  const { state, look } = start()
  look()
  state.size = 90 * megabyte
  state.at = 9_000
  expect(look()).toBe(false)
  state.at = 10_000
  expect(look()).toBe(true)
})

test('a thread that works half of the time is collected for more, and more seldom', () => {
  const { state, look } = start()
  look()
  state.utilization = 0.3
  state.at = 40_000
  state.size += 20 * megabyte
  expect(look()).toBe(false)
  state.size += 5 * megabyte
  state.at = 29_000
  expect(look()).toBe(false)
  state.at = 30_000
  state.utilization = 0.5
  expect(look()).toBe(false)
  state.utilization = 0.4
  expect(look()).toBe(true)
})

test('the real collector takes garbage away, shrinks the heap and leaves no flag on', async () => {
  const [said] = await once(new Worker(new URL('./collected.ts', import.meta.url)), 'message')
  expect(said).toMatchObject({ length: 200_000, wasCollected: true })
  expect(said.isFlagLeft).toBe(false)
  expect(said.givenBack).toBeGreaterThan(5 * megabyte)
})
