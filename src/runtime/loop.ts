import { setTimeout as sleep } from 'node:timers/promises'

/** A bell that loops listen to. What rings while nobody waits is not lost: `count` has changed. */
export interface Bell {
  readonly count: () => number
  ring(): void
  /** Resolves at the next ring, after `ms`, when the signal aborts, or at once if `count` is not `seen` any more. */
  wait(seen: number, ms: number, signal: AbortSignal): Promise<void>
}

export function createBell(): Bell {
  let count = 0
  let waiting = new Set<() => void>()
  return {
    count: () => count,
    ring() {
      count += 1
      const woken = waiting
      waiting = new Set()
      for (const wake of woken) wake()
    },
    wait(seen, ms, signal) {
      if (seen !== count || signal.aborted || ms <= 0) return Promise.resolve()
      return new Promise((resolve) => {
        const done = () => {
          clearTimeout(timer)
          waiting.delete(done)
          signal.removeEventListener('abort', done)
          resolve()
        }
        // Beyond 2^31-1 ms a timer would fire at once.
        const timer = setTimeout(done, Math.min(ms, 2 ** 31 - 1))
        waiting.add(done)
        signal.addEventListener('abort', done, { once: true })
      })
    },
  }
}

export interface LoopOptions {
  readonly bell: Bell
  readonly signal: AbortSignal
  /** Longest rest without a ring: what another process writes is found by then. Milliseconds. */
  readonly idleMs: number
  /** True while something more urgent is waiting; the loop holds back for at most `yieldMs`. */
  readonly isBusy: () => boolean
  readonly onError: (error: unknown) => void
}

const yieldMs = 1_000
// By a timer: to look in every turn would keep the processor from the store's thread while it commits.
const lookMs = 25
const restAfterErrorMs = 1_000

/** Runs a step until the signal aborts. The step answers how long it has nothing to do: 0 means again at once. */
async function runLoop(step: () => Promise<number>, options: LoopOptions): Promise<void> {
  const { bell, signal, idleMs, isBusy, onError } = options
  while (!signal.aborted) {
    const seen = bell.count()
    for (const until = performance.now() + yieldMs; isBusy() && performance.now() < until; ) await sleep(lookMs)
    try {
      const rest = await step()
      if (rest > 0) await bell.wait(seen, Math.min(rest, idleMs), signal)
      else await nextTurn()
    } catch (error) {
      onError(error)
      await createBell().wait(0, restAfterErrorMs, signal)
    }
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** Loops that end together. */
export interface Loops {
  /** Runs a step until `end`. Answers nothing: what a step throws goes to `onError`. */
  run(name: string, bell: Bell, step: () => Promise<number>, longestRestMs?: number): void
  /** Each loop ends after its step; resolves when all have. */
  end(): Promise<void>
}

export interface LoopsOptions {
  readonly isBusy: () => boolean
  readonly onError: (loop: string, error: unknown) => void
}

/** How soon what another process has written (a replay from the command line) is found. */
export const idleMs = 2_000

export function createLoops({ isBusy, onError }: LoopsOptions): Loops {
  const stop = new AbortController()
  const running: Promise<void>[] = []
  return {
    run(name, bell, step, longestRestMs = idleMs) {
      const options = { bell, signal: stop.signal, idleMs: longestRestMs, isBusy }
      running.push(runLoop(step, { ...options, onError: (error) => onError(name, error) }))
    },
    async end() {
      stop.abort()
      await Promise.all(running)
    },
  }
}

/** How long a loop may rest after a step; at least a little if what is due can't be had, so that it never spins. Milliseconds. */
export async function restAfter(
  didSomething: Promise<boolean>,
  nextAt: () => Promise<number | null> | number | null,
  now: () => number,
): Promise<number> {
  if (await didSomething) return 0
  const at = await nextAt()
  return at === null ? Number.POSITIVE_INFINITY : Math.max(at - now(), shortestRestMs)
}

const shortestRestMs = 25
