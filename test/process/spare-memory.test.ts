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
  state.utilization = 0.5
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

test('it is collected at most once a minute', () => {
  const { state, look } = start()
  look()
  state.size = 90 * megabyte
  state.at = 59_000
  expect(look()).toBe(false)
  state.at = 60_000
  expect(look()).toBe(true)
})

test('the real collector takes garbage away, shrinks the heap and leaves no flag on', async () => {
  const [said] = await once(new Worker(new URL('./collected.ts', import.meta.url)), 'message')
  expect(said).toMatchObject({ length: 200_000, wasCollected: true })
  expect(said.isFlagLeft).toBe(false)
  expect(said.givenBack).toBeGreaterThan(5 * megabyte)
})
