import { describe, expect, test } from 'vitest'
import { compareVersions, readVersion, sortableTime, type Version } from '../../src/domain/version.ts'
import fc from '../fast-check.ts'

const order = (a: unknown, b: unknown) => compareVersions(readVersion(a), readVersion(b))

describe('a version', () => {
  test.each([
    [1, 2],
    [9, 10],
    ['9', 10],
    ['007', '8'],
    ['788032119674292922', '788032119674292923'],
    [1767323045.1, 1767323045.9], // unix time with parts of a second
    [1767323045, '1767323045.000001'],
    ['1767323045.25', 1767323045.5],
    ['1767323045.9', 1767323046],
    ['2026-01-01', '2026-01-01T00:00:01Z'],
    ['2026-01-01T00:00:00Z', '2026-01-01T00:00:00.001Z'],
    ['2026-01-01T00:00:00.9Z', '2026-01-01T00:00:00.91Z'],
    ['2026-01-01T00:00:00.123456788Z', '2026-01-01T00:00:00.123456789Z'],
    ['2026-01-01T01:00:00+02:00', '2026-01-01T00:00:00Z'],
    ['2026-01-01 00:00:00', '2026-01-01T00:00:00.5'],
    ['2021-12-31T19:00:00-0500', '2022-01-01T00:00:01Z'],
    ['2026-01-01', '9999-12-31T23:59:59-12:00'], // in the year 10000, by UTC
    ['0000-01-01T00:00:00+14:00', '2026-01-01'],
  ])('%s is older than %s', (older, newer) => {
    expect(order(older, newer)).toBeLessThan(0)
    expect(order(newer, older)).toBeGreaterThan(0)
  })

  test.each([
    ['2026-01-01T00:00:00Z', '2026-01-01T02:00:00+02:00'],
    ['2026-01-01T00:00:00Z', '2026-01-01T00:00:00.000Z'],
    ['2026-01-01T00:00:00Z', '2026-01-01 00:00'],
    [12, '12'],
    ['1767323040.00', 1767323040],
    ['1767323045.50', 1767323045.5],
    [1.1, 1.9], // a revision: 1.1 may have been 1.10
  ])('%s is as new as %s', (a, b) => expect(order(a, b)).toBe(0))

  test('is absent for nothing, and refused where it would not order', () => {
    for (const nothing of [undefined, null, '']) expect(readVersion(nothing)).toBeNull()
    for (const wrong of [
      'v2',
      '1.10',
      [1767323045.5],
      '2026-13-01',
      'yesterday',
      -1,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      {},
      [],
      true,
      '1'.repeat(31),
    ]) {
      expect(() => readVersion(wrong), String(wrong)).toThrow(RangeError)
    }
  })

  test('of another kind does not compare', () => {
    expect(order(5, '2026-01-01')).toBeNull()
    expect(order(null, 5)).toBeNull()
  })

  test('orders integers and times as they are', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 29n }), fc.bigInt({ min: 0n, max: 10n ** 29n }), (a, b) => {
        expect(order(String(a), String(b))).toBe(a < b ? -1 : a > b ? 1 : 0)
      }),
    )
    const time = fc.date({ min: new Date('1970-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
    fc.assert(
      fc.property(time, time, (a, b) => {
        expect(order(a.toISOString(), b.toISOString())).toBe(Math.sign(a.getTime() - b.getTime()))
      }),
    )
  })

  test('is a total order within a kind', () => {
    const version = fc.nat().map((value) => readVersion(value) as Version)
    fc.assert(
      fc.property(fc.array(version), (versions) => {
        const sorted = versions.toSorted((a, b) => compareVersions(a, b) ?? 0)
        for (const [index, one] of sorted.entries())
          if (index > 0) expect((sorted[index - 1] as string) <= one).toBe(true)
      }),
    )
  })
})

test('sortableTime gives UTC with nine digits, null for what is no time', () => {
  expect(sortableTime('2026-03-01T12:00:00.5+01:30')).toBe('2026-03-01T10:30:00.500000000Z')
  expect(sortableTime('2026-02-30T99:00:00Z')).toBeNull()
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(sortableTime(text) ?? '0000-00-00T00:00:00.000000000Z').toMatch(/^\d{4}-.{5}T.{8}\.\d{9}Z$/)
    }),
  )
})
