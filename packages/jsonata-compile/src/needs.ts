import type { Node } from './ast.ts'
import { builtin, isBuiltin } from './builtin.ts'

/**
 * Whether the value of an expression may depend on its context (`$`) or on one of the names that hold it, too. False only
 * if it plainly does not: for literals, other names and what lies below them, put together by operators, conditions and calls.
 */
export function needsContext(node: Node, aliases: readonly string[]): boolean {
  const needs = (part: Node) => needsContext(part, aliases)
  const { type, value, group, predicate, stages } = node
  if (group || [...(predicate ?? []), ...(stages ?? [])].some(({ expr }) => leavesItsContext(expr))) return true
  switch (type) {
    case 'string':
    case 'number':
    case 'value':
    case 'regex':
      return false
    case 'variable':
      return value === '' || value === '$' || aliases.includes(value as string)
    case 'path': {
      const [first, ...below] = node.steps ?? []
      return first === undefined || needs(first) || below.some(leavesItsContext)
    }
    case 'binary':
      return [node.lhs as Node, node.rhs as Node].some(needs)
    case 'condition':
      return [node.condition, node.then, node.else].some((part) => part !== undefined && needs(part))
    case 'function':
      return mayTakeContext(node) || (node.arguments ?? []).some(needs)
    default:
      return true
  }
}

/** Below a name the context is what the name holds: only these lead out of it again. */
function leavesItsContext(node: Node): boolean {
  const { type, value, group, predicate, stages } = node
  if (type === 'name' || type === 'string' || type === 'number') {
    return group !== undefined || [...(predicate ?? []), ...(stages ?? [])].some(({ expr }) => leavesItsContext(expr))
  }
  return !(type === 'variable' && value === '' && !group && !predicate && !stages)
}

/** A built-in function takes the context in the place of an argument that is left out. */
function mayTakeContext({ procedure, arguments: given = [] }: Node): boolean {
  if (procedure?.type !== 'variable') return true
  const name = String(procedure.value)
  if (!isBuiltin(name)) return false
  const parameters = parametersOf(builtin(name).signature.definition)
  return parameters.some((mark) => mark.includes('-')) && given.length < parameters.length
}

/** `<s-n?:s>` has two. */
function parametersOf(definition: string): readonly string[] {
  return (
    definition
      .slice(1)
      .split(':')[0]!
      .match(/(?:\([a-z]+\)|[a-z])(?:<[a-z]>)?[-?+]*/g) ?? []
  )
}
