import { expect, test } from 'vitest'
import { RelayError } from '../../../src/domain/errors.ts'
import { checksumOf, ingestItemSchema } from '../../../src/domain/ingest-item.ts'
import { completeDraft } from '../../../src/mapping/item/item.ts'
import type { DraftFields, ItemRules } from '../../../src/mapping/mapper.ts'

const rules: ItemRules = { siteDomain: 'example.com', defaultLanguage: 'de' }
const valid: DraftFields = {
  type: 'post',
  id: 'post:1',
  url: 'https://example.com/1',
  title: 'T',
  html: '<p>a &amp; b</p>',
}

function complete(change: Partial<DraftFields>, site = rules) {
  const change_ = completeDraft(
    { kind: 'upsert', record: 'post', version: null, fields: { ...valid, ...change } },
    site,
  )
  if (change_.kind !== 'upsert') throw new Error('not an upsert')
  return change_.item
}

function mistake(change: object, site = rules): string {
  try {
    complete(change, site)
  } catch (error) {
    if (error instanceof RelayError) return error.message
    throw error
  }
  throw new Error('nothing was thrown')
}

test('an item has its text, language and checksum, in one order of keys, and fits the schema', () => {
  const item = complete({ updated_at: '2026-01-02T03:04:05+01:00' })
  expect(Object.entries(item)).toEqual([
    ['type', 'post'],
    ['id', 'post:1'],
    ['url', 'https://example.com/1'],
    ['title', 'T'],
    ['language', 'de'],
    ['updated_at', '2026-01-02T02:04:05Z'],
    ['html', '<p>a &amp; b</p>'],
    ['text', 'a & b'],
    ['checksum', checksumOf({ type: 'post', url: 'https://example.com/1', html: '<p>a &amp; b</p>', text: 'a & b' })],
  ])
  expect(ingestItemSchema.safeParse(item).success).toBe(true)
})

test('a tombstone goes through as it is', () => {
  const draft = { kind: 'delete', record: 'r', type: 'post', id: 'post:1', version: null, certain: true } as const
  expect(completeDraft(draft, rules)).toEqual({
    kind: 'delete',
    type: 'post',
    id: 'post:1',
    version: null,
    certain: true,
  })
})

test('updated_at does not change the checksum, content does', () => {
  const { checksum } = complete({})
  expect(complete({ updated_at: '2020-01-01' }).checksum).toBe(checksum)
  expect(complete({ html: '<p>b</p>' }).checksum).not.toBe(checksum)
  expect(complete({ json: { a: 1 } }).checksum).not.toBe(checksum)
})

test('text that is given is not derived', () => expect(complete({ text: 'given' }).text).toBe('given'))

test('empty html and text are left out, and json alone is enough', () => {
  const item = complete({ html: '', text: '  ', json: { a: 1 } })
  expect(Object.keys(item)).not.toContain('html')
  expect(Object.keys(item)).not.toContain('text')
})

test('an item without html, text and json is refused', () => {
  expect(mistake({ html: undefined, json: { empty: null } })).toBe(
    "record 'post', item 'post:1': one of html, text and json is required",
  )
})

test('json without what says nothing: null, empty maps and lists', () => {
  const json = { a: null, b: {}, c: [], d: { e: { f: null } }, g: [null, { h: null, i: 0 }], j: '', k: false }
  expect(complete({ json }).json).toEqual({ g: [null, { i: 0 }], j: '', k: false })
})

test.each([
  ['en_us', 'en-US'],
  ['pt-br', 'pt-BR'],
  ['*', 'de'],
  ['', 'de'],
  [undefined, 'de'],
])('language %s is %s', (language, expected) => {
  expect(complete({ language } as DraftFields).language).toBe(expected)
})

test('without a default there may be no language', () => {
  expect(Object.keys(complete({}, { ...rules, defaultLanguage: undefined }))).not.toContain('language')
})

test('what is no language is refused', () => {
  expect(mistake({ language: 'not a language!' })).toMatch(
    /^record 'post', item 'post:1': language: .*is not a language tag$/,
  )
})

test.each([
  ['2026-01-02T03:04:05', '2026-01-02T03:04:05Z'],
  ['2026-01-02 03:04:05', '2026-01-02T03:04:05Z'],
  ['2026-01-02T03:04:05.250-05:00', '2026-01-02T08:04:05.25Z'],
  ['1700000000', '2023-11-14T22:13:20Z'],
  ['1700000000123', '2023-11-14T22:13:20.123Z'],
])('updated_at %s is %s', (updated_at, expected) => {
  expect(complete({ updated_at }).updated_at).toBe(expected)
})

test('what is no time is refused', () => {
  expect(mistake({ updated_at: 'yesterday' })).toMatch(/^record 'post', item 'post:1': updated_at: .*is not a time$/)
})

test('a title has at most 1024 characters: it is refused, not cut', () => {
  expect(complete({ title: 'x'.repeat(1024) }).title).toHaveLength(1024)
  expect(mistake({ title: 'x'.repeat(1025) })).toMatch(/^record 'post', item 'post:1': title: /)
})

test.each(['https://EXAMPLE.com/1', 'https://example.com:443/1', 'http://example.com:80/1'])(
  '%s is on the site',
  (url) => {
    expect(complete({ url }).url).toMatch(/^https?:\/\/example\.com\/1$/)
  },
)

test('a site domain may be written in capitals, with a port, or in its own script', () => {
  expect(complete({}, { ...rules, siteDomain: 'Example.COM' }).id).toBe('post:1')
  expect(complete({ url: 'http://localhost:3000/a' }, { ...rules, siteDomain: 'localhost:3000' }).id).toBe('post:1')
  expect(complete({ url: 'https://xn--bcher-kva.de/a' }, { ...rules, siteDomain: 'bücher.de' }).id).toBe('post:1')
})

test('a url on another host is refused; only the canonical url may be elsewhere', () => {
  expect(mistake({ url: 'https://other.net/1' })).toBe(
    "record 'post', item 'post:1': url: host 'other.net' is not the destination's site_domain 'example.com'",
  )
  expect(mistake({ url: 'https://example.com:8443/1' })).toMatch(/host 'example.com:8443'/)
  expect(complete({ canonical_url: 'https://other.net/1' }).canonical_url).toBe('https://other.net/1')
})

test('www. is another host, and the message says so', () => {
  expect(mistake({ url: 'https://www.example.com/1' })).toMatch(/with and without www\. are two hosts/)
})

test('without a destination no host is asked for', () => {
  expect(complete({ url: 'https://other.net/1' }, { ...rules, siteDomain: null }).url).toBe('https://other.net/1')
})

test.each(['/relative', 'example.com/1', 'ftp://example.com/1', 'javascript:alert(1)'])(
  'the url %s is refused',
  (url) => {
    expect(mistake({ url })).toMatch(/^record 'post', item 'post:1': url: '.*' is not an absolute http\(s\) url$/)
  },
)

test('a url with credentials, or without its last part, is refused', () => {
  expect(mistake({ url: 'https://me:pw@example.com/1' })).toMatch(/must not hold a user name or password/)
  expect(mistake({ url: 'https://example.com/blog/null' })).toMatch(/the record has no slug/)
})

test('a url is encoded', () => {
  expect(complete({ url: 'https://example.com/größe 1' }).url).toBe('https://example.com/gr%C3%B6%C3%9Fe%201')
})

test('all mistakes of an item are told at once', () => {
  const message = mistake({ url: 'nowhere', title: 'x'.repeat(2000), updated_at: 'never' })
  for (const field of ['url: ', 'title: ', 'updated_at: ']) expect(message).toContain(field)
})
