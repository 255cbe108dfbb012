import type { WatchedClock } from '../stages/ports.ts'

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
