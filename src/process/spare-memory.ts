import { type EventLoopUtilization, performance } from 'node:perf_hooks'
import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** How often it is looked whether there is something to give back. */
const lookEveryMs = 1_000

/**
 * When it is collected. A collection takes a tenth of a second in which nobody is answered: a thread that works half of the time is
 * collected so seldom that its 99th percentile does not see it, and for more.
 */
const occasions = [
  { busyBelow: 0.1, leastBytes: 12 * 1024 * 1024, leastBetweenMs: 10_000 },
  { busyBelow: 0.5, leastBytes: 24 * 1024 * 1024, leastBetweenMs: 30_000 },
] as const

export interface SpareMemoryOptions {
  /** Bytes that the heap has taken from the system. */
  readonly heapSize?: () => number
  /** The part of the time since the last look in which the thread worked, 0 to 1. */
  readonly utilization?: () => number
  readonly monotonic?: () => number
  readonly collect?: () => void
}

/**
 * One look: gives memory back to the system once the heap has grown and the thread has time. V8 by itself keeps what a start or a
 * burst has made it take (30 MB of young generation after a start) until more work comes, which may be never.
 */
export function createSpareMemory(options: SpareMemoryOptions = {}): () => boolean {
  const {
    heapSize = () => getHeapStatistics().total_heap_size,
    utilization = watchUtilization(),
    monotonic = () => performance.now(),
    collect = collectAll,
  } = options
  let sizeAfter = 0
  let collectedAt = Number.NEGATIVE_INFINITY
  return () => {
    const busy = utilization()
    const grown = heapSize() - sizeAfter
    const rest = monotonic() - collectedAt
    const isTime = occasions.some(
      (one) => busy < one.busyBelow && grown >= one.leastBytes && rest >= one.leastBetweenMs,
    )
    if (!isTime) return false
    collect()
    sizeAfter = heapSize()
    collectedAt = monotonic()
    return true
  }
}

/** Looks from now on. The timer keeps no process alive. */
export function spareMemory(): NodeJS.Timeout {
  return setInterval(createSpareMemory(), lookEveryMs).unref()
}

function watchUtilization(): () => number {
  let before: EventLoopUtilization = performance.eventLoopUtilization()
  return () => {
    const now = performance.eventLoopUtilization()
    const { utilization } = performance.eventLoopUtilization(now, before)
    before = now
    return utilization
  }
}

/**
 * V8's collector, as `node --expose-gc` gives it, made when it is first needed. The flag is taken back at once: it is part of what
 * compiled code is kept by, so code that is loaded later would not be found again. `last-resort` also shrinks the young generation.
 */
function collectAll(): void {
  collector ??= exposeCollector()
  collector({ type: 'major', flavor: 'last-resort' })
}

type Collector = (options: { readonly type: 'major'; readonly flavor: 'last-resort' }) => void

let collector: Collector | null = null

function exposeCollector(): Collector {
  setFlagsFromString('--expose-gc')
  const exposed = runInNewContext('gc') as Collector
  setFlagsFromString('--no-expose-gc')
  return exposed
}
