/** So many latencies are told apart: the first ends at 8 ms, each other at twice the one before, the last has no end. */
export const latencyBuckets = 24

const firstEndMs = 8

/** When a bucket ends, which is where the next one begins. Milliseconds. */
export function bucketEndMs(bucket: number): number {
  return firstEndMs * 2 ** bucket
}

/** The bucket of a latency. A negative one, by a clock that was set back, counts as none. */
export function bucketOf(latencyMs: number): number {
  if (!(latencyMs > firstEndMs)) return 0
  return Math.min(Math.ceil(Math.log2(latencyMs / firstEndMs)), latencyBuckets - 1)
}

/**
 * What a share of the latencies does not exceed, by how many are in each bucket; null if there are none. It is in the bucket of
 * the true one, placed as if those of a bucket were spread evenly.
 */
export function percentileOf(counts: readonly number[], share: number): number | null {
  const total = counts.reduce((sum, count) => sum + count, 0)
  if (total === 0) return null
  let rank = Math.max(1, Math.ceil(share * total))
  const bucket = counts.findIndex((count) => {
    if (rank <= count) return true
    rank -= count
    return false
  })
  const begin = bucket === 0 ? 0 : bucketEndMs(bucket - 1)
  return begin + ((bucketEndMs(bucket) - begin) * rank) / counts[bucket]!
}
