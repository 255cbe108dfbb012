import { expect, test } from 'vitest'
import { bucketEndMs, bucketOf, latencyBuckets, percentileOf } from '../../src/domain/latency.ts'
import fc from '../fast-check.ts'

const latencies = fc.array(fc.double({ min: 0, max: 1e9, noNaN: true }), { minLength: 1, maxLength: 200 })

test('each latency is in the bucket that ends at it or behind it, and begins before', () => {
  expect([0, 8, 8.001, 16, 16.5, 1_000].map(bucketOf)).toEqual([0, 0, 1, 1, 2, 7])
  fc.assert(
    fc.property(fc.double({ min: 0.001, max: bucketEndMs(latencyBuckets - 1), noNaN: true }), (ms) => {
      const bucket = bucketOf(ms)
      expect(ms).toBeLessThanOrEqual(bucketEndMs(bucket))
      if (bucket > 0) expect(ms).toBeGreaterThan(bucketEndMs(bucket - 1))
    }),
  )
})

test('what has no place has one all the same: a negative one in the first, one of weeks in the last', () => {
  expect([-5, Number.NaN].map(bucketOf)).toEqual([0, 0])
  expect([1e12, Number.POSITIVE_INFINITY].map(bucketOf)).toEqual([latencyBuckets - 1, latencyBuckets - 1])
})

test('a percentile is in the bucket of the true one', () => {
  fc.assert(
    fc.property(latencies, fc.double({ min: 0.01, max: 1, noNaN: true }), (all, share) => {
      const counts = Array.from({ length: latencyBuckets }, () => 0)
      for (const ms of all) counts[bucketOf(ms)]! += 1
      const sorted = all.toSorted((a, b) => a - b)
      const exact = sorted[Math.max(1, Math.ceil(share * all.length)) - 1]!
      expect(bucketOf(percentileOf(counts, share)!)).toBe(bucketOf(exact))
    }),
  )
})

test('of nothing there is no percentile', () => {
  expect(percentileOf([0, 0, 0], 0.5)).toBeNull()
})
