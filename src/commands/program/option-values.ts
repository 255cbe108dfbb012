import { InvalidArgumentError } from 'commander'
import { messageOf } from '../../domain/errors.ts'
import { sortableTime } from '../../domain/version.ts'
import { readRoot } from '../../http-client/url.ts'
import type { Rate } from '../../stages/operate/release.ts'

/** The values of an option that may be given several times. */
export function collect(value: string, before: readonly string[]): string[] {
  return [...before, value]
}

/** A whole number from 0. */
export function readWhole(text: string): number {
  if (!/^\d{1,10}$/.test(text)) throw new InvalidArgumentError('expected a whole number')
  return Number(text)
}

/** A whole number from 1. */
export function readCount(text: string): number {
  const count = readWhole(text)
  if (count === 0) throw new InvalidArgumentError('expected a whole number from 1')
  return count
}

/** So many a second, minute or hour. */
export function readRate(text: string): Rate {
  const [, count, unit] = /^([1-9]\d{0,6})\/(s|m|h)$/.exec(text) ?? []
  if (count === undefined) throw new InvalidArgumentError('expected a rate such as 50/s, 100/m or 1000/h')
  return { count: Number(count), perMs: { s: 1_000, m: 60_000, h: 3_600_000 }[unit as 's' | 'm' | 'h'] }
}

const unitMs = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** A time in unix milliseconds: RFC 3339, or how long ago. */
export function readTime(text: string): number {
  const [, count, unit] = /^(\d{1,6})(s|m|h|d)$/.exec(text) ?? []
  if (count !== undefined) return Date.now() - Number(count) * unitMs[unit as keyof typeof unitMs]
  const time = sortableTime(text)
  if (time === null) throw new InvalidArgumentError('expected a time such as 2026-01-31T08:00:00Z, or how long ago: 2h')
  return Date.parse(`${time.slice(0, 23)}Z`)
}

/** Where a relay listens, without a slash at its end. A path is kept: a proxy in front may have given it one. */
export function readRelayUrl(text: string): string {
  try {
    const { origin, path } = readRoot(text)
    return origin + path
  } catch (error) {
    throw new InvalidArgumentError(`${messageOf(error)}, such as http://127.0.0.1:8080`)
  }
}
