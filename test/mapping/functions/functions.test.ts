import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { compileExpression } from '../../../packages/jsonata-compile/index.ts'
import { ingestItemSchema } from '../../../src/domain/ingest-item.ts'
import { functions } from '../../../src/mapping/functions/table.ts'
import fc from '../../fast-check.ts'

const sha = (text: string) => createHash('sha256').update(Buffer.from(text)).digest('hex')

function call(name: string, ...values: unknown[]): unknown {
  return (functions[name] as (...values: unknown[]) => unknown)(...values)
}

test('every function gives nothing for nothing', () => {
  for (const name of Object.keys(functions)) expect(call(name, undefined), name).toBeUndefined()
  for (const name of Object.keys(functions)) expect(call(name, null), name).toBeUndefined()
})

test('every function can be used in a compiled expression', () => {
  const scope = { vars: { currency: 'USD' } }
  const text =
    '{"price": $price($min(variants.$number(price)), $vars.currency), "id": $string(id), "slug": $slug(title)}'
  const expression = compileExpression(text, { functions, timeLimitMs: 100 })
  expect(expression.isCompiled).toBe(true)
  const record = { id: '788032119674292922', title: 'T-Shirt', variants: [{ price: '19.99' }, { price: '24' }] }
  expect(expression.evaluate(record, scope)).toStrictEqual({
    price: { value: 19.99, unit: 'currency', currency: 'USD' },
    id: '788032119674292922',
    slug: 't-shirt',
  })
})

describe('$price', () => {
  test.each([
    [[19.99, 'usd'], 19.99],
    [['19.99', 'USD'], 19.99],
    [[' 5 ', 'EUR'], 5],
    [[0, 'EUR'], 0],
    [['-3.50', 'EUR'], -3.5],
    [['.99', 'USD'], 0.99], // as a shop keeps what was typed
    [['-.5', 'EUR'], -0.5],
    [['.5', 'EUR', 2], 0.005],
    [[1999, 'EUR', 2], 19.99],
    [['1999', 'EUR', 2], 19.99],
    [[1999, 'JPY', 0], 1999],
    [[35, 'EUR', 2], 0.35],
    [[1e21, 'EUR'], 1e21],
  ])('%j', ([value, currency, digits], expected) => {
    const given = call('price', value, currency, digits) as { currency: string }
    expect(given).toStrictEqual({ value: expected, unit: 'currency', currency: String(currency).toUpperCase() })
  })

  test('is nothing without a value, whatever the currency', () => {
    for (const value of ['', '  ', null, undefined]) expect(call('price', value, undefined)).toBeUndefined()
  })

  test.each([
    ['1,299.00', 'USD'],
    ['12 €', 'EUR'],
    ['abc', 'EUR'],
    ['.', 'EUR'],
    ['5.', 'EUR'],
    [Number.NaN, 'EUR'],
    [Number.POSITIVE_INFINITY, 'EUR'],
    ['1e400', 'EUR'],
    [true, 'EUR'],
    [[1], 'EUR'],
    [1, 'EURO'],
    [1, ''],
    [1, undefined],
    [1, 'E1R'],
    [1, 'EUR', 1.5],
    [1, 'EUR', -1],
    [1, 'EUR', 'x'],
  ])('refuses %j %j %j', (...values) => {
    expect(() => call('price', ...values)).toThrow(/^\$price: /)
  })

  test('minor units lose no cent', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e9, max: 1e9 }), (cents) => {
        const { value } = call('price', cents, 'EUR', 2) as { value: number }
        expect(Math.abs(value).toFixed(2)).toBe(
          `${Math.floor(Math.abs(cents) / 100)}.${String(Math.abs(cents) % 100).padStart(2, '0')}`,
        )
      }),
    )
  })
})

describe('$absolute', () => {
  const base = 'https://example.com/shop/'
  test.each([
    ['/p/1', 'https://example.com/p/1'],
    ['p/1', 'https://example.com/shop/p/1'],
    ['?a=1', 'https://example.com/shop/?a=1'],
    ['https://cdn.example.net/a b.png', 'https://cdn.example.net/a b.png'],
    ['HTTP://example.net', 'HTTP://example.net'],
    ['//cdn.example.net/x', 'https://cdn.example.net/x'],
    [' /x ', 'https://example.com/x'],
  ])('%j', (url, expected) => {
    expect(call('absolute', url, base)).toBe(expected)
  })

  test('takes the scheme of the base, https without one', () => {
    expect(call('absolute', '//h/x', 'http://example.com')).toBe('http://h/x')
    expect(call('absolute', '//h/x')).toBe('https://h/x')
    expect(call('absolute', 'https://h/x')).toBe('https://h/x')
  })

  test('is nothing for empty text', () => expect(call('absolute', ' ', base)).toBeUndefined())

  test.each([
    ['/x', undefined],
    ['/x', 'nonsense'],
    ['mailto:a@b.c', base],
    ['javascript:alert(1)', base],
    ['https://', base],
    [5, base],
  ])('refuses %j on %j, naming it', (url, on) =>
    expect(() => call('absolute', url, on)).toThrow(`$absolute: ${JSON.stringify(url)}`),
  )
})

describe('$bcp47', () => {
  test.each([
    ['en_US', 'en-US'],
    ['en-us', 'en-US'],
    ['EN', 'en'],
    ['zh_hant_tw', 'zh-Hant-TW'],
    ['de_DE.UTF-8', 'de-DE'],
    ['de_DE@euro', 'de-DE'],
    [' fr ', 'fr'],
    ['pt-br', 'pt-BR'],
  ])('%s is %s', (tag, expected) => {
    expect(call('bcp47', tag)).toBe(expected)
    expect(ingestItemSchema.shape.language.safeParse(expected).success).toBe(true)
  })
  test.each(['*', '', ' '])('%j is nothing', (tag) => expect(call('bcp47', tag)).toBeUndefined())
  test.each(['english language', 'x', '-', 'en--US', 12])('refuses %j', (tag) => {
    expect(() => call('bcp47', tag)).toThrow(/^\$bcp47: .* is not/)
  })
})

describe('$slug', () => {
  test.each([
    ['Hello, World!', 'hello-world'],
    ['  Crème Brûlée  ', 'creme-brulee'],
    ['Straße & Ærø', 'strasse-aero'],
    ["Don't stop", 'dont-stop'],
    ['ﬁne ①', 'fine-1'],
    ['Привет мир', 'привет-мир'],
    ['한국어', '한국어'],
    ['हिन्दी', 'हिन्दी'],
    [2024, '2024'],
  ])('%s is %s', (text, expected) => expect(call('slug', text)).toBe(expected))
  test('is nothing where nothing is left', () => expect(call('slug', '!!!')).toBeUndefined())
  test('is a slug of itself', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const slug = call('slug', text)
        if (slug !== undefined) expect(call('slug', slug)).toBe(slug)
      }),
    )
  })
})

test('$markdown gives HTML of GitHub flavoured markdown and keeps HTML', () => {
  expect(call('markdown', '# Hi\n\n~~a~~ <b>c</b>')).toBe('<h1>Hi</h1>\n<p><del>a</del> <b>c</b></p>\n')
  expect(call('markdown', '|a|\n|-|\n|b|')).toContain('<td>b</td>')
  expect(call('markdown', '')).toBe('')
  expect(() => call('markdown', 5)).toThrow(/^\$markdown: 5 is not text/)
})

test('$text gives the text of HTML', () => {
  expect(call('text', '<h1>Hi</h1><p>a &amp; b</p>')).toBe('Hi\n\na & b')
  expect(call('text', '')).toBe('')
})

test('$base64text reads UTF-8, whatever the line breaks', () => {
  const packed = Buffer.from('\ufeffGrüße € 😀').toString('base64')
  expect(call('base64text', packed)).toBe('Grüße € 😀')
  expect(call('base64text', `${packed.slice(0, 8)}\n${packed.slice(8)}\n`)).toBe('Grüße € 😀')
  expect(call('base64text', '')).toBeUndefined()
  expect(call('base64text', null)).toBeUndefined()
  expect(() => call('base64text', 'a*b')).toThrow(/^\$base64text: .* is not base64/)
  expect(() => call('base64text', '/w==')).toThrow(/is not text in UTF-8/)
  expect(() => call('base64text', 5)).toThrow(/^\$base64text/)
})

test('$sha256 gives lower-case hex of UTF-8', () => {
  expect(call('sha256', 'ä')).toBe(sha('ä'))
  expect(call('sha256', '')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
  expect(call('sha256', 5)).toBe(sha('5'))
  expect(() => call('sha256', {})).toThrow(/^\$sha256/)
})

describe('$utc', () => {
  test.each([
    ['2024-01-02T03:04:05+02:00', '2024-01-02T01:04:05Z'],
    ['2024-01-02T03:04:05.120Z', '2024-01-02T03:04:05.12Z'],
    ['2024-01-02T03:04:05.123456Z', '2024-01-02T03:04:05.123456Z'],
    ['2024-01-02 03:04:05', '2024-01-02T03:04:05Z'],
    ['2024-01-02', '2024-01-02T00:00:00Z'],
    ['2024-01-02T03:00:00Z', '2024-01-02T03:00:00Z'],
    ['Tue, 02 Jan 2024 03:04:05 +0100', '2024-01-02T02:04:05Z'],
    ['Tue, 02 Jan 2024 03:04:05 GMT', '2024-01-02T03:04:05Z'],
    [1704164645, '2024-01-02T03:04:05Z'],
    [1704164645500, '2024-01-02T03:04:05.5Z'],
    ['1704164645', '2024-01-02T03:04:05Z'],
    [0, '1970-01-01T00:00:00Z'],
  ])('%j is %s', (time, expected) => {
    expect(call('utc', time)).toBe(expected)
    expect(ingestItemSchema.shape.updated_at.safeParse(expected).success).toBe(true)
  })
  test.each(['', '0000-00-00 00:00:00'])('%j is nothing', (time) => expect(call('utc', time)).toBeUndefined())
  test.each(['yesterday', '2024-13-01', 'Tue, 99 Foo 2024 03:04:05 GMT', Number.NaN, 1e18, true])(
    'refuses %j',
    (time) => {
      expect(() => call('utc', time)).toThrow(/^\$utc: /)
    },
  )
})
