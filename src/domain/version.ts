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
 * its digits as text, or an ISO 8601 time (without a zone it is UTC). Null where there is none; throws RangeError for anything else, because
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

function padded(digits: string): Version {
  if (!/^\d+$/.test(digits)) throw new RangeError(`version ${digits} is out of range`)
  return `n:${digits.replace(/^0+(?=\d)/, '').padStart(30, '0')}` as Version
}

/** An ISO 8601 time as UTC with nine digits of fraction, or null where the text is none. */
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
  return `${new Date(ms).toISOString().slice(0, 19)}.${fraction.padEnd(9, '0')}Z`
}

/** Negative where `a` is older, positive where it is newer, 0 where they are equal; null where they do not compare. */
export function compareVersions(a: Version | null, b: Version | null): number | null {
  if (a === null || b === null || a[0] !== b[0]) return null
  return a < b ? -1 : a > b ? 1 : 0
}
