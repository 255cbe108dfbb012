import type { Node } from './ast.ts'

/** Names of keys; `all` if they can't be told. */
export type Keys = ReadonlySet<string> | 'all'

const none: Keys = new Set()

/**
 * Answers for a name of the scope which of its keys an expression may read. Keys stand behind `$name.`, or are written out
 * in `$lookup($name, "…")`; if the name stands in any other way, the whole of it may be read.
 */
export function keysReadIn(nodes: readonly Node[], bound: ReadonlySet<string>): (name: string) => Keys {
  const found = new Map<unknown, Set<string>>()
  const known = new Set<Node>()
  for (const node of nodes) {
    const read = node.type === 'path' ? stepRead(node) : node.type === 'function' ? lookupRead(node, bound) : null
    if (read === null) continue
    known.add(read.variable)
    found.set(read.variable.value, (found.get(read.variable.value) ?? new Set()).add(read.key))
  }
  const variables = nodes.filter(({ type }) => type === 'variable')
  // A parent (`%`) leads from one key back to all.
  const hasParent = nodes.some(({ type }) => type === 'parent')
  const whole = new Set(variables.filter((node) => hasParent || !known.has(node)).map(({ value }) => value))
  return (name) => (whole.has(name) ? 'all' : (found.get(name) ?? none))
}

/** The keys that one expression or the other may read. */
export function joinKeys(one: Keys, other: Keys): Keys {
  return one === 'all' || other === 'all' ? 'all' : new Set([...one, ...other])
}

interface Read {
  readonly variable: Node
  readonly key: string
}

function stepRead({ steps = [] }: Node): Read | null {
  const [variable, key] = steps
  return isPlainVariable(variable) && key?.type === 'name' ? { variable, key: String(key.value) } : null
}

function lookupRead({ procedure, arguments: given = [] }: Node, bound: ReadonlySet<string>): Read | null {
  if (procedure?.type !== 'variable' || procedure.value !== 'lookup' || bound.has('lookup')) return null
  const [variable, key] = given
  if (given.length !== 2 || !isPlainVariable(variable) || !isPlainText(key)) return null
  return { variable, key: String(key.value) }
}

function isPlainVariable(node: Node | undefined): node is Node {
  return node?.type === 'variable' && !node.predicate && !node.stages && !node.group && !node.focus && !node.index
}

function isPlainText(node: Node | undefined): node is Node {
  return node?.type === 'string' && !node.predicate && !node.stages && !node.group
}
