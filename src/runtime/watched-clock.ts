import type { WatchedClock } from '../stages/ports.ts'

/** Every time that is told is noted: so a clock that was ahead for a moment is noticed. */
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
