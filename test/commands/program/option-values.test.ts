import { describe, expect, test } from 'vitest'
import { readCount, readRate, readTime, readWhole } from '../../../src/commands/program/option-values.ts'

describe('a time', () => {
  test('is RFC 3339', () => {
    expect(readTime('2026-01-31T08:00:00Z')).toBe(Date.UTC(2026, 0, 31, 8))
    expect(readTime('2026-01-31T08:00:00+02:00')).toBe(Date.UTC(2026, 0, 31, 6))
  })

  test.each([
    ['30s', 30_000],
    ['15m', 900_000],
    ['2h', 7_200_000],
    ['7d', 604_800_000],
  ])('is %s ago', (text, ms) => {
    const before = Date.now()
    const time = readTime(text)
    expect(time).toBeGreaterThanOrEqual(before - ms)
    expect(time).toBeLessThanOrEqual(Date.now() - ms)
  })

  test.each(['yesterday', '2h30m', '-2h', '2 h', ''])('is not %o', (text) => {
    expect(() => readTime(text)).toThrow(/such as 2026-01-31T08:00:00Z, or how long ago: 2h/)
  })
})

test('numbers and rates are whole, and a count begins at 1', () => {
  expect([readWhole('0'), readCount('1')]).toEqual([0, 1])
  expect(readRate('100/m')).toEqual({ count: 100, perMs: 60_000 })
  for (const text of ['-1', '1.5', 'x', '']) expect(() => readWhole(text)).toThrow('whole number')
  expect(() => readCount('0')).toThrow('from 1')
  for (const text of ['0/s', '5', '5/d']) expect(() => readRate(text)).toThrow('50/s, 100/m or 1000/h')
})
