import { element, escapeHtml } from './element.ts'
import { type Context, isNode, type Node } from './format.ts'
import { paragraphsOf } from './text.ts'

/** Writes a node; `inner` is the HTML of its children. */
export type Rule = (node: Node, inner: string, context: Context) => string

/** A format whose nodes hold their children: how to tell a node, find its children, and write it. */
export interface Dialect {
  kindOf(node: Node): string
  childrenOf(node: Node): readonly unknown[]
  readonly rules: Readonly<Record<string, Rule>>
}

/** HTML of nodes. A node of a kind without a rule gives its children, or whatever text is in it: none is lost. */
export function renderNodes(nodes: readonly unknown[], dialect: Dialect, context: Context): string {
  let html = ''
  for (const node of nodes) if (isNode(node)) html += renderNode(node, dialect, context)
  return html
}

function renderNode(node: Node, dialect: Dialect, context: Context): string {
  const children = dialect.childrenOf(node)
  const inner = children.length === 0 ? '' : renderNodes(children, dialect, context)
  const kind = dialect.kindOf(node)
  if (Object.hasOwn(dialect.rules, kind)) return dialect.rules[kind]!(node, inner, context)
  return children.length > 0 ? inner : escapeHtml(paragraphsOf(node).join(' '))
}

/** Writes the node's children within an element, and nothing where there is nothing in it. */
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
