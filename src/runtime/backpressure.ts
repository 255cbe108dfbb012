import { performance } from 'node:perf_hooks'

/** More webhooks at once than this are many, and that counts a moment longer than a commit needs to let a group of them go. */
const few = 8
const lastsMs = 100
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
 * Busy means that many webhooks are being received at once, and that the event loop has hardly time for anything else. Just after
 * many have begun to come it counts as busy, until the event loop has been looked at for a moment.
 */
export function createBackpressure({
  now = () => performance.now(),
  readShare = createShareReader(),
}: BackpressureOptions = {}): Backpressure {
  let manyAt = Number.NEGATIVE_INFINITY
  let sampledAt = now()
  let share = 0
  return {
    see(webhooks) {
      if (webhooks <= few) return
      const at = now()
      if (at - manyAt >= lastsMs) {
        readShare() // what was before says nothing of these
        sampledAt = at
        share = 1
      }
      manyAt = at
    },
    isBusy() {
      const at = now()
      if (at - sampledAt >= sampleMs) {
        share += newestWeight * (readShare() - share)
        sampledAt = at
      }
      return at - manyAt < lastsMs && share > busyShare
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
