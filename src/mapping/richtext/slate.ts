import { element, escapeHtml, heading, htmlOfText, image, link, wrapped } from './element.ts'
import { type Context, type Format, isNode, listAt, type Node, nodeAt, textAt } from './format.ts'
import { cell, type Dialect, type Rule, renderNodes, rule, within } from './tree.ts'

/**
 * Trees of the Slate editor, in the words of Payload, Hygraph and Contentstack: they differ in the names of kinds, and
 * none means two things. A kind is left out if it is a paragraph.
 */
export const slate: Format = {
  shape: 'a list of {type, children: […]}, or {children: […]}',
  accepts: (value) => childrenIn(value) !== undefined,
  render: (value, context) => renderNodes(childrenIn(value) ?? [], dialect, context),
}

/** A list of nodes, a node, or Hygraph's field with the tree in `json` or `raw`. */
function childrenIn(value: unknown): readonly unknown[] | undefined {
  if (Array.isArray(value)) return value.every(isNode) ? value : undefined
  if (!isNode(value)) return undefined
  const holder = [value, nodeAt(value, 'json'), nodeAt(value, 'raw')].find((node) => Array.isArray(node['children']))
  return holder && listAt(holder, 'children')
}

/** Slate within a node: told by its children, as a list of objects may be anything. */
function nodesIn(value: unknown): readonly unknown[] | undefined {
  const isElement = (node: unknown) => isNode(node) && Array.isArray(node['children'])
  if (Array.isArray(value)) return value.length > 0 && value.every(isElement) ? value : undefined
  const isTyped = isNode(value) && isElement(value) && value['type'] !== undefined && value['type'] !== 'doc'
  return isTyped ? [value] : childrenIn(value)
}

const anchor: Rule = (node, inner, context) => {
  const attributes = nodeAt(node, 'attrs')
  const href = textAt(node, 'href') ?? textAt(node, 'url') ?? textAt(attributes, 'url') ?? textAt(attributes, 'href')
  return link(context.url(href), inner)
}

const picture: Rule = (node, _inner, context) => {
  const attributes = nodeAt(node, 'attrs')
  const src = textAt(node, 'src') ?? textAt(node, 'url') ?? textAt(attributes, 'url') ?? textAt(attributes, 'src')
  const alt = textAt(node, 'altText') ?? textAt(node, 'alt') ?? textAt(attributes, 'alt')
  return image(context.file(src), alt, textAt(attributes, 'caption'))
}

/** Something to play or to look at elsewhere: a link with its title. */
const elsewhere: Rule = (node, inner, context) => {
  const url = context.url(textAt(node, 'url') ?? textAt(node, 'src') ?? textAt(nodeAt(node, 'attrs'), 'url'))
  const title = textAt(node, 'title') ?? url
  return title === undefined ? inner : element('p', {}, link(url, escapeHtml(title))) + inner
}

const listItem: Rule = (_node, inner) => wrapped(inner, ['li'])
const code: Rule = (_node, inner) => wrapped(inner, ['code', 'pre'])
const levels = ['one', 'two', 'three', 'four', 'five', 'six']

const dialect: Dialect = {
  kindOf,
  childrenOf: (node) => listAt(node, 'children'),
  spans: new Set(['text']),
  nodesIn,
  rules: {
    text: (node) => marked(node),
    paragraph: within('p'),
    p: within('p'),
    ...Object.fromEntries([1, 2, 3, 4, 5, 6].map((level) => [`h${level}`, headingOf(level)])),
    ...Object.fromEntries(levels.map((name, at) => [`heading-${name}`, headingOf(at + 1)])),
    blockquote: within('blockquote'),
    'block-quote': within('blockquote'),
    ul: within('ul'),
    ol: within('ol'),
    li: listItem,
    'bulleted-list': within('ul'),
    'numbered-list': within('ol'),
    'list-item': listItem,
    link: anchor,
    a: anchor,
    image: picture,
    img: picture,
    upload: (node, _inner, context) => uploadOf(nodeAt(node, 'value'), context),
    reference: (node, inner, context) => referenceOf(nodeAt(node, 'attrs'), inner, context),
    code,
    'code-block': code,
    hr: rule,
    table: within('table'),
    thead: within('thead'),
    table_head: within('thead'),
    tbody: within('tbody'),
    table_body: within('tbody'),
    tr: within('tr'),
    table_row: within('tr'),
    td: cell('td'),
    table_cell: cell('td'),
    th: cell('th'),
    table_header_cell: cell('th'),
    video: elsewhere,
    iframe: elsewhere,
    embed: elsewhere,
    relationship: () => '',
  },
}

function kindOf({ type, text, children }: Node): string {
  if (typeof text === 'string') return 'text'
  return typeof type === 'string' ? type : Array.isArray(children) ? 'paragraph' : ''
}

function headingOf(level: number): Rule {
  return (_node, inner) => (inner === '' ? '' : heading(level, inner))
}

const marks: readonly (readonly [key: string, tag: string])[] = [
  ['code', 'code'],
  ['inlineCode', 'code'],
  ['bold', 'strong'],
  ['italic', 'em'],
  ['underline', 'u'],
  ['strikethrough', 's'],
  ['subscript', 'sub'],
  ['superscript', 'sup'],
]

function marked(node: Node): string {
  const tags = marks.filter(([key]) => node[key] === true).map(([, tag]) => tag)
  const html = wrapped(htmlOfText(textAt(node, 'text') ?? ''), tags)
  return node['break'] === true ? `${html}<br />` : html
}

/** Payload's file. */
function uploadOf(file: Node, context: Context): string {
  return image(context.file(file['url']), textAt(file, 'alt'))
}

/** Contentstack's asset or entry: an image, a link, or its text. */
function referenceOf(attributes: Node, inner: string, context: Context): string {
  if (attributes['type'] === 'asset' && attributes['display-type'] !== 'link') {
    const src = context.file(textAt(attributes, 'asset-link'))
    return image(src, textAt(attributes, 'alt') ?? textAt(attributes, 'asset-alt'), textAt(attributes, 'asset-caption'))
  }
  return link(context.url(textAt(attributes, 'asset-link') ?? textAt(attributes, 'href')), inner)
}
