import { element, escapeHtml, heading, htmlOfText, image, link, wrapped } from './element.ts'
import { type Context, type Format, isNode, listAt, type Node, nodeAt, textAt } from './format.ts'
import { cell, type Dialect, lineBreak, type Rule, renderNodes, renderUnknown, rule, within } from './tree.ts'

/** Storyblok's rich text. Components within it (`blok`) give the text that is in them. */
export const storyblok: Format = {
  shape: '{type: "doc", content: […]}',
  accepts: isDoc,
  render: (value, context) => renderNodes(listAt(value as Node, 'content'), dialect, context),
}

function isDoc(value: unknown): value is Node {
  return isNode(value) && value['type'] === 'doc' && Array.isArray(value['content'] ?? [])
}

const attributesOf = (node: Node) => nodeAt(node, 'attrs')
const tableCell =
  (tag: 'td' | 'th'): Rule =>
  (node, inner, context) =>
    cell(tag, attributesOf(node))(node, inner, context)

const dialect: Dialect = {
  kindOf: ({ type }) => String(type),
  childrenOf: (node) => listAt(node, 'content'),
  spans: new Set(['text']),
  nodesIn: (value) => (isDoc(value) ? listAt(value, 'content') : undefined),
  rules: {
    text: (node, _inner, context) => marked(node, context),
    paragraph: within('p'),
    heading: (node, inner) => heading(attributesOf(node)['level'], inner),
    blockquote: within('blockquote'),
    bullet_list: within('ul'),
    ordered_list: (node, inner) => element('ol', { start: startOf(attributesOf(node)['order']) }, inner),
    list_item: within('li'),
    code_block: (_node, inner) => wrapped(inner, ['code', 'pre']),
    horizontal_rule: rule,
    hard_break: lineBreak,
    image: (node, _inner, context) => {
      const attributes = attributesOf(node)
      return image(context.file(attributes['src']), textAt(attributes, 'alt'), textAt(attributes, 'title'))
    },
    emoji: (node) => escapeHtml(textAt(attributesOf(node), 'emoji') ?? ''),
    table: within('table'),
    tableRow: within('tr'),
    tableCell: tableCell('td'),
    tableHeader: tableCell('th'),
    blok: (node, _inner, context) => renderUnknown(attributesOf(node), dialect, context),
  },
}

function startOf(order: unknown): number | undefined {
  return Number.isInteger(order) && order !== 1 ? Number(order) : undefined
}

const tags: Readonly<Record<string, string>> = {
  bold: 'strong',
  strong: 'strong',
  italic: 'em',
  em: 'em',
  strike: 's',
  underline: 'u',
  code: 'code',
  superscript: 'sup',
  subscript: 'sub',
  highlight: 'mark',
}

function marked(node: Node, context: Context): string {
  let html = htmlOfText(textAt(node, 'text') ?? '')
  for (const mark of listAt(node, 'marks').filter(isNode)) {
    const type = String(mark['type'])
    if (type === 'link') html = link(context.url(hrefOf(attributesOf(mark))), html)
    else if (Object.hasOwn(tags, type)) html = wrapped(html, [tags[type]!])
  }
  return html
}

function hrefOf(attributes: Node): string | undefined {
  const href = textAt(attributes, 'href') ?? textAt(nodeAt(attributes, 'story'), 'url')
  if (href === undefined) return undefined
  if (attributes['linktype'] === 'email' && !href.startsWith('mailto:')) return `mailto:${href}`
  const anchor = textAt(attributes, 'anchor')
  return anchor === undefined || href.includes('#') ? href : `${href}#${anchor}`
}
