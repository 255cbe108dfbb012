import { describe, expect, test } from 'vitest'
import type { Signal } from '../../../src/domain/signal.ts'
import { signalTypeOf, signalTypes } from '../../../src/domain/signal-type.ts'
import { createLayout } from '../../../src/observe/terminal/layout.ts'
import { countText, spanText } from '../../../src/observe/terminal/line.ts'
import { signalLine } from '../../../src/observe/terminal/signal-line.ts'
import { createAround, everySignal, mapped, refused } from './support.ts'

const layout = createLayout({
  mask: (text) => text,
  width: () => Number.POSITIVE_INFINITY,
  paint: (_style, text) => text,
})
const shown = (signal: Signal) => layout(signalLine(signal, createAround())!, 0)

test('there is a sample of every type', () => {
  expect([...new Set(everySignal.map(signalTypeOf))].sort()).toEqual([...signalTypes].sort())
})

test.each(everySignal.map((signal) => [signal.kind, signal] as const))('%s is one line, in words', (_kind, signal) => {
  expect(shown(signal)).toMatch(/^\d\d:\d\d:\d\d [✓·!✗] \S.* {2}\S.*\n$/)
  expect(shown(signal)).not.toMatch(/undefined|null|NaN|\[object|\{"/)
})

test('one of a kind that nobody has heard of is told by its name and its fields', () => {
  const signal = { kind: 'moon.rose', source: 'shop', phase: 'full moon', heightPx: 12 } as unknown as Signal
  expect(shown(signal)).toMatch(/relay +moon\.rose {2}source=shop phase="full moon" height_px=12\n$/)
})

describe('a refusal has its cure', () => {
  test.each([
    [refused(), /401 wrong signature.*→ is sources\.shop\.secret the one that the CMS signs with\?/],
    [refused({ code: 'rate_limited' }), /429 wrong signature, too often/],
    [
      refused({ source: null, code: 'not_found', reason: "unknown source 'shpo'" }),
      /404.*'shpo' → did you mean \/webhooks\/shop\?/,
    ],
    [
      refused({ source: null, code: 'not_found', reason: "unknown source 'zzz'" }),
      /404.*→ sources here are shop, blog/,
    ],
    [
      refused({ source: null, code: 'not_found', reason: 'no route POST /webhook/…' }),
      /404 no source is at \/webhook\/….*→ webhooks go to \/webhooks\/SOURCE/,
    ],
    [
      refused({ source: null, code: 'invalid', reason: 'https came to a port that speaks http' }),
      /400 https, and this port speaks http.*→ write http:\/\/ in the CMS/,
    ],
    [
      refused({ code: 'not_found', reason: "unknown source 'shop'" }),
      /404 the source is off → take `enabled: false` out of sources\.shop to receive again\n$/,
    ],
    [refused({ code: 'too_large', reason: 'too large' }), /413.*→ raise server\.body_limit/],
    [refused({ code: 'address', reason: 'x' }), /401.*→ .*sources\.shop\.allow_from/],
    [refused({ code: 'overloaded', reason: 'x' }), /503.*→ the sender has been told to try again/],
    [
      refused({ reason: "webhook of source 'shop' is not verified: the timestamp is 900 s old; 300 s are tolerated" }),
      /401 not of this time.*→ compare the clock/,
    ],
  ])('%o', (signal, expected) => expect(shown(signal)).toMatch(expected))

  test('where the sender shows a fixed secret, it is not called a signature', () => {
    const line = signalLine(refused(), createAround({ proofOf: () => 'secret' }))
    expect(line).toMatchObject({ outcome: '401 wrong secret' })
  })
})

test('a reload says what has changed, and what comes with the next start alone', () => {
  const reloaded = { kind: 'config.reloaded', changes: ['source shop: replaced'], warnings: [] }
  const line = (needsRestart: readonly string[]) => shown({ ...reloaded, needsRestart } as unknown as Signal)
  expect(line([])).toMatch(/reloaded: source shop: replaced\n$/)
  expect(line(['store'])).toMatch(/reloaded: source shop: replaced; from the next start: store\n$/)
})

test('a failed event names the command that shows it', () => {
  expect(shown(mapped({ status: 'failed', reason: 'no title' }))).toMatch(
    /failed: no title → `cms-relay events evt_2` shows it/,
  )
})

test.each([
  [4, '4 ms'],
  [700, '0.7 s'],
  [12_400, '12 s'],
  [185_000, '3 min 5 s'],
  [7_200_000, '2 h'],
  [360_000_000, '4 d 4 h'],
  [9_949, '9.9 s'],
  [9_950, '10 s'],
])('%i ms are %s', (ms, text) => expect(spanText(ms)).toBe(text))

test('one is not several', () =>
  expect([countText(1, 'item'), countText(1_200, 'item')]).toEqual(['1 item', '1,200 items']))
