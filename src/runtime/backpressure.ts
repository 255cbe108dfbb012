import { performance } from 'node:perf_hooks'

/** So many webhooks at once are a crowd, and it lasts a moment longer than the group of them that a commit lets go. */
const crowd = 8
const crowdedMs = 100
/** Above this, what the event loop does for others is missing for receiving. Below, webhooks wait for the disk, and nothing is won by waiting, too. */
const busyShare = 0.75
const sampleMs = 100
/** How much of the share is the newest sample: a checkpoint lets the event loop rest for one or two, which is not a slow disk. */
const newestWeight = 0.25

export interface Backpressure {
  /** So many webhooks are being received. */
  see(webhooks: number): void
  /** Whether receiving needs the processor for itself. */
  isBusy(): boolean
}

export interface BackpressureOptions {
  /** Monotonic. Milliseconds. */
  readonly now?: () => number
  /** The share of the time since the last call in which the event loop had something to do; 0 to 1. */
  readonly readShare?: () => number
}

/**
 * Webhooks crowd in if many are being received at once and the event loop has hardly time for anything else. A new crowd
 * counts as busy until it has been looked at for a moment.
 */
export function createBackpressure({
  now = () => performance.now(),
  readShare = createShareReader(),
}: BackpressureOptions = {}): Backpressure {
  let crowdedAt = Number.NEGATIVE_INFINITY
  let sampledAt = now()
  let share = 0
  return {
    see(webhooks) {
      if (webhooks <= crowd) return
      const at = now()
      if (at - crowdedAt >= crowdedMs) {
        readShare() // what was before says nothing of this crowd
        sampledAt = at
        share = 1
      }
      crowdedAt = at
    },
    isBusy() {
      const at = now()
      if (at - sampledAt >= sampleMs) {
        share += newestWeight * (readShare() - share)
        sampledAt = at
      }
      return at - crowdedAt < crowdedMs && share > busyShare
    },
  }
}

function createShareReader(): () => number {
  let last = performance.eventLoopUtilization()
  return () => {
    const next = performance.eventLoopUtilization()
    const { utilization } = performance.eventLoopUtilization(next, last)
    last = next
    return utilization
  }
}
