/** The wall clock, watched against one that can not be set. Milliseconds. */
export interface WatchedClock {
  readonly now: () => number
  /** Takes note of a time that was told by another process before. */
  readonly heard: (at: number) => void
  /** How far the clock is behind the latest time that it has told, less what has passed since. */
  readonly setBackMs: () => number
  /** From now on the clock is right as it is. */
  readonly trust: () => void
}

/** Every time that is told is noted: a clock that was ahead for a moment only is noticed by whoever has asked it then. */
export function watchClock(wallClock: () => number, monotonic: () => number): WatchedClock {
  let furthest = wallClock() - monotonic()
  return {
    now() {
      const at = wallClock()
      furthest = Math.max(furthest, at - monotonic())
      return at
    },
    heard(at) {
      furthest = Math.max(furthest, at - monotonic())
    },
    setBackMs: () => furthest - (wallClock() - monotonic()),
    trust() {
      furthest = wallClock() - monotonic()
    },
  }
}
