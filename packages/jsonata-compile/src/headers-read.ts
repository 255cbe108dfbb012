import type { Node } from './ast.ts'

/** Names of headers; `all` where they can't be told. */
export type HeaderNames = ReadonlySet<string> | 'all'

/**
 * The headers that an expression may read. Names stand behind `$headers.` or are written out in `$lookup($headers, "…")`;
 * where `$headers` stands in any other way, the whole of it may be read.
 */
export function headersRead(nodes: readonly Node[], bound: ReadonlySet<string>): HeaderNames {
  const names = new Set<string>()
  const told = new Set<Node>()
  for (const node of nodes) {
    const read = node.type === 'path' ? stepRead(node) : node.type === 'function' ? lookupRead(node, bound) : null
    if (read === null) continue
    names.add(read.name)
    told.add(read.headers)
  }
  const uses = nodes.filter(isHeaders)
  if (uses.some((use) => !told.has(use))) return 'all'
  // A parent (`%`) leads from one header back to all.
  return uses.length > 0 && nodes.some(({ type }) => type === 'parent') ? 'all' : names
}

export function joinHeaders(one: HeaderNames, other: HeaderNames): HeaderNames {
  return one === 'all' || other === 'all' ? 'all' : new Set([...one, ...other])
}

interface Read {
  readonly headers: Node
  readonly name: string
}

function stepRead({ steps = [] }: Node): Read | null {
  const [headers, name] = steps
  if (!headers || !isPlainHeaders(headers) || name?.type !== 'name') return null
  return { headers, name: String(name.value) }
}

function lookupRead({ procedure, arguments: given = [] }: Node, bound: ReadonlySet<string>): Read | null {
  if (procedure?.type !== 'variable' || procedure.value !== 'lookup' || bound.has('lookup')) return null
  const [headers, name] = given
  if (given.length !== 2 || !headers || !isPlainHeaders(headers) || !isPlainText(name)) return null
  return { headers, name: String(name.value) }
}

function isHeaders({ type, value }: Node): boolean {
  return type === 'variable' && value === 'headers'
}

function isPlainHeaders(node: Node): boolean {
  return isHeaders(node) && !node.predicate && !node.stages && !node.group && !node.focus && !node.index
}

function isPlainText(node: Node | undefined): node is Node {
  return node?.type === 'string' && !node.predicate && !node.stages && !node.group
}
