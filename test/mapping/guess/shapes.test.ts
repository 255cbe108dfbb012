import { describe, expect, test } from 'vitest'
import { guess } from '../../../src/mapping/guess/guess.ts'
import { isPerson, mediaOf, referenceOf } from '../../../src/mapping/guess/shapes.ts'

describe('a reference', () => {
  test.each([
    ['Strapi 5', { id: 4, documentId: 'a1', title: 'private' }, 'a1'],
    ['Strapi 4', { id: 4, createdAt: '2026-01-01' }, '4'],
    ['Sanity', { _type: 'reference', _ref: 'author-1', _key: 'k' }, 'author-1'],
    ['Contentstack', { uid: 'blt1', _content_type_uid: 'author' }, 'blt1'],
    ['Hygraph', { __typename: 'Author', id: 'cl1' }, 'cl1'],
    ['Hygraph, of a stage', { __typename: 'Author', id: 'cl1', stage: 'PUBLISHED' }, 'cl1'],
    ['Directus, read with it', { id: 7, name: 'private', date_created: '2026-01-01' }, '7'],
    ['Umbraco', { Id: 'u1', ContentType: 'author', Route: { Path: '/a' }, Properties: {} }, 'u1'],
    ['Contentful', { sys: { type: 'Link', linkType: 'Entry', id: 'e1' } }, 'e1'],
    ['Payload, of one of several collections', { relationTo: 'pages', value: 'p1' }, 'p1'],
    ['Payload, populated', { relationTo: 'pages', value: { id: 7, title: 'private' } }, '7'],
    ['Builder', { '@type': '@builder.io/core:Reference', id: 'c1', model: 'category', value: { data: {} } }, 'c1'],
    ['an id alone', { id: 7 }, '7'],
  ])('of %s gives its id', (_system, value, id) => expect(referenceOf(value)).toBe(id))

  test.each([
    ['a component of Strapi', { id: 7, text: 'nice' }],
    ['a component of Hygraph', { __typename: 'Quote', id: 'cl1', text: 'nice' }],
    ['an object of Sanity', { _type: 'callout', _key: 'k', text: 'nice' }],
    ['an element of Umbraco', { Id: 'u1', ContentType: 'quote', Properties: {} }],
    ['a file of Contentful', { sys: { type: 'Link', linkType: 'Asset', id: 'a1' } }],
    ['a person of Payload', { relationTo: 'users', value: { id: 7, email: 'a@example.com' } }],
    ['an empty reference', { _ref: '' }],
    ['a uid without a content type', { uid: 'blt1', text: 'nice' }],
  ])('is not %s', (_what, value) => expect(referenceOf(value)).toBeNull())
})

describe('a file', () => {
  const sanity = 'https://cdn.sanity.io/images/p1/production'
  const hash = 'Tb9Ew8CXIwaY6R1kjMvI0uRR'
  test.each([
    [
      'Strapi',
      { url: '/uploads/a.png', mime: 'image/png' },
      'https://cms.example.com',
      'https://cms.example.com/uploads/a.png',
    ],
    [
      'Hygraph',
      { url: 'https://media.example.com/a', mimeType: 'image/png' },
      undefined,
      'https://media.example.com/a',
    ],
    [
      'Contentstack',
      { url: 'https://m.example.com/a', filename: 'a.png', content_type: 'image/png' },
      undefined,
      'https://m.example.com/a',
    ],
    [
      'Webflow',
      { fileId: 'f1', url: 'https://cdn.example.com/a.png', alt: null },
      undefined,
      'https://cdn.example.com/a.png',
    ],
    ['Sanity', { asset: { _ref: `image-${hash}-20x30-jpg` } }, sanity, `${sanity}/${hash}-20x30.jpg`],
    [
      'Sanity, a document',
      { asset: { _ref: `file-${hash}-pdf` } },
      sanity,
      `https://cdn.sanity.io/files/p1/production/${hash}.pdf`,
    ],
    [
      'Sanity, with the asset',
      { asset: { _id: 'x', url: 'https://cdn.sanity.io/a.jpg' } },
      undefined,
      'https://cdn.sanity.io/a.jpg',
    ],
    [
      'Directus',
      { id: 'u1', filename_download: 'a.png', type: 'image/png' },
      'https://cms.example.com',
      'https://cms.example.com/assets/u1',
    ],
  ])('of %s has its url', (_system, value, origin, url) => {
    expect(mediaOf(value, 'cover', origin)).toMatchObject({ field: 'cover', url })
  })

  test('of Umbraco is written with capitals', () => {
    const value = { Url: '/media/a.png', MediaType: 'Image', Extension: 'png', Width: 20, Height: 30 }
    const file = { field: 'cover', url: 'https://example.com/media/a.png', width: 20, height: 30 }
    expect(mediaOf(value, 'cover', 'https://example.com')).toMatchObject(file)
  })

  test('of Sanity has the size that its id names', () => {
    const file = mediaOf({ asset: { _ref: `image-${hash}-20x30-jpg` }, alt: 'A', caption: 'C' }, 'cover', undefined)
    expect(file).toMatchObject({ id: `image-${hash}-20x30-jpg`, width: 20, height: 30, alt: 'A', caption: 'C' })
    expect(file?.url).toBeUndefined()
  })

  test('of DatoCMS has the id of its upload', () => {
    const file = mediaOf({ upload_id: '22', alt: 'A', title: null, custom_data: {} }, 'cover', undefined)
    expect(file).toMatchObject({ field: 'cover', id: '22', alt: 'A' })
  })

  test.each([
    ['a link', { url: 'https://example.com', label: 'Example' }],
    ['a reference of Sanity', { _ref: 'author-1' }],
    ['an object with an asset of another kind', { asset: { name: 'x' } }],
    ['an empty upload', { upload_id: null, alt: 'A' }],
  ])('is not %s', (_what, value) => expect(mediaOf(value, 'cover', undefined)).toBeNull())
})

const rules = {
  origin: undefined,
  mediaOrigin: undefined,
  omit: new Set<string>(),
  omitEverywhere: new Set<string>(),
  only: null,
  ids: null,
}

test('rich text that nobody renders is guessed as its text', () => {
  const text = { nodeType: 'text', value: 'Hello', marks: [], data: {} }
  const paragraph = { nodeType: 'paragraph', data: {}, content: [text] }
  const lexical = {
    root: { type: 'root', children: [{ type: 'paragraph', children: [{ type: 'text', text: 'World' }] }] },
  }
  const { json } = guess({ a: { nodeType: 'document', data: {}, content: [paragraph, paragraph] }, b: lexical }, rules)
  expect(json['fields']).toEqual({ a: 'Hello\n\nHello', b: 'World' })
})

test('people are told by what only they have', () => {
  const people = [
    { email: 'x' },
    { username: 'x' },
    { password: 'x' },
    { first_name: 'A', last_name: 'B' },
    { firstname: 'A', lastname: 'B' },
  ]
  expect(people.map(isPerson)).toEqual([true, true, true, true, true])
  expect(isPerson({ first_name: 'A', title: 'B' })).toBe(false)
})

test('text is an id only where the mapper says so', () => {
  const record = { author: 'a1', tags: ['b2', 'c3'], mixed: ['b2', 'word'], word: 'word', none: [] }
  expect(guess(record, { ...rules, ids: /^[a-z]\d$/ }).json).toEqual({
    fields: { mixed: ['b2', 'word'], word: 'word' },
    relations: { author: ['a1'], tags: ['b2', 'c3'] },
    media: [],
  })
  expect(guess(record, rules).json['relations']).toEqual({})
})
