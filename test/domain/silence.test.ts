import { describe, expect, test } from 'vitest'
import { heard, isNowSilent, type Rhythm, type SilentAfter, silenceLimit } from '../../src/domain/silence.ts'
import fc from '../fast-check.ts'

const hour = 3_600_000
const day = 24 * hour
const monday = Date.parse('2026-03-02T00:00:00Z')

/** The rhythm after webhooks at these times. */
function rhythmOf(times: readonly number[], after: SilentAfter = 'auto'): Rhythm {
  const rhythm = times.reduce<Rhythm | undefined>((known, at) => heard(known, at, after), undefined)
  if (!rhythm) throw new Error('no webhook')
  return rhythm
}

/** Every half hour from 9 to 17 h on work days, for so many weeks. */
function officeHours(weeks: number): number[] {
  const days = Array.from({ length: weeks * 7 }, (_, index) => index).filter((index) => index % 7 < 5)
  return days.flatMap((index) =>
    Array.from({ length: 17 }, (_, half) => monday + index * day + 9 * hour + half * (hour / 2)),
  )
}

describe('a source whose rhythm is learned', () => {
  test('may be quiet over the weekend, and is silent after twice as long', () => {
    const times = officeHours(2)
    const rhythm = rhythmOf(times)
    const weekend = 64 * hour
    expect(silenceLimit(rhythm, 'auto')).toBe(2 * weekend)
    const last = times.at(-1)!
    expect(isNowSilent(rhythm, 'auto', last + 2 * weekend, 0)).toBe(false)
    expect(isNowSilent(rhythm, 'auto', last + 2 * weekend + 1, 0)).toBe(true)
  })

  test('is never silent before a week with twenty webhooks is known', () => {
    const far = monday + 1_000 * day
    expect(isNowSilent(rhythmOf(Array.from({ length: 500 }, (_, n) => monday + n * 60_000)), 'auto', far, 0)).toBe(
      false,
    )
    expect(isNowSilent(rhythmOf(Array.from({ length: 19 }, (_, n) => monday + n * day)), 'auto', far, 0)).toBe(false)
    expect(isNowSilent(rhythmOf(Array.from({ length: 20 }, (_, n) => monday + n * day)), 'auto', far, 0)).toBe(true)
  })

  test('with a webhook every minute is silent after an hour, not before', () => {
    const times = Array.from({ length: 8 * 24 * 60 }, (_, n) => monday + n * 60_000)
    expect(silenceLimit(rhythmOf(times), 'auto')).toBe(hour)
  })

  test('forgets a long gap after four weeks', () => {
    const daily = (from: number, count: number) => Array.from({ length: count }, (_, n) => from + n * day)
    const before = daily(monday, 20)
    const after = before.at(-1)! + 3 * day
    const soon = rhythmOf([...before, ...daily(after, 20)])
    expect(silenceLimit(soon, 'auto')).toBe(4 * day) // clipped at what was then the limit
    expect(silenceLimit(rhythmOf([...before, ...daily(after, 40)]), 'auto')).toBe(2 * day)
  })

  test('does not take an outage for a habit: a silence counts as no longer than the limit', () => {
    const rhythm = rhythmOf(Array.from({ length: 20 }, (_, n) => monday + n * day))
    const back = heard(rhythm, rhythm.lastAt + 100 * day, 'auto')
    expect(silenceLimit(back, 'auto')).toBe(4 * day)
  })

  test('keeps a bounded memory, the longest gap of each day, whatever comes', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -hour, max: 3 * day }), { minLength: 1, maxLength: 200 }), (gaps) => {
        let at = monday
        const rhythm = rhythmOf(gaps.map((gap) => (at += gap)))
        expect(rhythm.longest.length).toBeLessThanOrEqual(28)
        expect(new Set(rhythm.longest.map(({ day }) => day)).size).toBe(rhythm.longest.length)
        expect(rhythm.longest.every(({ gapMs }) => gapMs >= 0)).toBe(true)
        const times = gaps.map((_, index) => monday + gaps.slice(0, index + 1).reduce((sum, gap) => sum + gap, 0))
        expect(rhythm.lastAt).toBe(Math.max(...times))
      }),
    )
  })
})

test('a duration of its own holds from the first webhook on, and off means never', () => {
  const rhythm = rhythmOf([monday])
  expect(isNowSilent(rhythm, 2 * hour, monday + 2 * hour, 0)).toBe(false)
  expect(isNowSilent(rhythm, 2 * hour, monday + 2 * hour + 1, 0)).toBe(true)
  expect(isNowSilent(rhythm, 'off', monday + 1_000 * day, 0)).toBe(false)
})

test('in the first hour after a start nothing is said: what was sent meanwhile is under way again', () => {
  const rhythm = rhythmOf([monday])
  const startedAt = monday + 10 * day
  expect(isNowSilent(rhythm, day, startedAt + hour - 1, startedAt)).toBe(false)
  expect(isNowSilent(rhythm, day, startedAt + hour, startedAt)).toBe(true)
  expect(isNowSilent(rhythm, 60_000, startedAt + 60_000, startedAt)).toBe(true)
})
