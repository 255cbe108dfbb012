import { element, escapeHtml, htmlOfText, image, link, wrapped } from './element.ts'
import { type Context, type Format, isNode, listAt, type Node, nodeAt, textAt } from './format.ts'
import { cell, type Dialect, lineBreak, type Rule, renderNodes, renderUnknown, rule, within } from './tree.ts'

/**
 * The saved state of a Lexical editor, as Payload has it. Uploads that are populated give an image or a link, blocks the
 * text that is in their fields, relationships nothing.
 */
export const lexical: Format = {
  shape: '{root: {type: "root", children: […]}}',
  accepts: isState,
  render: (value, context) => renderNodes(listAt(nodeAt(value as Node, 'root'), 'children'), dialect, context),
}

function isState(value: unknown): value is Node {
  return isNode(value) && Array.isArray(nodeAt(value, 'root')['children'])
}

const text: Rule = (node) => wrapped(htmlOfText(textAt(node, 'text') ?? ''), tagsOf(node['format']))
const anchor: Rule = (node, inner, context) => {
  const fields = nodeAt(node, 'fields')
  return link(context.url(textAt(node, 'url') ?? textAt(fields, 'url')), inner)
}
const headingOrParagraph: Rule = (node, inner) => {
  const tag = String(node['tag'])
  return inner === '' ? '' : wrapped(inner, [/^h[1-6]$/.test(tag) ? tag : 'p'])
}
const code: Rule = (_node, inner) => wrapped(inner, ['code', 'pre'])

const dialect: Dialect = {
  kindOf: ({ type }) => String(type),
  childrenOf: (node) => listAt(node, 'children'),
  spans: new Set(['text']),
  nodesIn: (value) => (isState(value) ? listAt(nodeAt(value, 'root'), 'children') : undefined),
  rules: {
    text,
    'extended-text': text,
    'code-highlight': text,
    linebreak: lineBreak,
    tab: () => ' ',
    paragraph: within('p'),
    heading: headingOrParagraph,
    'extended-heading': headingOrParagraph,
    quote: within('blockquote'),
    'extended-quote': within('blockquote'),
    list: (node, inner) =>
      isOrdered(node) ? element('ol', { start: startOf(node['start']) }, inner) : wrapped(inner, ['ul']),
    listitem: within('li'),
    link: anchor,
    autolink: anchor,
    code,
    horizontalrule: rule,
    table: within('table'),
    tablerow: within('tr'),
    tablecell: (node, inner, context) =>
      cell(Number(node['headerState']) > 0 ? 'th' : 'td', { colspan: node['colSpan'], rowspan: node['rowSpan'] })(
        node,
        inner,
        context,
      ),
    upload: (node, _inner, context) => uploadOf(nodeAt(node, 'value'), context),
    block: (node, _inner, context) => renderUnknown(node['fields'], dialect, context),
    relationship: () => '',
  },
}

function isOrdered(node: Node): boolean {
  return node['listType'] === 'number' || node['tag'] === 'ol'
}

function startOf(start: unknown): number | undefined {
  return Number.isInteger(start) && start !== 1 ? Number(start) : undefined
}

/** The bits of a text's `format`, in the order in which they are written. */
const bits: readonly (readonly [bit: number, tag: string])[] = [
  [16, 'code'],
  [1, 'strong'],
  [2, 'em'],
  [4, 's'],
  [8, 'u'],
  [32, 'sub'],
  [64, 'sup'],
  [128, 'mark'],
]

function tagsOf(format: unknown): string[] {
  if (typeof format !== 'number' || format === 0) return []
  return bits.filter(([bit]) => (format & bit) !== 0).map(([, tag]) => tag)
}

function uploadOf(file: Node, context: Context): string {
  const url = context.file(file['url'])
  const name = textAt(file, 'alt') ?? textAt(file, 'filename')
  if ((textAt(file, 'mimeType') ?? 'image/').startsWith('image/')) return image(url, textAt(file, 'alt'))
  return name === undefined ? '' : element('p', {}, link(url, escapeHtml(name)))
}
