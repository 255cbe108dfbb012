import { expect, test } from 'vitest'
import { ageOf } from '../../../src/commands/look/age.ts'

test.each([
  [0, '0s'],
  [59_999, '59s'],
  [60_000, '1m'],
  [7_199_000, '1h'],
  [86_400_000 * 5, '5d'],
  [-1_000, '0s'],
])('%i ms ago is %s', (ms, age) => {
  const now = Date.parse('2026-01-31T08:00:00Z')
  expect(ageOf(new Date(now - ms).toISOString(), now)).toBe(age)
})
