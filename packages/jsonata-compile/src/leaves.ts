import type { Node } from './ast.ts'
import { isDefault, sourceText } from './source-text.ts'

/** A place of an expression whose value becomes the result, or a member of it. */
export interface Leaf {
  /** Where it stands below the result, such as `.product.sku`; empty for the result itself. */
  readonly path: string
  /** The member's expression; null for the whole one. */
  readonly text: string | null
}

/** The function that a leaf is wrapped in. No expression can name it. */
export const leafFunction = ' leaf'

/**
 * Has every leaf of an expression looked at while it is evaluated. What a condition without else leaves out is none: that it may be
 * missing is what such a condition says. The root is changed in place.
 */
export function wrapLeaves(root: Node): readonly Leaf[] {
  const leaves: Leaf[] = []

  /** Copies: what `a ?? b` gives and what it asks about are one node. */
  function wrapped(node: Node, leaf: Leaf): Node {
    if (node.predicate || node.group) return look(node, leaf)
    const { type, expressions = [] } = node
    if (type === 'condition') return conditionOf(node, leaf)
    if (type === 'block' && expressions.length > 0) {
      return { ...node, expressions: [...expressions.slice(0, -1), wrapped(expressions.at(-1)!, leaf)] }
    }
    if (type === 'unary' && node.value === '[' && expressions.length > 0) {
      return { ...node, expressions: expressions.map((entry) => wrapped(entry, leaf)) }
    }
    if (isObject(node)) return membersOf(node, leaf)
    const last = type === 'path' ? node.steps?.at(-1) : undefined
    if (!last || !isObject(last) || last.predicate || last.stages || last.group) return look(node, leaf)
    return look({ ...node, steps: [...node.steps!.slice(0, -1), membersOf(last, leaf)] }, leaf)
  }

  function conditionOf(node: Node, leaf: Leaf): Node {
    // `a ?? b` is looked at as a whole: `a` is evaluated to see whether it is there.
    const isDefaulted = isDefault(node)
    if (isDefaulted && !(node.else?.type === 'condition' && node.else.else === undefined)) return look(node, leaf)
    const copy: { -readonly [K in keyof Node]: Node[K] } = { ...node }
    for (const name of ['then', 'else'] as const) {
      const branch = node[name]
      if (branch && !(isDefaulted && name === 'then')) copy[name] = wrapped(branch, leaf)
    }
    return copy
  }

  /** Names that are expressions themselves tell nobody where the value goes. */
  function membersOf(node: Node, { path }: Leaf): Node {
    const pairs = node.lhs as readonly (readonly [Node, Node])[]
    const lhs = pairs.map(([name, value]) => {
      if (name.type !== 'string') return [name, value] as const
      return [name, wrapped(value, { path: `${path}.${name.value}`, text: sourceText(value) })] as const
    })
    return { ...node, lhs }
  }

  function look(node: Node, leaf: Leaf): Node {
    const at = { type: 'number', value: leaves.push(leaf) - 1 }
    return {
      type: 'function',
      value: '(',
      procedure: { type: 'variable', value: leafFunction },
      arguments: [node, at],
      ...(node.position === undefined ? {} : { position: node.position }),
    }
  }

  const copy = wrapped({ ...root }, { path: '', text: null })
  for (const key of Object.keys(root)) Reflect.deleteProperty(root, key)
  Object.assign(root, copy)
  return leaves
}

function isObject(node: Node): boolean {
  return node.type === 'unary' && node.value === '{'
}

/** Whether a value says nothing: null, blank text, or a list or an object without entries. */
export function isNothing(value: unknown): boolean {
  if (value === undefined || value === null) return true
  if (typeof value === 'string') return value.trim() === ''
  if (Array.isArray(value)) return value.length === 0
  return typeof value === 'object' && Object.keys(value).length === 0
}
