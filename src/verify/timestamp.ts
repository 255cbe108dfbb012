/**
 * Why a timestamp is refused; null if it is near enough to now. To be asked once the signature is known to fit: a
 * forger learns nothing of the clock, and an operator who reads it knows that the secret is right.
 */
export function judgeTimestamp(atMs: number, nowMs: number, toleranceMs: number): string | null {
  const ageMs = nowMs - atMs
  if (Math.abs(ageMs) <= toleranceMs) return null
  const distance = `${Math.ceil(Math.abs(ageMs) / 1000)} s ${ageMs > 0 ? 'old' : 'in the future'}`
  return `the timestamp is ${distance}; ${toleranceMs / 1000} s are tolerated`
}

/** A timestamp as senders write it: whole seconds or milliseconds since 1970. */
export const timestampPattern = /^\d{1,16}$/
