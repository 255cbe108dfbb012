/** Addresses that have sent too much that was not authentic, for as long as that counts. */
export interface Suspects {
  add(address: string, forMs: number): void
  has(address: string): boolean
}

/** More than that are forgotten, the oldest first. */
const mostSuspects = 5_000

export function createSuspects(now: () => number): Suspects {
  const until = new Map<string, number>()
  return {
    add(address, forMs) {
      until.delete(address)
      until.set(address, now() + forMs)
      if (until.size > mostSuspects) until.delete(until.keys().next().value!)
    },
    has(address) {
      const end = until.get(address)
      if (end === undefined) return false
      if (now() < end) return true
      until.delete(address)
      return false
    },
  }
}
