/** Exponential backoff: `baseMs` doubled with each attempt up to `capMs`. */
export interface Backoff {
  readonly baseMs: number
  readonly capMs: number
}

/**
 * The wait before the next attempt after `attempts` failed ones: exponential with full jitter, so that many clients
 * which failed together do not come back together. `random` gives [0, 1). Milliseconds, at least 1.
 * Source: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function backoffMs(attempts: number, { baseMs, capMs }: Backoff, random: () => number): number {
  const ceiling = Math.min(capMs, baseMs * 2 ** Math.min(Math.max(attempts - 1, 0), 52))
  return Math.max(1, Math.ceil(random() * ceiling))
}

/** Reads `Retry-After` in either form, seconds or an HTTP date (RFC 9110, 10.2.3). Milliseconds; null if neither. */
export function readRetryAfter(value: string | undefined | null, nowMs: number): number | null {
  if (!value) return null
  const text = value.trim()
  if (/^\d{1,10}$/.test(text)) return Number(text) * 1000
  if (!/^[A-Za-z]{3,9},? /.test(text)) return null
  const at = Date.parse(text)
  return Number.isNaN(at) ? null : Math.max(0, at - nowMs)
}

/** How long to wait after a failed attempt: what the server asked for, within `capMs`, but never less than the backoff. */
export function retryDelayMs(
  attempts: number,
  afterMs: number | undefined,
  backoff: Backoff,
  random: () => number,
): number {
  const own = backoffMs(attempts, backoff, random)
  return afterMs === undefined ? own : Math.max(own, Math.min(afterMs, backoff.capMs))
}
