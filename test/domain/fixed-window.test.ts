import { expect, test } from 'vitest'
import { createFixedWindow } from '../../src/domain/fixed-window.ts'
import fc from '../fast-check.ts'
import { createClock } from '../support.ts'

const windowMs = 1_000

test('as many pass in a window as the limit says, not one more or less', () => {
  const wave = fc.record({
    count: fc.integer({ min: 0, max: 150 }),
    wait: fc.constantFrom(0, 1, 400, 999, 1_000, 1_700),
  })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 400 }), fc.array(wave, { maxLength: 12 }), (max, waves) => {
      const clock = createClock()
      const pass = createFixedWindow({ max, windowMs, now: clock.now })
      let startedAt = Number.NEGATIVE_INFINITY
      let passed = 0
      for (const { count, wait } of waves) {
        if (count > 0 && clock.now() >= startedAt + windowMs) {
          startedAt = clock.now()
          passed = 0
        }
        const wanted = Math.min(count, max - passed)
        expect(Array.from({ length: count }, pass).filter((wait) => wait === null)).toHaveLength(wanted)
        passed += wanted
        clock.advance(wait)
      }
    }),
  )
})

test('who is refused is told how long the window lasts, and after that others pass', () => {
  const clock = createClock()
  const pass = createFixedWindow({ max: 2, windowMs, now: clock.now })
  expect([pass(), pass()]).toEqual([null, null])
  clock.advance(300)
  expect(pass()).toBe(700)
  clock.advance(700)
  expect(pass()).toBeNull()
})

test('a clock that was set back closes no window: counting starts anew', () => {
  const clock = createClock()
  const pass = createFixedWindow({ max: 1, windowMs, now: clock.now })
  expect([pass(), pass()]).toEqual([null, 1_000])
  clock.advance(-3_600_000)
  expect(pass()).toBeNull()
})
