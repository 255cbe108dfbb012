import { describe, expect, test } from 'vitest'
import { isProse } from '../../../src/mapping/richtext/prose.ts'

const sentence = 'We are closed for repairs, and open again on Monday.'

describe('counts as prose', () => {
  test.each([
    ['title', 'Pricing'],
    ['headline', 'pricing'],
    ['heading_2', '1984'],
    ['buttonLabel', 'OK'],
    ['cta-text', 'go'],
    ['answer', 'Yes.'],
    ['answer', 'no'],
    ['antwort', 'ja'],
    ['faqAnswer', 'e-mail'],
    ['caption', '12.03.2026'],
    ['price', '49'],
    ['title', 'Node.js'],
    ['title', '100%'],
    ['stat', '98%'],
    ['value', '98%'],
    ['value', '1,200+'],
    ['value', '4.9/5'],
    ['number', '10k+'],
    ['year', '1984'],
    ['phone', '+49 30 123456'],
    ['zip', '10115'],
    ['position', 'Engineer'],
    ['role', 'Author'],
    ['label', 'and/or'],
    ['text', 'https://example.com/written-out'],
    ['code', 'const a = 1'],
    // Names that say nothing.
    ['foo', 'Pricing'],
    ['foo', 'Yes.'],
    ['foo', 'yes!'],
    ['foo', 'Is it washable?'],
    ['foo', 'two words'],
    ['foo', 'Full width of the table'],
    ['foo', 'a well-known fact'],
    ['foo', 'E-Mail-Marketing'],
    ['foo', 'Anna'],
    ['foo', 'Donaudampfschifffahrtsgesellschaft'],
    ['foo', 'Bundesausbildungsförderungsgesetz'],
    ['foo', 'größe'],
    ['foo', '料金プラン'],
    ['foo', '价格'],
    ['foo', 'ราคา'],
    ['foo', 'Цена'],
    ['foo', 'السعر'],
    ['foo', '€49'],
    ['foo', '49 € / Monat'],
    ['foo', 'Mo–Fr 9–17 Uhr'],
    ['foo', 'Note: bring water'],
    ['foo', '[optional] bring water'],
    ['name', 'Jane Doe'],
    ['value', 'Free of charge'],
    // Names of settings: a sentence all the same.
    ['status', sentence],
    ['position', 'Head of Marketing'],
    ['link', 'Read more about us'],
    ['image', 'A dog runs through the snow'],
    ['layout', '本製品は防水仕様ではありません'],
  ])('%s: %s', (name, value) => {
    expect(isProse(name, value)).toBe(true)
  })
})

describe('counts as no prose', () => {
  test.each([
    ['title', ''],
    ['title', ' \n'],
    ['title', 'https://example.com/a b'.replace(' ', '')],
    ['title', 'editor@example.com'],
    ['body', 'a8f5f167f44f4964e6c998dee827110c'],
    ['label', '0b0e1a52-7a0b-4c1e-9f5a-111111111111'],
    ['content', 'dGhpcyBpcyBhIHRlc3Qgc3RyaW5nIQ=='],
    ['content', 'data:image/png;base64,iVBORw0KGgo='],
    ['title', '2026-01-01T00:00:00.000Z'],
    ['caption', 'photo.jpg'],
    ['caption', 'My photo of 2026.JPG'],
    ['text_color', '#ff0000'],
    ['items', 'rgba(0, 0, 0, 0.5)'],
    ['position', 'Top right'],
    ['role', 'presentation'],
    ['value', '50'],
    ['width', '98%'],
    ['foo', '98%'],
    // Names that say nothing.
    ['foo', 'center'],
    ['foo', 'Center'],
    ['foo', 'primary-button'],
    ['foo', 'h2'],
    ['foo', 'large'],
    ['foo', 'Large'],
    ['foo', 'top left'],
    ['foo', 'Full-Width'],
    ['foo', 'FULL_WIDTH'],
    ['foo', 'HeroBanner'],
    ['foo', 'en'],
    ['foo', 'en-US'],
    ['foo', 'EUR'],
    ['foo', '42'],
    ['foo', '50%'],
    ['foo', '1px solid red'],
    ['foo', '0 auto 10px'],
    ['foo', 'color: red; margin: 0 auto'],
    ['foo', 'color: red;'],
    ['foo', 'linear-gradient(to right, red, blue)'],
    ['foo', 'btn btn-primary'],
    ['foo', 'mt-4 px-2 md:flex'],
    ['foo', 'true'],
    ['foo', '2026-01-01'],
    ['foo', '2026-01-01 10:00:00'],
    ['foo', 'Tue, 02 Jan 2024 03:04:05 +0100'],
    ['foo', '#chapter-1'],
    ['foo', '/about/us'],
    ['foo', '../img/a'],
    ['foo', 'mailto:a@b.example'],
    ['foo', 'V1StGXR8_Z5jdHi6B-myT'],
    ['foo', 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abcDEF123'],
    ['foo', '65f0c0ffee0000000000000a'],
    ['foo', '1238455312'],
    // Names of internals and of settings.
    ['_type', sentence],
    ['@type', 'A type in words'],
    ['id', sentence],
    ['pageUrl', 'Some words here'],
    ['className', 'hero big dark'],
    ['style', 'a b c'],
    ['apiToken', 'Correct Horse Battery Staple'],
    ['password', 'correct horse battery staple'],
    ['contactEmail', 'Jane at example'],
    ['createdBy', 'Jane Doe'],
    ['updated_at', 'Yesterday at noon'],
    ['internalName', 'Hero of the spring campaign'],
    ['blockName', 'Hero of the spring campaign'],
    ['countryCode', 'DE'],
    ['textAlign', 'Justified'],
    ['titleColor', 'Dark blue'],
    ['headingLevel', 'Two'],
    ['image', 'Dog'],
    ['variant', 'Primary'],
    ['language', 'German'],
    ['status', 'In review'],
  ])('%s: %s', (name, value) => {
    expect(isProse(name, value)).toBe(false)
  })
})

test('whatever the value is, the answer comes soon', () => {
  for (const part of ['a', '- ', 'a-', 'a:b;', '1px ', '<p>', '{"a":', 'A ', '/a', 'あ', 'mt-4 ', 'a.b', '[', '0 ']) {
    const text = part.repeat(200_000)
    const start = performance.now()
    for (const name of ['foo', 'title', 'status']) isProse(name, text)
    expect(performance.now() - start, part).toBeLessThan(500)
  }
})
