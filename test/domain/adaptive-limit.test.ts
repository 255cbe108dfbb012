import { describe, expect, test } from 'vitest'
import { aSixteenthMore, createAdaptiveLimit, oneMore } from '../../src/domain/adaptive-limit.ts'
import fc from '../fast-check.ts'

const growth = fc.constantFrom(oneMore, aSixteenthMore)
const setting = fc.integer({ min: 1, max: 5_000_000 })
const said = fc.record({ wentWell: fc.boolean(), amount: fc.integer({ min: 1, max: 10_000_000 }) })

/** A limit after whatever was said of it, also of amounts that it would not have allowed. */
function limitAfter(most: number, grow: typeof oneMore, history: readonly { wentWell: boolean; amount: number }[]) {
  const limit = createAdaptiveLimit(most, grow)
  for (const { wentWell, amount } of history) {
    if (wentWell) limit.wentWell(amount)
    else limit.wasTooMuch(amount)
  }
  return limit
}

describe('an adaptive limit', () => {
  test('begins at its setting, and is a whole number between one and that, whatever happens', () => {
    fc.assert(
      fc.property(setting, growth, fc.array(said), (most, grow, history) => {
        expect(createAdaptiveLimit(most, grow).limit()).toBe(most)
        const now = limitAfter(most, grow, history).limit()
        expect(Number.isInteger(now)).toBe(true)
        expect(now).toBeGreaterThanOrEqual(1)
        expect(now).toBeLessThanOrEqual(most)
      }),
    )
  })

  test('is at most half of what was too much, and hears it once: a call tried again says nothing new', () => {
    fc.assert(
      fc.property(setting, growth, fc.array(said), said, (most, grow, history, { amount }) => {
        const limit = limitAfter(most, grow, history)
        const before = limit.limit()
        limit.wasTooMuch(amount)
        const after = limit.limit()
        expect(after).toBeLessThanOrEqual(Math.max(1, Math.min(before, amount / 2)))
        limit.wasTooMuch(amount)
        expect(limit.limit()).toBe(after)
      }),
    )
  })

  test('does not shrink for what goes well, and learns nothing from what is less than half of it', () => {
    fc.assert(
      fc.property(setting, growth, fc.array(said), said, (most, grow, history, { amount }) => {
        const limit = limitAfter(most, grow, history)
        const before = limit.limit()
        limit.wentWell(amount)
        if (amount < before / 2) expect(limit.limit()).toBe(before)
        else expect(limit.limit()).toBeGreaterThanOrEqual(Math.min(before, most))
      }),
    )
  })

  test('comes back to its setting from anywhere, where everything goes well', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4_000_000 }), fc.array(said), (most, history) => {
        const limit = limitAfter(most, aSixteenthMore, history)
        for (let calls = 0; calls < 250; calls += 1) limit.wentWell(limit.limit())
        expect(limit.limit()).toBe(most)
      }),
    )
  })

  test('settles near what can be taken: seldom above it, never much below it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 16, max: 1_000 }), fc.integer({ min: 16, max: 1_000 }), (most, takes) => {
        const limit = createAdaptiveLimit(most, aSixteenthMore)
        const ask = () => {
          const amount = limit.limit()
          if (amount > takes) limit.wasTooMuch(amount)
          else limit.wentWell(amount)
          return amount
        }
        for (let calls = 0; calls < 10; calls += 1) ask()
        const amounts = Array.from({ length: 300 }, ask)
        expect(amounts.filter((amount) => amount > takes).length).toBeLessThanOrEqual(300 / 8)
        expect(Math.min(...amounts)).toBeGreaterThanOrEqual(Math.floor(Math.min(most, takes) / 2))
      }),
    )
  })
})

test('calls at once halve when they are too much, and a whole round that goes well earns one more', () => {
  const calls = createAdaptiveLimit(8, oneMore)
  calls.wasTooMuch(calls.limit())
  expect(calls.limit()).toBe(4)
  for (let round = 0; round < 10; round += 1) calls.wasTooMuch(calls.limit())
  expect(calls.limit()).toBe(1)
  for (let count = 0; count < 200; count += 1) calls.wentWell(calls.limit())
  expect(calls.limit()).toBe(8)
})
