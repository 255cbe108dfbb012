import { element, escapeHtml, heading, image, link, wrapped } from './element.ts'
import { type Context, type Format, isNode, listAt, type Node, nodeAt, textAt } from './format.ts'
import { htmlOfAnyTree } from './text.ts'

/** What Editor.js saves, with the tools that its authors publish. The text of its blocks is HTML. */
export const editorjs: Format = {
  shape: '{blocks: [{type, data}, …]}',
  accepts: (value) => isNode(value) && Array.isArray(value['blocks']),
  render,
}

function render(value: unknown, context: Context): string {
  return listAt(value as Node, 'blocks')
    .filter(isNode)
    .map((block) => blockOf(block, context))
    .join('')
}

type Write = (data: Node, context: Context) => string

const writers: Readonly<Record<string, Write>> = {
  paragraph: (data) => part('p', data),
  header: (data) => heading(data['level'], textAt(data, 'text') ?? ''),
  list: (data) => listOf(data['items'], data['style'] === 'ordered' ? 'ol' : 'ul'),
  nestedlist: (data) => listOf(data['items'], data['style'] === 'ordered' ? 'ol' : 'ul'),
  checklist: (data) => listOf(data['items'], 'ul'),
  quote: (data) => {
    const caption = textAt(data, 'caption')
    const inner = part('p', data) + (caption === undefined ? '' : wrapped(caption, ['footer']))
    return inner === '' ? '' : wrapped(inner, ['blockquote'])
  },
  code: (data) => wrapped(escapeHtml(textAt(data, 'code') ?? ''), ['code', 'pre']),
  delimiter: () => '<hr />',
  raw: (data) => textAt(data, 'html') ?? '',
  image: imageOf,
  simpleimage: imageOf,
  embed: (data, context) => linked(data['source'] ?? data['embed'], textAt(data, 'caption'), context),
  linktool: (data, context) => linked(data['link'], textAt(nodeAt(data, 'meta'), 'title'), context),
  attaches: (data, context) => linked(nodeAt(data, 'file')['url'], textAt(data, 'title'), context),
  table: tableOf,
  warning: (data) => {
    const inner = [textAt(data, 'title'), textAt(data, 'message')].filter((text) => text !== undefined)
    return inner.map((text) => wrapped(text, ['p'])).join('')
  },
}

function blockOf(block: Node, context: Context): string {
  const type = String(block['type']).toLowerCase()
  const data = nodeAt(block, 'data')
  if (Object.hasOwn(writers, type)) return writers[type]!(data, context)
  // The text of a block is HTML, whatever its tool is called.
  const isDocument = (value: unknown) =>
    isNode(value) && listAt(value, 'blocks').some((inner) => isNode(inner) && isNode(inner['data']))
  const nested = (value: object) => (isDocument(value) ? render(value, context) : undefined)
  return htmlOfAnyTree(data, { isHtml: true, nested })
}

function part(tag: string, data: Node): string {
  const text = textAt(data, 'text')
  return text === undefined ? '' : wrapped(text, [tag])
}

/** Entries are text, or `{content | text, items}` with entries of their own. */
function listOf(items: unknown, tag: 'ol' | 'ul'): string {
  if (!Array.isArray(items) || items.length === 0) return ''
  const entries = items.map((item) => {
    if (typeof item === 'string') return wrapped(item, ['li'])
    if (!isNode(item)) return ''
    const text = textAt(item, 'content') ?? textAt(item, 'text') ?? ''
    return wrapped(text + listOf(item['items'], tag), ['li'])
  })
  return wrapped(entries.join(''), [tag])
}

function imageOf(data: Node, context: Context): string {
  const src = context.file(nodeAt(data, 'file')['url'] ?? data['url'])
  const caption = textAt(data, 'caption')
  const alt = caption?.replace(/<[^<>]*>/g, '')
  const picture = image(src, alt)
  if (caption === undefined) return picture
  return element('figure', {}, picture + wrapped(caption, ['figcaption']))
}

function linked(url: unknown, title: string | undefined, context: Context): string {
  const href = context.url(url)
  const inner = title ?? (href && escapeHtml(href))
  return inner === undefined ? '' : element('p', {}, link(href, inner))
}

function tableOf(data: Node): string {
  const rows = listAt(data, 'content').map((row, index) => {
    const tag = data['withHeadings'] === true && index === 0 ? 'th' : 'td'
    const cells = (Array.isArray(row) ? row : []).map((cell) => wrapped(typeof cell === 'string' ? cell : '', [tag]))
    return wrapped(cells.join(''), ['tr'])
  })
  return rows.length === 0 ? '' : wrapped(rows.join(''), ['table'])
}
