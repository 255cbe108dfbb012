import { describe, expect, test } from 'vitest'
import { textOfHtml } from '../../../src/mapping/functions/html-text.ts'
import { formatOf, htmlOfRichText } from '../../../src/mapping/richtext/rich-text.ts'
import { safeHtml } from '../../../src/mapping/safe-html/clean.ts'
import fc from '../../fast-check.ts'

type Tree = Readonly<Record<string, unknown>>

/** How trees of a format are made up. */
interface Maker {
  readonly leaf: (text: string, url: string) => Tree
  readonly kinds: readonly string[]
  readonly node: (kind: string, children: readonly Tree[], url: string) => Tree
  readonly root: (children: readonly Tree[]) => unknown
}

const makers: Readonly<Record<string, Maker>> = {
  contentful: {
    leaf: (value) => ({ nodeType: 'text', value, marks: [{ type: 'bold' }, { type: 'novelty' }], data: {} }),
    kinds: ['paragraph', 'heading-1', 'hyperlink', 'list-item', 'entry-hyperlink', 'asset-hyperlink', 'table-cell'],
    node: (nodeType, content, uri) => ({
      nodeType,
      content,
      data: { uri, target: { fields: { file: { url: uri } } } },
    }),
    root: (content) => ({ nodeType: 'document', data: {}, content }),
  },
  storyblok: {
    leaf: (text, href) => ({ type: 'text', text, marks: [{ type: 'bold' }, { type: 'link', attrs: { href } }] }),
    kinds: ['paragraph', 'heading', 'bullet_list', 'list_item', 'code_block', 'tableCell', 'blockquote'],
    node: (type, content, src) => ({ type, content, attrs: { src, level: 9, order: '"><script>', colspan: '"' } }),
    root: (content) => ({ type: 'doc', content }),
  },
  dast: {
    leaf: (value) => ({ type: 'span', value, marks: ['strong', 'script', 'a b'] }),
    kinds: ['paragraph', 'heading', 'list', 'listItem', 'link', 'itemLink', 'blockquote'],
    node: (type, children, url) => ({ type, children, url, level: 'x', meta: [{ id: 'title', value: url }] }),
    root: (children) => ({ schema: 'dast', document: { type: 'root', children } }),
  },
  lexical: {
    leaf: (text) => ({ type: 'text', text, format: 255 }),
    kinds: ['paragraph', 'heading', 'list', 'listitem', 'link', 'autolink', 'code', 'tablecell', 'quote'],
    node: (type, children, url) => ({
      type,
      children,
      url,
      fields: { url },
      tag: 'h1 onclick="x"',
      listType: 'number',
      start: url,
    }),
    root: (children) => ({ root: { type: 'root', children } }),
  },
  slate: {
    leaf: (text) => ({ text, bold: true, code: true }),
    kinds: ['paragraph', 'h1', 'heading-two', 'ul', 'li', 'link', 'a', 'code', 'td', 'iframe', 'block-quote'],
    node: (type, children, url) => ({ type, children, url, href: url, attrs: { url } }),
    root: (children) => ({ children }),
  },
  blocks: {
    leaf: (text) => ({ type: 'text', text, bold: true, underline: true }),
    kinds: ['paragraph', 'heading', 'list', 'list-item', 'quote', 'code', 'link'],
    node: (type, children, url) => ({ type, children, url, level: url, format: url }),
    root: (children) => [{ type: 'paragraph', children }],
  },
  ricos: {
    leaf: (text, url) => ({
      type: 'TEXT',
      nodes: [],
      textData: { text, decorations: [{ type: 'LINK', linkData: { link: { url } } }] },
    }),
    kinds: ['PARAGRAPH', 'HEADING', 'BULLETED_LIST', 'LIST_ITEM', 'CODE_BLOCK', 'VIDEO', 'IMAGE', 'TABLE_CELL'],
    node: (type, nodes, url) => ({ type, nodes, videoData: { video: { src: { url } } }, headingData: { level: url } }),
    root: (nodes) => ({ nodes }),
  },
  portabletext: {
    leaf: (text) => ({ _type: 'span', text, marks: ['strong', 'novelty', 'l'] }),
    kinds: ['block', 'callout', 'image'],
    node: (_type, children, href) => ({ _type, style: href, children, markDefs: [{ _key: 'l', _type: 'link', href }] }),
    root: (children) => [
      { _type: 'block', children: children.filter((child) => child?.['_type'] === 'span') },
      ...children.filter((child) => child?.['_type'] !== 'span'),
    ],
  },
}

const url = fc.constantFrom(
  'https://x.example/?a=1&b="',
  'javascript:steal()',
  ' data:text/html,<script>',
  '/a"b',
  '',
  '"><script>x</script>',
)
const words = fc.array(fc.constantFrom('word', '<script>', '&amp;', '"', "'", 'ü', '</p>', '<!--'), {
  minLength: 1,
  maxLength: 3,
})

interface Made {
  readonly tree: Tree
  readonly texts: readonly string[]
}

/** Trees of a format whose leaves are numbered, with kinds that it knows and some that nobody knows. */
function made({ leaf, kinds, node }: Maker): fc.Arbitrary<Made> {
  let count = 0
  const leaves = fc.tuple(words, url).map(([parts, href]): Made => {
    const text = `${parts.join(' ')} t${count++}t`
    return { tree: leaf(text, href), texts: [text] }
  })
  const { any } = fc.letrec<{ any: Made; inner: Made }>((tie) => ({
    any: fc.oneof({ depthSize: 'small', withCrossShrink: true }, leaves, tie('inner')),
    inner: fc
      .tuple(
        fc.constantFrom(...kinds, 'novelty', '__proto__', 'constructor'),
        fc.array(tie('any'), { minLength: 1, maxLength: 3 }),
        url,
      )
      .map(([kind, children, href]) => ({
        tree: node(
          kind,
          children.map(({ tree }) => tree),
          href,
        ),
        texts: children.flatMap(({ texts }) => texts),
      })),
  }))
  return any
}

const collapsed = (text: string) => text.replace(/\s+/g, ' ').trim()

describe.each(Object.entries(makers))('%s', (format, maker) => {
  const trees = fc.array(made(maker), { minLength: 1, maxLength: 3 })

  test('keeps the text of every leaf, and lets nothing hostile through', () => {
    fc.assert(
      fc.property(trees, (nodes) => {
        const value = maker.root(nodes.map(({ tree }) => tree))
        const html = formatOf(format)!.render(value, { url: () => undefined, file: () => undefined })
        const text = collapsed(textOfHtml(safeHtml(html)))
        for (const leaf of nodes.flatMap(({ texts }) => texts)) expect(text).toContain(collapsed(leaf))
        const written = htmlOfRichText(value, format) ?? ''
        expect(safeHtml(written)).toBe(written)
        expect(written).not.toMatch(/<script|javascript:|onclick/i)
      }),
      { numRuns: 300 },
    )
  })

  test('takes nodes of any make', () => {
    const junk = fc.oneof(
      fc.jsonValue(),
      made(maker).map(({ tree }) => tree),
    )
    const nodes = fc.array(
      fc.oneof(
        junk,
        fc.dictionary(
          fc.constantFrom(
            'type',
            '_type',
            'nodeType',
            'text',
            'value',
            'marks',
            'data',
            'attrs',
            'content',
            'children',
            'nodes',
            'fields',
            '__proto__',
          ),
          fc.oneof(junk, fc.constantFrom(...maker.kinds), fc.array(junk, { maxLength: 2 })),
        ),
      ),
      { maxLength: 4 },
    )
    fc.assert(
      fc.property(nodes, (entries) => {
        const value = maker.root(entries as Tree[])
        if (!formatOf(format)!.accepts(value)) return
        expect(typeof (htmlOfRichText(value, format) ?? '')).toBe('string')
      }),
      { numRuns: 300 },
    )
  })

  test('takes a tree of a thousand levels, and gives its text', () => {
    let tree = maker.leaf('deep', '')
    for (let depth = 0; depth < 1000; depth++) tree = maker.node(maker.kinds[0]!, [tree], '')
    expect(textOfHtml(htmlOfRichText(maker.root([tree]), format) ?? '')).toContain('deep')
  })
})

test.each(['prismic', 'editorjs', 'markdown', 'wordpress', 'text'])('%s takes anything of its shape', (format) => {
  const spans = fc.array(
    fc.record({
      start: fc.integer({ min: -1, max: 9 }),
      end: fc.integer({ min: -1, max: 9 }),
      type: fc.constantFrom('strong', 'em', 'hyperlink', 'x'),
      data: fc.record({ url }),
    }),
    { maxLength: 4 },
  )
  const block = fc.record({
    type: fc.constantFrom(
      'paragraph',
      'list-item',
      'heading1',
      'image',
      'embed',
      'header',
      'list',
      'table',
      'quote',
      'x',
      '__proto__',
    ),
    text: words.map((parts) => parts.join(' ')),
    spans,
    data: fc.dictionary(
      fc.constantFrom('text', 'items', 'content', 'level', 'file', 'url', 'caption'),
      fc.oneof(fc.jsonValue(), words),
    ),
  })
  const shaped: Readonly<Record<string, (blocks: readonly unknown[]) => unknown>> = {
    prismic: (blocks) => blocks,
    editorjs: (blocks) => ({ blocks }),
    text: (blocks) => blocks,
  }
  const value = shaped[format]
    ? fc.array(block, { maxLength: 4 }).map(shaped[format])
    : words.map((parts) => parts.join(' '))
  fc.assert(
    fc.property(value, (one) => {
      const html = htmlOfRichText(one, format) ?? ''
      if (!formatOf(format)!.isAuthored) expect(html).not.toMatch(/<script|href="javascript:/i)
    }),
    { numRuns: 500 },
  )
})

test('prismic keeps the text under any spans', () => {
  const spans = fc.array(
    fc.record({
      start: fc.integer({ min: -2, max: 12 }),
      end: fc.integer({ min: -2, max: 12 }),
      type: fc.constantFrom('strong', 'em', 'label'),
    }),
    { maxLength: 4 },
  )
  fc.assert(
    fc.property(spans, (some) => {
      const html = htmlOfRichText([{ type: 'paragraph', text: 'abc def ghi', spans: some }], 'prismic')
      expect(textOfHtml(html ?? '')).toBe('abc def ghi')
    }),
  )
})

test('hostile text takes WordPress no long time', () => {
  for (const text of [
    '[a '.repeat(100_000),
    '[a b="'.repeat(100_000),
    '<!-- wp:'.repeat(100_000),
    `[a ${'b '.repeat(100_000)}`,
    '['.repeat(300_000),
  ]) {
    const start = performance.now()
    htmlOfRichText(text, 'wordpress')
    expect(performance.now() - start, text.slice(0, 8)).toBeLessThan(1000)
  }
})
