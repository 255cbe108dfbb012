/** For how long something has been tried in vain, and when it was tried last. Unix milliseconds. */
export interface Tried {
  readonly ms: number
  /** Null if the time since then must not count: the wait was asked for, or nothing has been tried yet. */
  readonly at: number | null
}

export const untried: Tried = { ms: 0, at: null }

/** No single wait counts for more than this part of `max_age`, so that nothing dies of fewer than five attempts. */
const waitsToDie = 4

export interface Trial {
  /** When it was tried in vain once more. */
  readonly at: number
  /** Since when the other side could be tried without a break. */
  readonly reachableSince: number
  readonly maxAgeMs: number
}

/**
 * After another attempt in vain. Waiting is not ageing: the time since the attempt before counts only if the other side could
 * be tried all that time. So what comes out of a pause never dies of the first failure after it, however long the pause was.
 */
export function triedAgain(tried: Tried, { at, reachableSince, maxAgeMs }: Trial): Tried {
  if (tried.at === null || tried.at <= reachableSince) return { ms: tried.ms, at }
  return { ms: tried.ms + Math.min(Math.max(0, at - tried.at), maxAgeMs / waitsToDie), at }
}

/** An attempt that adds nothing to the age is not an attempt to die of. */
export function isTriedFor(maxAgeMs: number, before: Tried, after: Tried): boolean {
  return after.ms > before.ms && after.ms >= maxAgeMs
}

/** After an attempt that says nothing, such as one that was told to come later. The wait that follows is not counted either. */
export function notCounted({ ms }: Tried): Tried {
  return { ms, at: null }
}

/** Knows since when somebody could be tried without a break. */
export interface Reach {
  /**
   * Somebody looks for what is due. A look that comes much later than it was expected follows a pause that nobody has announced:
   * a process that stood still, or a clock that was set.
   */
  look(at: number, isReachable: boolean): void
  /** The next look may be that late. */
  expectBy(at: number): void
  /** Nobody may be tried before `at`. */
  breakUntil(at: number): void
  since(): number
}

/** How late a look may be: loops look every two seconds while they have nothing else to do. */
const slackMs = 10_000

/** A new process knows nothing of the time before it. */
export function createReach(startedAt: number): Reach {
  let since = startedAt
  let lookedAt = startedAt
  let expectedBy = startedAt + slackMs
  return {
    look(at, isReachable) {
      if (at < lookedAt) since = at
      else if (!isReachable || at > expectedBy) since = Math.max(since, at)
      lookedAt = at
      expectedBy = at + slackMs
    },
    expectBy(at) {
      expectedBy = Math.max(expectedBy, at + slackMs)
    },
    breakUntil(at) {
      since = Math.max(since, at)
    },
    since: () => since,
  }
}
