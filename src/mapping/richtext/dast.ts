// The renderer beneath DatoCMS' datocms-structured-text-to-html-string: that one keeps every text that it has ever
// written, and does not escape text that equals one of them.
import { render, renderNodeRule } from 'datocms-structured-text-generic-html-renderer'
import { tags } from '../safe-html/policy.ts'
import { element, escapeHtml } from './element.ts'
import { type Context, type Format, isNode, listAt, type Node, nodeAt } from './format.ts'
import { htmlOfAnyTree, htmlOfInline, type Reading } from './text.ts'

/**
 * DatoCMS' structured text. Blocks and links to records are ids in a webhook: a nested block gives its text, and so does
 * one that stands in the `blocks` beside the tree.
 */
export const dast: Format = {
  shape: '{schema: "dast", document: {type: "root", children: […]}}',
  accepts: (value) => isNode(rootOf(value)),
  mayThrow: true,
  render: htmlOf,
}

function htmlOf(value: unknown, context: Context): string {
  const blocks = blocksIn(value)
  const reading: Reading = { nested: (inner) => (isDocument(inner) ? htmlOf(inner, context) : undefined) }
  const customNodeRules = [
    renderNodeRule(isLink, ({ node, children }) => anchor(node as unknown as Node, children, context)),
    renderNodeRule(isUnknown, ({ node, children }) => unknown(node as unknown as Node, children, blocks, reading)),
  ]
  return render(mended(rootOf(value) as Node) as never, { adapter, customNodeRules }) ?? ''
}

function isDocument(value: unknown): boolean {
  return isNode(value) && rootOf(value) !== undefined
}

/** The records of blocks beside the tree, by their ids. */
function blocksIn(value: unknown): ReadonlyMap<unknown, unknown> {
  const lists = isNode(value) ? ['blocks', 'inlineBlocks'].flatMap((name) => listAt(value, name)) : []
  return new Map(lists.filter(isNode).map((block) => [block['id'], block]))
}

/** The field, its document, or the document's root. */
function rootOf(value: unknown): Node | undefined {
  if (!isNode(value)) return undefined
  for (const node of [value, nodeAt(value, 'document'), nodeAt(nodeAt(value, 'value'), 'document')]) {
    if (node['type'] === 'root' && Array.isArray(node['children'])) return node
  }
  return undefined
}

type Children = string | readonly Children[] | undefined | null

const joined = (children: Children): string =>
  typeof children === 'string' ? children : (children ?? []).map(joined).join('')

/** Writes HTML; the text is escaped where it comes in. */
const adapter = {
  renderNode: (tag: string, attributes: Record<string, unknown> | null, ...children: Children[]) =>
    element(allowedTag(tag), plainAttributes(attributes ?? {}), joined(children)),
  renderFragment: (children: Children) => joined(children),
  renderText: (text: string) => escapeHtml(text),
}

/** The name of a mark becomes that of the element; a mark of one's own may be called anything. */
function allowedTag(tag: string): string {
  return tags.has(tag) && tag !== 'iframe' ? tag : 'span'
}

function plainAttributes(attributes: Readonly<Record<string, unknown>>): Record<string, string> {
  const entries = Object.entries(attributes).filter(([name, value]) => name !== 'key' && typeof value === 'string')
  return Object.fromEntries(entries) as Record<string, string>
}

const known = new Set('root paragraph span link list listItem heading blockquote code thematicBreak'.split(' '))

const isLink = (node: unknown): node is never => isNode(node) && node['type'] === 'link'
const isUnknown = (node: unknown): node is never => isNode(node) && !known.has(String(node['type']))

function anchor(node: Node, children: Children, context: Context): string {
  const href = context.url(node['url'])
  return href === undefined ? joined(children) : element('a', { href }, joined(children))
}

/** A link to a record is its text, a block what text is in it. */
function unknown(node: Node, children: Children, blocks: ReadonlyMap<unknown, unknown>, reading: Reading): string {
  const inner = joined(children)
  const type = String(node['type'])
  const { item, ...others } = node
  if (type === 'itemLink' || type === 'inlineItem') return inner === '' ? htmlOfInline(others) : inner
  const content = { ...others, item: isNode(item) ? item : blocks.get(item) }
  if (type === 'inlineBlock') return inner + htmlOfInline({ ...content, children: undefined })
  return htmlOfAnyTree(content, { ...reading, written: new Map([[node['children'], inner]]) })
}

/** The library takes members for granted that a document of another hand may lack. */
function mended(node: Node): Node {
  const { type } = node
  if (type === 'span') {
    const marks = listAt(node, 'marks').filter((mark) => typeof mark === 'string')
    return { ...node, value: typeof node['value'] === 'string' ? node['value'] : '', marks }
  }
  if (type === 'code') return { ...node, code: String(node['code'] ?? '') }
  if (type === 'heading') return { ...node, level: levelOf(node['level']), children: childrenOf(node) }
  return Array.isArray(node['children']) ? { ...node, children: childrenOf(node) } : node
}

function childrenOf(node: Node): Node[] {
  return listAt(node, 'children').filter(isNode).map(mended)
}

function levelOf(level: unknown): number {
  return Number.isInteger(level) ? Math.min(6, Math.max(1, Number(level))) : 1
}
