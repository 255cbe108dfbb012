import { describe, expect, test } from 'vitest'
import { textOfHtml } from '../../../src/mapping/functions/html-text.ts'
import { htmlOfRichText } from '../../../src/mapping/richtext/rich-text.ts'
import fc from '../../fast-check.ts'

type Fields = Readonly<Record<string, unknown>>

/** A document of a format around a block of one's own, and rich text of the format as the value of a field. */
interface Maker {
  readonly around: (fields: Fields) => unknown
  readonly rich: (text: string) => unknown
}

const portable = (text: string) => [
  {
    _type: 'block',
    _key: 'k1',
    style: 'normal',
    markDefs: [],
    children: [{ _type: 'span', _key: 'k2', text, marks: [] }],
  },
]
const lexicalParagraph = (text: string) => ({ type: 'paragraph', children: [{ type: 'text', text }] })
const storyblokParagraph = (text: string) => ({ type: 'paragraph', content: [{ type: 'text', text }] })
const dastDocument = (...children: unknown[]) => ({ schema: 'dast', document: { type: 'root', children } })
const dastParagraph = (text: string) => ({ type: 'paragraph', children: [{ type: 'span', value: text }] })
const contentfulDocument = (...content: unknown[]) => ({ nodeType: 'document', data: {}, content })
const contentfulParagraph = (value: string) => ({
  nodeType: 'paragraph',
  data: {},
  content: [{ nodeType: 'text', value, marks: [], data: {} }],
})
const ricosParagraph = (text: string) => ({
  type: 'PARAGRAPH',
  nodes: [{ type: 'TEXT', nodes: [], textData: { text, decorations: [] } }],
})
const builderText = (text: string) => ({
  '@type': '@builder.io/sdk:Element',
  component: { name: 'Text', options: { text } },
})
const slateParagraph = (text: string) => ({ type: 'paragraph', children: [{ text }] })
const prismicParagraph = (text: string) => ({ type: 'paragraph', text, spans: [] })

const makers: Readonly<Record<string, Maker>> = {
  portabletext: { around: (fields) => [{ _type: 'novelty', _key: 'k', ...fields }], rich: portable },
  storyblok: {
    around: (fields) => ({
      type: 'doc',
      content: [{ type: 'blok', attrs: { id: 'i', body: [{ _uid: 'u', component: 'novelty', ...fields }] } }],
    }),
    rich: (text) => ({ type: 'doc', content: [storyblokParagraph(text)] }),
  },
  'storyblok (a node of one’s own)': {
    around: (fields) => ({ type: 'doc', content: [{ type: 'novelty', attrs: fields }] }),
    rich: (text) => ({ type: 'doc', content: [storyblokParagraph(text)] }),
  },
  lexical: {
    around: (fields) => ({
      root: { children: [{ type: 'block', fields: { id: 'x', blockType: 'novelty', ...fields } }] },
    }),
    rich: (text) => ({ root: { type: 'root', children: [lexicalParagraph(text)] } }),
  },
  'lexical (a node of one’s own)': {
    around: (fields) => ({ root: { children: [{ ...fields, type: 'novelty', version: 1 }] } }),
    rich: (text) => ({ root: { type: 'root', children: [lexicalParagraph(text)] } }),
  },
  dast: {
    around: (attributes) => dastDocument({ type: 'block', item: { id: '1', type: 'item', attributes } }),
    rich: (text) => dastDocument(dastParagraph(text)),
  },
  'dast (blocks beside the tree)': {
    around: (fields) => ({
      value: dastDocument({ type: 'block', item: '1' }),
      blocks: [{ id: '1', __typename: 'NoveltyRecord', ...fields }],
    }),
    rich: (text) => ({ value: dastDocument(dastParagraph(text)) }),
  },
  builder: {
    around: (options) => [{ '@type': '@builder.io/sdk:Element', component: { name: 'Novelty', options } }],
    rich: (text) => [builderText(text)],
  },
  editorjs: {
    around: (data) => ({ blocks: [{ id: 'a', type: 'novelty', data }] }),
    rich: (text) => ({ blocks: [{ type: 'paragraph', data: { text } }] }),
  },
  ricos: {
    around: (noveltyData) => ({ nodes: [{ type: 'NOVELTY', id: 'n', nodes: [], noveltyData }] }),
    rich: (text) => ({ nodes: [ricosParagraph(text)] }),
  },
  slate: {
    around: (fields) => [{ ...fields, type: 'novelty', children: [{ text: '' }] }],
    rich: (text) => [slateParagraph(text)],
  },
  contentstack: {
    around: (attrs) => ({ type: 'doc', children: [{ type: 'novelty', uid: 'a', attrs, children: [{ text: '' }] }] }),
    rich: (text) => ({ type: 'doc', children: [{ type: 'p', children: [{ text }] }] }),
  },
  hygraph: {
    around: (fields) => ({ json: { children: [{ ...fields, type: 'novelty', children: [{ text: '' }] }] } }),
    rich: (text) => ({ json: { children: [slateParagraph(text)] } }),
  },
  blocks: {
    around: (fields) => [{ ...fields, __component: 'shared.novelty' }],
    rich: (text) => [{ type: 'paragraph', children: [{ type: 'text', text }] }],
  },
  prismic: {
    around: (fields) => [{ slice_type: 'novelty', variation: 'default', primary: fields, items: [] }],
    rich: (text) => [prismicParagraph(text)],
  },
  'prismic (a node of one’s own)': {
    around: (fields) => [{ ...fields, type: 'novelty' }],
    rich: (text) => [prismicParagraph(text)],
  },
  contentful: {
    around: (fields) =>
      contentfulDocument({
        nodeType: 'embedded-entry-block',
        data: { target: { sys: { id: 'x', type: 'Entry' }, fields } },
        content: [],
      }),
    rich: (text) => contentfulDocument(contentfulParagraph(text)),
  },
  'contentful (a node of one’s own)': {
    around: (data) => contentfulDocument({ nodeType: 'novelty', data, content: [] }),
    rich: (text) => contentfulDocument(contentfulParagraph(text)),
  },
  text: { around: (fields) => [fields], rich: (text) => [{ type: 'paragraph', children: [{ type: 'text', text }] }] },
}

const formatIn = (name: string) => name.split(' ')[0]!
const squeezed = (text: string) => text.replace(/\s+/g, ' ').trim()

describe.each(Object.entries(makers))('%s: a block of one’s own', (name, { around, rich }) => {
  const html = (fields: Fields) => htmlOfRichText(around(fields), formatIn(name)) ?? ''
  const text = (fields: Fields) => squeezed(textOfHtml(html(fields)))

  test('gives its headings, questions and answers, also one word long, and those of lists in it', () => {
    const fields = {
      title: 'Pricing',
      antwort: 'Ja.',
      eintraege: [
        { frage: 'Is it washable?', answer: 'Yes.', id: 'abc123' },
        { frage: 'And the lid?', answer: 'Yes.', id: 'abc124' },
      ],
      leaf: { deeper: { überschrift: '料金プラン' } },
    }
    expect(text(fields)).toBe('Pricing Ja. Is it washable? Yes. And the lid? Yes. 料金プラン')
  })

  test('gives rich text of the same format as such, in its place', () => {
    const fields = {
      start: 'It starts here',
      inner: rich('Inner text'),
      list: [{ reply: rich('No.') }],
      last: 'It ends here',
    }
    expect(text(fields)).toBe('It starts here Inner text No. It ends here')
  })

  test('gives the cells of a table, the empty ones and numbers as well', () => {
    const rows = [
      { _key: 'r1', cells: ['Alpha cell', 'Beta cell', ''] },
      { _key: 'r2', cells: ['small', '12', 'yes'] },
    ]
    expect(text({ rows })).toBe('Alpha cell Beta cell small 12 yes')
    expect(text({ raster: rows.map(({ cells }) => cells) })).toBe('Alpha cell Beta cell small 12 yes')
    if (name !== 'text') expect(html({ rows })).toContain('<tr><td>small</td><td>12</td><td>yes</td></tr>')
  })

  test('keeps its settings, ids, addresses, dates and colours to itself', () => {
    const settings = {
      id: '65f0c0ffee0000000000000a',
      ausrichtung: 'center',
      variant: 'primary-button',
      stufe: 'h2',
      groesse: 'large',
      farbe: '#ff0000',
      hintergrund: 'rgba(0, 0, 0, 0.5)',
      klassen: 'btn btn-primary',
      ziel: 'https://example.com/a',
      pfad: '/a/b',
      bild: 'photo.jpg',
      seit: '2026-01-01T00:00:00Z',
      sprache: 'en-US',
      kontakt: 'jane@example.com',
      apiToken: 'Correct Horse Battery',
      daten: 'dGhpcyBpcyBhIHRlc3Qgc3RyaW5nIQ==',
      anzahl: 3,
      sichtbar: true,
      nichts: null,
    }
    expect(text({ ...settings, tief: { ...settings, liste: [settings] } })).toBe('')
  })

  test('says a text once that stands in it twice, and escapes it', () => {
    const twice = { body: rich('One & the same'), plainText: 'One & the  same' }
    expect(text(twice).match(/the same/g)).toHaveLength(1)
    expect(html({ foo: 'Fish & <script>alert(1)</script> chips' })).not.toContain('<script')
    if (formatIn(name) !== 'editorjs') expect(html({ foo: 'a < b & c' })).toContain('a &lt; b &amp; c')
  })

  test('does not give away another record, or a person’s address', () => {
    const records = {
      post: { id: '7', title: 'A draft', createdAt: '2026-01-01', updatedAt: '2026-01-01' },
      docs: [
        { documentId: 'abc', title: 'A draft' },
        { relationTo: 'posts', value: { id: '1', title: 'A draft' } },
      ],
      expanded: { _id: 'drafts.x', title: 'A draft' },
      createdBy: { id: 1, name: 'Jane Doe' },
      settings: { note: 'Of no concern to readers' },
    }
    expect(text(records)).toBe('')
  })

  test('gives all prose once and in its order, and nothing else, whatever its fields are called', () => {
    const names = fc.constantFrom('foo', 'inhaltFeld', 'x_y', 'panel', 'q', 'leaf2', 'merk-mal')
    const words = fc.constantFrom('Yes.', 'It is so', 'Größe', 'Pricing and plans', 'だから', 'Why not?')
    const machine = fc.constantFrom(
      'center',
      'h2',
      '#fff',
      '/a/b',
      'x-large',
      'https://example.com/',
      'a1b2c3',
      7,
      true,
      null,
    )
    let count = 0
    const leaf = fc.oneof(
      words.map((prose) => ({ value: `${prose} ${number(count++)}`, prose: true })),
      machine.map((value) => ({ value, prose: false })),
    )
    const { node } = fc.letrec<{ node: unknown; any: unknown }>((tie) => ({
      any: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        leaf,
        tie('node'),
        fc.array(tie('node'), { maxLength: 2 }),
      ),
      node: fc.dictionary(names, tie('any'), { maxKeys: 4 }),
    }))
    fc.assert(
      fc.property(node, (tree) => {
        const expected: string[] = []
        const fields = plainOf(tree, expected) as Fields
        expect(text(fields)).toBe(squeezed(expected.join(' ')))
      }),
      { numRuns: 150 },
    )
  })
})

/** A number in letters, so that no two texts are the same. */
function number(count: number): string {
  return `${[...String(count)].map((digit) => 'abcdefghij'[Number(digit)]).join('')}!`
}

/** The tree without the marks, and its prose in order. */
function plainOf(tree: unknown, prose: string[]): unknown {
  if (Array.isArray(tree)) return tree.map((entry) => plainOf(entry, prose))
  const node = tree as { value?: unknown; prose?: boolean }
  if (typeof node.prose === 'boolean') {
    if (node.prose) prose.push(String(node.value))
    return node.value
  }
  return Object.fromEntries(Object.entries(node).map(([name, member]) => [name, plainOf(member, prose)]))
}

test('a block of one’s own within a line stays within it', () => {
  const line = [
    { type: 'text', text: 'See ' },
    { type: 'novelty', anzeige: 'Node.js rocks here', children: [] },
    { type: 'text', text: '!' },
  ]
  expect(htmlOfRichText([{ type: 'paragraph', children: line }], 'blocks')).toBe('<p>See Node.js rocks here!</p>')
  const spans = [
    { _type: 'span', _key: 'a', text: 'See ', marks: [] },
    { _type: 'stock', _key: 'b', symbol: 'ACME', firma: 'Acme Corporation' },
  ]
  expect(
    htmlOfRichText([{ _type: 'block', _key: 'c', style: 'normal', markDefs: [], children: spans }], 'portabletext'),
  ).toBe('<p>See Acme Corporation</p>')
})

test('HTML that a field holds stays HTML, and is made safe', () => {
  const body = '<p>One <b>two</b></p><p onclick="steal()">three</p>'
  const value = { type: 'doc', content: [{ type: 'blok', attrs: { body: [{ component: 'wysiwyg', inhalt: body }] } }] }
  expect(htmlOfRichText(value, 'storyblok')).toBe('<p>One <b>two</b></p><p>three</p>')
})

test('a block that comes as JSON in text is read', () => {
  const json = JSON.stringify({
    contentData: [{ key: 'a', headline: 'Some headline' }],
    settingsData: [{ note: 'Not this one' }],
  })
  expect(htmlOfRichText([{ blockList: json }], 'text')).toBe('<p>Some headline</p>')
})

test('JSON in text under a name of internals stays where it is', () => {
  const settings = JSON.stringify({ note: 'Do not publish this before Monday' })
  const block = { type: 'promo', data: { headline: 'Sale', settings, config: [settings] } }
  expect(htmlOfRichText({ blocks: [block] }, 'editorjs')).toBe('<p>Sale</p>')
})

test('children, and what is said beside them, come in the order of the source', () => {
  const node = {
    type: 'novelty',
    vorspann: 'It starts here',
    children: [slateParagraph('Then this')],
    nachsatz: 'It ends here',
  }
  expect(htmlOfRichText([node], 'slate')).toBe('<p>It starts here</p><p>Then this</p><p>It ends here</p>')
})
