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

/** A timestamp as senders write it: whole seconds or milliseconds since 1970. A zero in front could be the end of what stands before it. */
export const timestampPattern = /^(?:0|[1-9]\d{0,15})$/

export const timestampUnits = ['s', 'ms', 'rfc3339'] as const
export type TimestampUnit = (typeof timestampUnits)[number]

/** As RFC 3339 has it, with a zone. */
const datePattern = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/
/** The last moment that a date can hold. Unix milliseconds. */
const latest = 8.64e15

/** The moment that a timestamp means, in unix milliseconds; null for a text that is none. */
export function readTimestamp(text: string, unit: TimestampUnit): number | null {
  const isWritten = unit === 'rfc3339' ? datePattern.test(text) : timestampPattern.test(text)
  if (!isWritten) return null
  const at = unit === 'rfc3339' ? Date.parse(text) : Number(text) * (unit === 's' ? 1000 : 1)
  return at <= latest ? at : null
}

/** A moment as senders write it. */
export function writeTimestamp(atMs: number, unit: TimestampUnit): string {
  if (unit === 'rfc3339') return new Date(atMs).toISOString()
  return String(unit === 's' ? Math.floor(atMs / 1000) : atMs)
}
