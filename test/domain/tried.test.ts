import { describe, expect, test } from 'vitest'
import { createReach, isTriedFor, notCounted, type Tried, triedAgain, untried } from '../../src/domain/tried.ts'
import fc from '../fast-check.ts'

const minute = 60_000
const hour = 60 * minute
const maxAgeMs = 72 * hour

/** Tried in vain once more; null once it is over. */
function again(tried: Tried, at: number, reachableSince = 0): Tried | null {
  const after = triedAgain(tried, { at, reachableSince, maxAgeMs })
  return isTriedFor(maxAgeMs, tried, after) ? null : after
}

describe('what was tried', () => {
  test('ages by the time between two attempts', () => {
    let tried: Tried | null = untried
    for (let at = hour; tried !== null; at += 10 * minute) {
      expect(tried.ms).toBe(Math.max(0, at - hour - 10 * minute))
      tried = again(tried, at)
      if (tried === null) expect(at).toBe(hour + maxAgeMs)
    }
  })

  test.each([
    ['had waited before it was tried at all', untried],
    ['came out of a pause', { ms: maxAgeMs - 1, at: 10 * hour }],
    ['was told to come later', notCounted({ ms: maxAgeMs - 1, at: 20 * hour })],
    ['is older than a max_age that was made shorter', { ms: 2 * maxAgeMs, at: 10 * hour }],
  ])('does not die of the first failure if it %s', (_what, tried) => {
    expect(again(tried, 1_000 * hour, 20 * hour)).toEqual({ ms: tried.ms, at: 1_000 * hour })
  })

  test('has nothing taken away by a clock that is set back', () => {
    expect(again({ ms: hour, at: 10 * hour }, 9 * hour)).toEqual({ ms: hour, at: 9 * hour })
  })

  test('never dies of fewer than five attempts, nor of less than max_age', () => {
    const waits = fc.array(fc.integer({ min: -maxAgeMs, max: 3 * maxAgeMs }), { minLength: 1, maxLength: 40 })
    fc.assert(
      fc.property(waits, (waits) => {
        let [tried, at, attempts, passed]: [Tried, number, number, number] = [untried, 1, 0, 0]
        for (const wait of waits) {
          at = Math.max(1, at + wait)
          attempts += 1
          if (attempts > 1) passed += Math.max(0, wait)
          const next = again(tried, at)
          if (next === null) {
            expect(attempts).toBeGreaterThanOrEqual(5)
            expect(passed).toBeGreaterThanOrEqual(maxAgeMs)
            return
          }
          expect(next.ms).toBeGreaterThanOrEqual(tried.ms)
          tried = next
        }
      }),
    )
  })
})

describe('the reach of the other side', () => {
  test('has no break while looks come as expected', () => {
    const reach = createReach(0)
    for (let at = 0; at < hour; at += 2_000) reach.look(at, true)
    reach.expectBy(2 * hour)
    reach.look(2 * hour + 9_000, true)
    expect(reach.since()).toBe(0)
  })

  test.each<[string, (reach: ReturnType<typeof createReach>) => void, number]>([
    ['while it may not be called', (reach) => reach.look(5_000, false), 5_000],
    ['after a look that comes too late', (reach) => reach.look(hour, true), hour],
    ['after a clock that is set back', (reach) => reach.look(900, true), 900],
    ['until a time that it has asked for', (reach) => reach.breakUntil(hour), hour],
  ])('has one %s', (_when, happen, since) => {
    const reach = createReach(0)
    reach.look(1_000, true)
    happen(reach)
    expect(reach.since()).toBe(since)
  })
})
