export interface FixedWindowOptions {
  /** So many pass in a window. */
  readonly max: number
  readonly windowMs: number
  /** Unix milliseconds. */
  readonly now: () => number
}

/** Answers null for one that passes, else the milliseconds until the window ends. */
export type FixedWindow = () => number | null

/** A window begins with the first that comes after the one before has ended. A clock that is set back ends it. */
export function createFixedWindow({ max, windowMs, now }: FixedWindowOptions): FixedWindow {
  let startedAt = Number.NEGATIVE_INFINITY
  let passed = 0
  return () => {
    const at = now()
    if (at < startedAt || at >= startedAt + windowMs) {
      startedAt = at
      passed = 0
    }
    if (passed >= max) return startedAt + windowMs - at
    passed += 1
    return null
  }
}
