import { element } from './element.ts'
import { type Context, isNode, type Node } from './format.ts'
import { htmlOfAnyTree, htmlOfInline, type Reading } from './text.ts'

/** Writes a node; `inner` is the HTML of its children. */
export type Rule = (node: Node, inner: string, context: Context) => string

/** A format whose nodes hold their children: how to tell a node, find its children, and write it. */
export interface Dialect {
  kindOf(node: Node): string
  childrenOf(node: Node): readonly unknown[]
  readonly rules: Readonly<Record<string, Rule>>
  /** The kinds of nodes that are stretches of a line: what stands beside them is part of it. */
  readonly spans: ReadonlySet<string>
  /** The nodes of rich text of this format that stands as a value in a node; undefined for anything else. */
  nodesIn(value: unknown): readonly unknown[] | undefined
  /** The part of a node of unknown kind that is content; without it, all of the node. */
  contentOf?(node: Node): unknown
  readonly reading?: Reading
}

/** HTML of nodes. A node of a kind without a rule gives its children, and what prose is beside them: none is lost. */
export function renderNodes(nodes: readonly unknown[], dialect: Dialect, context: Context): string {
  let html = ''
  for (const node of nodes) if (isNode(node)) html += renderNode(node, nodes, dialect, context)
  return html
}

/** HTML of the prose in what a format has no rule for, with rich text of the format rendered as such. */
export function renderUnknown(value: unknown, dialect: Dialect, context: Context): string {
  return htmlOfAnyTree(value, readingOf(dialect, context))
}

function readingOf(dialect: Dialect, context: Context): Reading {
  return {
    ...dialect.reading,
    nested: (value) => {
      const nodes = dialect.nodesIn(value)
      return nodes && renderNodes(nodes, dialect, context)
    },
  }
}

function renderNode(node: Node, siblings: readonly unknown[], dialect: Dialect, context: Context): string {
  const children = dialect.childrenOf(node)
  const inner = children.length === 0 ? '' : renderNodes(children, dialect, context)
  const kind = dialect.kindOf(node)
  if (Object.hasOwn(dialect.rules, kind)) return dialect.rules[kind]!(node, inner, context)
  const content = dialect.contentOf === undefined ? node : dialect.contentOf(node)
  const isWithinLine = siblings.some((sibling) => isNode(sibling) && dialect.spans.has(dialect.kindOf(sibling)))
  const reading = { ...readingOf(dialect, context), written: new Map([[children, inner]]) }
  return isWithinLine ? inLine(content, children, inner, reading) : htmlOfAnyTree(content, reading)
}

/** The children as they are, and what else the node says as plain text before them. */
function inLine(content: unknown, children: readonly unknown[], inner: string, reading: Reading): string {
  if (!isNode(content)) return htmlOfInline(content, reading)
  const others = Object.fromEntries(Object.entries(content).filter(([, member]) => member !== children))
  const text = htmlOfInline(others, reading)
  if (text === '' || inner.replace(/<[^<>]*>/g, '') === text) return inner
  return inner === '' ? text : `${text} ${inner}`
}

/** Writes the node's children within an element, and nothing if there is nothing in it. */
export function within(tag: string): Rule {
  return (_node, inner) => (inner === '' ? '' : `<${tag}>${inner}</${tag}>`)
}

export const lineBreak: Rule = () => '<br />'
export const rule: Rule = () => '<hr />'

/** A cell of a table; an empty one stays, so that the others keep their columns. */
export function cell(tag: 'td' | 'th', spans?: { colspan?: unknown; rowspan?: unknown }): Rule {
  return (_node, inner) => element(tag, { colspan: spanOf(spans?.colspan), rowspan: spanOf(spans?.rowspan) }, inner)
}

function spanOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value > 1 && value < 1000 ? value : undefined
}
