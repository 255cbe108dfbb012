/**
 * A record's own revision or updated time in a form that compares as text: `n:` and a padded number, with a fraction where
 * it is a time, or `t:` and UTC time with nine digits of fraction. Two kinds do not compare.
 */
export type Version = string & { readonly __version: unique symbol }

const isoTime = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(?::(\d\d)(?:[.,](\d{1,9})\d*)?)?\s*(Z|[+-]\d\d(?::?\d\d)?)?)?$/i

/** Unix time with parts of its unit. A smaller number with a point is a revision, of which 1.10 may come after 1.9. */
const unixTime = /^(\d{9,30})\.(\d+)$/

/**
 * Reads what a mapper gave as a version: an integer (a revision, or unix time in any one unit, that with a fraction, too),
 * its digits as text, or an ISO 8601 time (without a zone it is UTC). Null if there is none; throws RangeError for anything else, because
 * a version that does not order would let an old change win.
 */
export function readVersion(value: unknown): Version | null {
  if (value === undefined || value === null || value === '') return null
  if (typeof value === 'number' && Number.isFinite(value) && value >= 0) {
    return fractional(String(value)) ?? padded(String(Math.trunc(value)))
  }
  if (typeof value === 'string') {
    if (/^\d{1,30}$/.test(value)) return padded(value)
    const moment = fractional(value)
    if (moment !== null) return moment
    const time = sortableTime(value)
    if (time !== null) return `t:${time}` as Version
  }
  throw new RangeError(`version must be a number or a time, got ${JSON.stringify(value)?.slice(0, 80)}`)
}

function fractional(digits: string): Version | null {
  const [, whole, fraction = ''] = unixTime.exec(digits) ?? []
  return whole === undefined ? null : (`${padded(whole)}.${fraction}`.replace(/\.?0+$/, '') as Version)
}

/** A version as people write it: `7`, or `2026-01-02T03:04:05.5Z`. */
export function versionText(version: Version): string {
  const text = version.slice(2)
  if (version.startsWith('n:')) return text.replace(/^0+(?=\d)/, '')
  return text.replace(/\.?0*Z$/, 'Z')
}

/** How far ahead of its receipt a version may lie if a source says nothing else. */
export const defaultClockLeadMs = 300_000

/**
 * The moment that a version names, in unix milliseconds: of a time, and of a number of 10 digits (seconds) or 13
 * (milliseconds). Null for any other number: that is a revision.
 */
export function momentOf(version: Version): number | null {
  if (version.startsWith('t:')) return Date.parse(`${version.slice(2, 25)}Z`)
  const [whole = '', fraction = ''] = version.slice(2).split('.')
  const digits = whole.replace(/^0+/, '')
  if (digits.length === 13) return Number(digits)
  return digits.length === 10 ? Number(digits) * 1_000 + Number(fraction.slice(0, 3).padEnd(3, '0')) : null
}

/** A moment as a version that compares with `like`; null if that is a revision. */
export function versionAt(at: number, like: Version | null): Version | null {
  if (like === null || like.startsWith('t:')) return `t:${new Date(at).toISOString().slice(0, 23)}000000Z` as Version
  if (momentOf(like) === null) return null
  const [whole = ''] = like.slice(2).split('.')
  if (whole.replace(/^0+/, '').length === 13) return padded(String(at))
  return fractional(`${Math.floor(at / 1_000)}.${String(at % 1_000).padStart(3, '0')}`)
}

/** A version, and whether it is the moment at which it was heard of, because what was given lies ahead of that. */
export interface Believed {
  readonly version: Version | null
  readonly isCounted: boolean
}

/** What a version that was heard of at `heardAt` counts as: itself, or that moment if it lies further ahead than `leadMs`. */
export function believedVersion(given: Version | null, heardAt: number, leadMs: number): Believed {
  const moment = given === null ? null : momentOf(given)
  if (moment === null || moment <= heardAt + leadMs) return { version: given, isCounted: false }
  return { version: versionAt(heardAt, given), isCounted: true }
}

/**
 * What a version that is kept is read as at `at`. One that lies ahead was kept before versions were judged by their receipt: it is
 * read as the time at which its item changed. If that lies ahead too, the clock was set back, and nothing is known.
 */
export function keptVersion(kept: Believed, changedAt: number, at: number, leadMs: number): Believed {
  const { version, isCounted } = believedVersion(kept.version, at, leadMs)
  if (!isCounted) return { version, isCounted: kept.isCounted }
  return changedAt <= at
    ? { version: versionAt(changedAt, kept.version), isCounted }
    : { version: null, isCounted: false }
}

function padded(digits: string): Version {
  if (!/^\d+$/.test(digits)) throw new RangeError(`version ${digits} is out of range`)
  return `n:${digits.replace(/^0+(?=\d)/, '').padStart(30, '0')}` as Version
}

/** An ISO 8601 time as UTC with nine digits of fraction, or null if the text is none. */
export function sortableTime(value: string): string | null {
  if (value !== last.value) last = { value, time: parsed(value) }
  return last.time
}

/** One record says the same time several times: as its version, as that of its locales, as when it was updated. */
let last: { readonly value: string; readonly time: string | null } = { value: '', time: null }

function parsed(value: string): string | null {
  const match = isoTime.exec(value.trim())
  if (!match) return null
  const [, date, time = '00:00', seconds = '00', fraction = '', zone = 'Z'] = match
  const offset = zone.length === 3 ? `${zone}:00` : zone.replace(/^([+-]\d\d)(\d\d)$/, '$1:$2')
  const ms = Date.parse(`${date}T${time}:${seconds}${offset.toUpperCase()}`)
  if (Number.isNaN(ms)) return null
  // A zone can move a time out of the years that have four digits, and only those compare as text.
  const inYears = Math.min(Math.max(ms, firstMs), lastMs)
  return `${new Date(inYears).toISOString().slice(0, 19)}.${fraction.padEnd(9, '0')}Z`
}

const firstMs = Date.parse('0000-01-01T00:00:00Z')
const lastMs = Date.parse('9999-12-31T23:59:59Z')

/**
 * Compares a change's version with the one that is known. A moment of receipt stands for the whole of its second, since many systems
 * tell times by the second: what was saved right after it is not older.
 */
export function orderOf(change: Version | null, known: Believed): number | null {
  const order = compareVersions(change, known.version)
  if (order !== -1 || !known.isCounted) return order
  const second = Math.floor(momentOf(known.version!)! / 1_000) * 1_000
  return change! >= versionAt(second, known.version)! ? 0 : order
}

/** Negative if `a` is older, positive if it is newer, 0 if they are equal; null if they do not compare. */
export function compareVersions(a: Version | null, b: Version | null): number | null {
  if (a === null || b === null || a[0] !== b[0]) return null
  return a < b ? -1 : a > b ? 1 : 0
}
