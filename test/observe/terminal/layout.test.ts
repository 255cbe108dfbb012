import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createMask } from '../../../src/observe/log.ts'
import { createLayout, type LayoutOptions } from '../../../src/observe/terminal/layout.ts'
import { signalLine } from '../../../src/observe/terminal/signal-line.ts'
import { widthOf } from '../../../src/observe/terminal/text-width.ts'
import { createAround, everySignal, refused } from './support.ts'

const at = new Date(2026, 0, 1, 12, 3, 11).getTime()

function layoutOf(width: number, over: Partial<LayoutOptions> = {}) {
  return createLayout({ mask: (text) => text, width: () => width, paint: (_style, text) => text, ...over })
}

const sent = {
  level: 'info',
  mark: 'good',
  subject: 'shop',
  topic: 'products/update',
  what: 'evt_2 → product:632910392',
  outcome: 'sent in 0.7 s',
} as const

test('a webhook that was sent is one line of eighty columns', () => {
  expect(layoutOf(80)(sent, at)).toBe('12:03:11 ✓ shop  products/update  evt_2 → product:632910392  sent in 0.7 s\n')
})

test('columns stand below each other', () => {
  const layout = layoutOf(120, { names: () => ['blog-of-us'] })
  const lines = [sent, { ...sent, topic: 'x', what: 'evt_30 → product:1' }].map((line) => layout(line, at))
  const places = lines.map((line) => ['evt_', 'sent in'].map((text) => line.indexOf(text)))
  expect(places[1]).toEqual(places[0])
  expect(lines[0]).toContain('✓ shop        products/update')
})

test('an id that is too long is cut, and what became of it is not', () => {
  const line = layoutOf(80)({ ...sent, what: `evt_2 → product:${'x'.repeat(90)}1` }, at)
  expect(line).toMatch(/evt_2 → prod.*….*1 {2}sent in 0\.7 s\n$/)
  expect(widthOf(line.trimEnd())).toBeLessThanOrEqual(80)
})

test.each([
  [40, 'shop', 'sent in 0.7 s', 'shop  evt_2 → …xx1  sent in…'],
  [40, 'shop-of-us', 'sent in 0.7 s', 'shop-…us  evt_2 …x1  sent in…'],
  [50, 'shop', 'sent in 0.7 s', 'shop  evt_2 → prod…xxxx1  sent in 0.7 s'],
  [80, 'shop', 'o'.repeat(99), 'shop  products/update  evt_2 → produ…xxxxx1  ooooooooooooooooooooooo…'],
])('in %i columns what became of it has its room, and so has the id: %s', (width, subject, outcome, shown) => {
  const what = `evt_2 → product:${'x'.repeat(90)}1`
  expect(layoutOf(width)({ ...sent, subject, what, outcome }, at)).toBe(`12:03:11 ✓ ${shown}\n`)
})

test('what does not fit stands below, with the cure last', () => {
  const line = signalLine(refused(), createAround())!
  expect(layoutOf(Number.POSITIVE_INFINITY)(line, at)).toBe(
    '12:03:11 ✗ shop  401 wrong signature: header x-sign does not match → is sources.shop.secret the one that the CMS signs with?\n',
  )
  expect(layoutOf(80)(line, at).split('\n')).toEqual([
    '12:03:11 ✗ shop  401 wrong signature',
    '           header x-sign does not match',
    '           → is sources.shop.secret the one that the CMS signs with?',
    '',
  ])
})

test('a bug shows where it is', () => {
  const stack = 'Error: no\n    at map (file:///app/src/map.ts:1:2)\n    at step (file:///app/src/loop.ts:3:4)'
  const line = { level: 'error', mark: 'error', subject: 'relay', outcome: 'map failed', detail: 'no', stack } as const
  expect(layoutOf(80)(line, at).split('\n')).toEqual([
    '12:03:11 ✗ relay  map failed: no',
    '           at map (file:///app/src/map.ts:1:2)',
    '           at step (file:///app/src/loop.ts:3:4)',
    '',
  ])
})

describe('whatever happens', () => {
  test.each([40, 80, 100, 140])('nothing is wider than a terminal of %i columns', (width) => {
    const layout = layoutOf(width)
    for (const signal of everySignal) {
      const lines = layout(signalLine(signal, createAround())!, at).trimEnd().split('\n')
      expect(lines.length).toBeLessThanOrEqual(9)
      for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(width)
    }
  })

  const secret = 'kept "in" the safe'
  const hostile = fc.string({
    unit: fc.constantFrom('\u001b[2J', '\u009b31m', '\u0007', '\n', '\r', '\u202e', '\u2028', 'a', ' ', '日', secret),
    maxLength: 60,
  })

  test('a terminal has nothing to obey, and no secret is shown, not even the half that a cut leaves', () => {
    const mask = createMask([secret])
    fc.assert(
      fc.property(
        hostile,
        hostile,
        fc.integer({ min: 40, max: 150 }),
        fc.constantFrom('good', 'quiet', 'error'),
        (one, two, width, mark) => {
          const layout = layoutOf(width, { mask })
          const line = {
            level: 'warn',
            subject: one,
            topic: two,
            what: one,
            outcome: two,
            detail: one,
            cure: two,
          } as const
          const text = layout({ ...line, mark, stack: `Error\n    at ${two}` }, at)
          expect(text.replace(/\n/g, '')).not.toMatch(/[\p{Cc}\u202e\u2028]/u)
          expect(text).not.toMatch(/kept|safe/)
          for (const row of text.trimEnd().split('\n')) expect(widthOf(row)).toBeLessThanOrEqual(width)
        },
      ),
    )
  })
})
