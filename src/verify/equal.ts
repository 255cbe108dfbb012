import { timingSafeEqual } from 'node:crypto'

/** Compares two texts in a time that depends on their lengths alone. */
export function isEqual(given: string, expected: string): boolean {
  const a = Buffer.from(given)
  const b = Buffer.from(expected)
  return a.length === b.length && timingSafeEqual(a, b)
}
