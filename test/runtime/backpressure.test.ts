import { expect, test } from 'vitest'
import { createBackpressure } from '../../src/runtime/backpressure.ts'

function start() {
  let at = 0
  let share = 0
  const backpressure = createBackpressure({ now: () => at, readShare: () => share })
  /** Lets time pass in which so many webhooks were being received and the event loop was so busy. */
  const pass = (ms: number, webhooks: number, busy: number) => {
    at += ms
    share = busy
    backpressure.see(webhooks)
    return backpressure.isBusy()
  }
  return pass
}

test('many webhooks at once that keep the event loop busy are a crowd, until a moment after the last', () => {
  const pass = start()
  expect(pass(100, 64, 0.9)).toBe(true)
  expect(pass(60, 2, 0.9)).toBe(true)
  expect(pass(60, 2, 0.9)).toBe(false)
})

test('few webhooks are none, however busy the event loop is', () => {
  const pass = start()
  expect(pass(100, 8, 1)).toBe(false)
})

test('many that wait for a slow disk are none: other work goes on after two tenths of a second', () => {
  const pass = start()
  expect(pass(5_000, 64, 0)).toBe(true)
  const after = (ms: number, busy: number) => Array.from({ length: ms / 50 }, () => pass(50, 64, busy))
  expect(after(200, 0.3)).toEqual([true, true, true, false])
  expect(after(500, 0.95).at(-1)).toBe(true)
})

test('a moment in which the event loop rests, for a checkpoint, does not end a crowd', () => {
  const pass = start()
  const busy = [...Array.from({ length: 20 }, () => 0.95), 0.5, 0.5, 0.95, 0.95]
  expect(busy.map((share) => pass(50, 64, share))).not.toContain(false)
})

test('the share is that of the event loop', async () => {
  let at = 0
  const backpressure = createBackpressure({ now: () => at })
  backpressure.see(64)
  for (const until = performance.now() + 50; performance.now() < until; );
  await new Promise(setImmediate)
  at = 100
  backpressure.see(64)
  expect(backpressure.isBusy()).toBe(true)
})
