import { expect, test } from 'vitest'
import { recordsByLocale } from '../../../src/mapping/functions/locales.ts'
import { mapperOf, webhook } from '../support.ts'

test('a record without localized values comes alone, as it is', () => {
  const record = { title: 'T', tags: ['en'], price: { en: 1, amount: 2 }, empty: {}, translations: [] }
  for (const locales of [null, ['en', 'it']]) expect(recordsByLocale(record, locales)).toEqual([record])
})

test('maps from locale to value are told by the locales that count', () => {
  const record = {
    slug: 'same',
    title: { en: 'Hello', it: 'Ciao' },
    lead: { en: 'Only here', it: null },
    size: { x: 1 },
  }
  expect(recordsByLocale(record, ['it', 'en', 'de'])).toEqual([
    { slug: 'same', title: 'Ciao', size: { x: 1 }, _locale: 'it' },
    { slug: 'same', title: 'Hello', lead: 'Only here', size: { x: 1 }, _locale: 'en' },
  ])
  expect(recordsByLocale(record, null)).toEqual([record])
  // `it` does not count, but it is a language all the same
  expect(recordsByLocale(record, ['en'])).toMatchObject([{ title: 'Hello', _locale: 'en' }])
  expect(recordsByLocale({ title: { it: 'Ciao' } }, ['en'])).toEqual([{ title: { it: 'Ciao' } }])
})

test("entries of Sanity's plugin are told by their type, at any depth, as both versions write them", () => {
  const text = (entries: object[]) => entries.map((entry) => ({ _type: 'internationalizedArrayStringValue', ...entry }))
  const record = {
    _id: 'a',
    title: text([
      { _key: 'en', value: 'Hello' },
      { _key: 'de', value: 'Hallo' },
    ]),
    seo: { title: text([{ _key: 'x1', language: 'en', value: 'In short' }]), image: 'i' },
    tags: ['a', 'b'],
  }
  expect(recordsByLocale(record, null)).toEqual([
    { _id: 'a', title: 'Hello', seo: { title: 'In short', image: 'i' }, tags: ['a', 'b'], _locale: 'en' },
    { _id: 'a', title: 'Hallo', seo: { image: 'i' }, tags: ['a', 'b'], _locale: 'de' },
  ])
  expect(recordsByLocale(record, ['de'])).toMatchObject([{ title: 'Hallo', _locale: 'de' }])
  expect(recordsByLocale(record, ['fr'])).toEqual([])
})

test('rows of translations are laid over the record, which keeps its id', () => {
  const directus = {
    id: 7,
    image: 'i',
    title: 'internal',
    translations: [
      { id: 70, articles_id: 7, languages_code: 'en-US', title: 'Hello', author_id: 3 },
      { id: 71, articles_id: 7, languages_code: { code: 'de-DE', name: 'German' }, title: 'Hallo' },
    ],
  }
  expect(recordsByLocale(directus, null)).toEqual([
    { id: 7, image: 'i', title: 'Hello', author_id: 3, _locale: 'en-US' },
    { id: 7, image: 'i', title: 'Hallo', _locale: 'de-DE' },
  ])
  const hygraph = { __typename: 'Post', price: 5, localizations: [{ locale: 'en', title: 'Hello' }] }
  expect(recordsByLocale(hygraph, ['en', 'de'])).toEqual([
    { __typename: 'Post', price: 5, title: 'Hello', _locale: 'en' },
  ])
})

test('rows that name no locale, and lists of ids, are fields like any other', () => {
  for (const translations of [[1, 2], [{ title: 'x' }], [{ locale: 'en' }, 3]]) {
    expect(recordsByLocale({ id: 7, translations }, ['en'])).toEqual([{ id: 7, translations }])
  }
})

test('an expression asks for them in `each`', async () => {
  const mapper = await mapperOf(
    `
  - name: entry
    each: $locales(entry, $vars.locales)
    type: post
    id: '"p:" & $body.entry.id & (_locale ? "@" & _locale)'
    url: $vars.origin & "/" & slug
    title: title
    language: _locale`,
    {
      head: 'vars: { origin: {}, locales: {} }',
      vars: { origin: 'https://example.com', locales: ['en', 'it'] },
    },
  )
  const idsOf = async (entry: object) => {
    const { drafts, problems } = await mapper.map(webhook({ entry }))
    expect(problems).toEqual([])
    return drafts.map((draft) => (draft.kind === 'upsert' ? [draft.fields.id, draft.fields.title] : []))
  }
  expect(await idsOf({ id: 1, slug: 's', title: { en: 'Hello', it: 'Ciao' } })).toEqual([
    ['p:1@en', 'Hello'],
    ['p:1@it', 'Ciao'],
  ])
  expect(await idsOf({ id: 1, slug: 's', title: { it: 'Ciao' } })).toEqual([['p:1@it', 'Ciao']])
  expect(await idsOf({ id: 1, slug: 's', title: 'Hello' })).toEqual([['p:1', 'Hello']])
  const { problems } = await mapper.map(webhook({ entry: 'text' }))
  expect(problems).toEqual([expect.stringContaining('$locales: "text" is not a record')])
})
