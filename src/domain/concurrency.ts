/**
 * How many calls to one destination may be under way: additive increase, multiplicative decrease between 1 and the
 * setting. A rate limit or a timeout halves it, each answered call earns a fraction of one more.
 */
export interface ConcurrencyLimit {
  readonly limit: () => number
  readonly answered: () => void
  readonly overloaded: () => void
}

export function createConcurrencyLimit(max: number): ConcurrencyLimit {
  let current = max
  return {
    limit: () => Math.max(1, Math.floor(current)),
    answered: () => {
      current = Math.min(max, current + 1 / Math.max(1, current))
    },
    overloaded: () => {
      current = Math.max(1, current / 2)
    },
  }
}
