import { timingSafeEqual } from 'node:crypto'

/** Compares two texts in a time that depends on their lengths alone. */
export function isEqual(given: string, expected: string): boolean {
  const a = Buffer.from(given)
  const b = Buffer.from(expected)
  return a.length === b.length && timingSafeEqual(a, b)
}

/** Whether one of `given` is one of `expected`. Every pair is compared, so the time does not tell which secret fits. */
export function isAnyEqual(given: readonly string[], expected: readonly string[]): boolean {
  let matches = false
  for (const one of given) for (const other of expected) if (isEqual(one, other)) matches = true
  return matches
}
