/** When a source counts as silent: after a time of its own, after one learned from its webhooks, or never. Milliseconds. */
export type SilentAfter = number | 'auto' | 'off'

/**
 * How often webhooks of a source come. Unix milliseconds.
 *
 *     webhook      webhook                       webhook
 *     ──┴────gap──────┴──────────────gap────────────┴──── now
 *                                                   └─ longer than the limit: silent, said once, until the next webhook
 */
export interface Rhythm {
  readonly firstAt: number
  readonly lastAt: number
  readonly webhooks: number
  /** The longest gap that ended on each day (days since 1970, UTC), of the last four weeks. */
  readonly longest: readonly { readonly day: number; readonly gapMs: number }[]
  /** Since when it has been called silent; null while it is not. */
  readonly silentAt: number | null
}

const dayMs = 86_400_000
const keptDays = 28
/** What `auto` has to know before it says anything: a week has nights and a weekend in it. */
const learnedMs = 7 * dayMs
const learnedWebhooks = 20
const leastMs = 3_600_000
const factor = 2

/** The rhythm after a webhook at `at`. A silence counts as no longer than the limit: an outage is not a habit. */
export function heard(rhythm: Rhythm | undefined, at: number, after: SilentAfter): Rhythm {
  if (!rhythm) return { firstAt: at, lastAt: at, webhooks: 1, longest: [], silentAt: null }
  const limitMs = silenceLimit(rhythm, after) ?? Number.POSITIVE_INFINITY
  const gapMs = Math.min(Math.max(0, at - rhythm.lastAt), limitMs)
  const day = Math.floor(at / dayMs)
  const today = rhythm.longest.at(-1)
  const isKnown = today !== undefined && today.day >= day && today.gapMs >= gapMs
  return {
    firstAt: rhythm.firstAt,
    lastAt: Math.max(rhythm.lastAt, at),
    webhooks: rhythm.webhooks + 1,
    longest: isKnown ? rhythm.longest : withGap(rhythm.longest, day, gapMs),
    silentAt: null,
  }
}

function withGap(longest: Rhythm['longest'], day: number, gapMs: number): Rhythm['longest'] {
  const others = longest.filter((one) => one.day !== day && one.day > day - keptDays)
  const known = longest.find((one) => one.day === day)?.gapMs ?? 0
  return [...others, { day, gapMs: Math.max(known, gapMs) }]
}

/**
 * After how long without a webhook the source is silent; null: never, or not known yet. Learned, it is twice the longest gap
 * of the last four weeks and at least an hour, once 20 webhooks over a week are known.
 */
export function silenceLimit({ firstAt, lastAt, webhooks, longest }: Rhythm, after: SilentAfter): number | null {
  if (after === 'off') return null
  if (after !== 'auto') return after
  if (webhooks < learnedWebhooks || lastAt - firstAt < learnedMs) return null
  return Math.max(leastMs, factor * Math.max(0, ...longest.map(({ gapMs }) => gapMs)))
}

/**
 * Whether the source has become silent. `startedAt` is when the relay did: webhooks that came while it was down are under
 * way again, so nothing is said in its first hour.
 */
export function isNowSilent(rhythm: Rhythm, after: SilentAfter, at: number, startedAt: number): boolean {
  const limitMs = silenceLimit(rhythm, after)
  if (limitMs === null || rhythm.silentAt !== null) return false
  return at - rhythm.lastAt > limitMs && at - startedAt >= Math.min(limitMs, leastMs)
}
