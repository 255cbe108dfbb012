/** A node of JSONata's syntax tree: the fields that its parser sets, all kinds in one shape. */
export interface Node {
  readonly type: string
  readonly value?: unknown
  readonly position?: number
  readonly steps?: readonly Node[]
  readonly stages?: readonly Stage[]
  readonly predicate?: readonly Stage[]
  readonly group?: Group
  readonly keepArray?: boolean
  readonly keepSingletonArray?: boolean
  readonly consarray?: boolean
  readonly expressions?: readonly Node[]
  readonly expression?: Node
  /** Pairs of an object constructor, the variable of a bind, or the left operand. */
  readonly lhs?: Node | readonly (readonly [Node, Node])[]
  readonly rhs?: Node
  readonly condition?: Node
  readonly then?: Node
  readonly else?: Node
  readonly procedure?: Node
  readonly arguments?: readonly Node[]
  readonly body?: Node
  readonly thunk?: boolean
  readonly signature?: unknown
  readonly terms?: readonly { readonly descending: boolean; readonly expression: Node }[]
  readonly tuple?: boolean
  readonly focus?: string
  readonly index?: string
  readonly ancestor?: unknown
  readonly seekingParent?: unknown
  /** Set by us: the first argument is a part of a text that has to be whole. */
  readonly part?: Part
}

export interface Stage {
  readonly type: string
  readonly expr: Node
}

export interface Group {
  readonly lhs: readonly (readonly [Node, Node])[]
  readonly position?: number
}

/** Every node of a tree, parents first. */
export function* nodesOf(root: unknown): Generator<Node> {
  const waiting: unknown[] = [root]
  const seen = new Set<unknown>()
  while (waiting.length > 0) {
    const value = waiting.pop()
    if (typeof value !== 'object' || value === null || value instanceof RegExp || seen.has(value)) continue
    seen.add(value)
    if (!Array.isArray(value) && 'type' in value) yield value as Node
    waiting.push(...Object.values(value).reverse())
  }
}

/** A part of a text that has to be there, and what it may be all the same. */
export interface Part {
  readonly text: string
  /** It may give nothing: the expression says so, with a condition without else. */
  readonly nothing: boolean
  /** It may be empty text: the expression says that, or a name that may be empty. */
  readonly empty: boolean
  /** It may be a list: what is joined. */
  readonly list: boolean
}
