export interface Rate {
  readonly count: number
  readonly perMs: number
}

export interface ReleaseOptions<T> {
  readonly rate: Rate
  /** Lets some go; answers how many of them it did. */
  readonly release: (some: readonly T[]) => Promise<number>
  /** Resolves after so many milliseconds, or when the signal aborts. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>
  readonly signal: AbortSignal
  readonly onProgress?: (released: number) => void
}

/** Steps are a second apart, or more if not even one is due in a second. */
const shortestStepMs = 1_000

/** Lets some of what was chosen go, then waits, until all are gone or the signal aborts. Answers how many went. */
export async function releaseAtRate<T>(chosen: readonly T[], options: ReleaseOptions<T>): Promise<number> {
  const { rate, release, wait, signal, onProgress } = options
  const stepMs = Math.max(shortestStepMs, rate.perMs / rate.count)
  const stepSize = Math.max(1, Math.floor((rate.count * stepMs) / rate.perMs))
  let released = 0
  for (let start = 0; start < chosen.length && !signal.aborted; start += stepSize) {
    if (start > 0) await wait(stepMs, signal)
    if (signal.aborted) break
    released += await release(chosen.slice(start, start + stepSize))
    onProgress?.(released)
  }
  return released
}
