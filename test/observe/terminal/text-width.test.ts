import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cutEnd, cutText, padText, widthOf, wrapText } from '../../../src/observe/terminal/text-width.ts'

test.each([
  ['shop', 4],
  ['日本語', 6],
  ['한글', 4],
  ['e\u0301', 1],
  ['👩‍👩‍👧', 2],
  ['❤️', 2],
  ['evt_2 → …', 9],
])('%s fills %i columns', (text, width) => expect(widthOf(text)).toBe(width))

const texts = fc.string({ unit: fc.constantFrom('a', 'b', ' ', '日', '👍', 'e\u0301', '-') })
const widths = fc.integer({ min: 2, max: 60 })

test('what is cut fits, and what fits is not cut', () => {
  fc.assert(
    fc.property(texts, widths, (text, width) => {
      for (const cut of [cutText(text, width), cutEnd(text, width)]) {
        expect(widthOf(cut)).toBeLessThanOrEqual(width)
        if (widthOf(text) <= width) expect(cut).toBe(text)
      }
    }),
  )
})

describe('a text of several lines', () => {
  test('has none that is wider, and loses no word', () => {
    fc.assert(
      fc.property(texts, widths, (text, width) => {
        const lines = wrapText(text, width, 100)
        for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(width)
        expect(lines.join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''))
      }),
    )
  })

  test('breaks between words, and cuts the last line', () => {
    expect(wrapText('the quick brown fox jumps over the dog', 10, 3)).toEqual(['the quick', 'brown fox', 'jumps ove…'])
    expect(wrapText('https://example.com/a-long-path', 12, 9)).toEqual(['https://exam', 'ple.com/a-lo', 'ng-path'])
  })
})

test('both ends of an id stay', () => expect(cutText('gid://shopify/Product/632910392', 16)).toBe('gid://shop…10392'))
test('where there is hardly room, the beginning stays', () => expect(cutText('product', 3)).toBe('pr…'))
test('filled up by what it shows', () => expect(padText('日本', 6)).toBe('日本  '))
