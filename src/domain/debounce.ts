/** How long changes of an item are gathered before it is sent. Milliseconds. */
export interface Debounce {
  readonly debounceMs: number
  readonly maxWaitMs: number
}

/**
 * When a changed item is due, in unix milliseconds.
 *
 *     first change        last change    due = last + debounce
 *     |───────────────────────|──────────────|
 *     |──────────── max wait ────────────| due at latest
 */
export function dueAtOf(firstChangeAt: number, changeAt: number, { debounceMs, maxWaitMs }: Debounce): number {
  return Math.max(changeAt, Math.min(changeAt + debounceMs, firstChangeAt + maxWaitMs))
}
