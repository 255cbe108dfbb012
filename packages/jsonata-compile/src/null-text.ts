import { type Node, nodesOf } from './ast.ts'

/** The function that an operand of `&` is wrapped in. No expression can name it. */
export const nullFunction = ' null'

/** An operand of `&`: a field that is null says nothing, as one that is not there. */
export function withoutNull(value: unknown): unknown {
  return value === null ? undefined : value
}

/**
 * Has null be empty in a text that `&` puts together. JSONata writes it out: `"By " & author` would be
 * `By null`, which nobody means. The tree is changed in place.
 */
export function leaveNullOut(root: Node): boolean {
  const joins = [...nodesOf(root)].filter(({ type, value }) => type === 'binary' && value === '&')
  for (const node of joins as { -readonly [K in keyof Node]: Node[K] }[]) {
    node.lhs = operandOf(node.lhs as Node)
    node.rhs = operandOf(node.rhs!)
  }
  return joins.length > 0
}

function operandOf(node: Node): Node {
  const { type, value, position } = node
  if (type === 'string' || type === 'number' || (type === 'binary' && value === '&')) return node
  return {
    type: 'function',
    value: '(',
    procedure: { type: 'variable', value: nullFunction },
    arguments: [node],
    ...(position === undefined ? {} : { position }),
  }
}
