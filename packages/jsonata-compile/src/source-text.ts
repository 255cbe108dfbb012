import type { Node, Stage } from './ast.ts'

/** The text of a part of an expression, as a message names it: spaces and quotes may be others than were written. */
export function sourceText(node: Node): string {
  const text = kindText(node) + (node.predicate ?? []).map(stageText).join('') + (node.keepArray ? '[]' : '')
  return node.group ? `${text}{${pairsText(node.group.lhs)}}` : text
}

function kindText(node: Node): string {
  const { type, value } = node
  switch (type) {
    case 'string':
      return JSON.stringify(value)
    case 'number':
    case 'value':
      return String(value)
    case 'regex':
      return String(value).replace(/g(?=[a-z]*$)/, '') // the flag is the parser's
    case 'name':
      return nameText(String(value))
    case 'variable':
      return `$${value}`
    case 'wildcard':
      return '*'
    case 'descendant':
      return '**'
    case 'parent':
      return '%'
    case 'path':
      return (node.steps ?? []).map(stepText).join('.')
    case 'binary':
      return `${sourceText(node.lhs as Node)} ${value} ${sourceText(node.rhs!)}`
    case 'bind':
      return `${sourceText(node.lhs as Node)} := ${sourceText(node.rhs!)}`
    case 'apply':
      return `${sourceText(node.lhs as Node)} ~> ${sourceText(node.rhs!)}`
    case 'unary':
      return unaryText(node)
    case 'condition':
      return conditionText(node)
    case 'block':
      return `(${listText(node.expressions, '; ')})`
    case 'function':
    case 'partial':
      return node.part ? sourceText(node.arguments![0]!) : `${sourceText(node.procedure!)}(${listText(node.arguments)})`
    case 'lambda':
      return node.thunk ? sourceText(node.body!) : `function(${listText(node.arguments)}){${sourceText(node.body!)}}`
    default:
      return '…'
  }
}

function nameText(name: string): string {
  return /^[\p{L}_][\p{L}\p{N}_]*$/u.test(name) ? name : `\`${name}\``
}

function stepText(step: Node): string {
  return sourceText(step) + (step.stages ?? []).map(stageText).join('')
}

function stageText({ expr }: Stage): string {
  return expr === undefined ? '' : `[${sourceText(expr)}]`
}

function listText(nodes: readonly Node[] = [], between = ', '): string {
  return nodes.map(sourceText).join(between)
}

function pairsText(pairs: readonly (readonly [Node, Node])[]): string {
  return pairs.map(([key, value]) => `${sourceText(key)}: ${sourceText(value)}`).join(', ')
}

function unaryText({ value, lhs, expressions, expression }: Node): string {
  if (value === '[') return `[${listText(expressions)}]`
  return value === '{' ? `{${pairsText((lhs ?? []) as never)}}` : `${value}${expression ? sourceText(expression) : '…'}`
}

function conditionText(node: Node): string {
  const { condition, then, else: otherwise } = node
  if (isDefault(node)) return `${sourceText(then!)} ?? ${sourceText(otherwise!)}`
  return `${sourceText(condition!)} ? ${sourceText(then!)}${otherwise ? ` : ${sourceText(otherwise)}` : ''}`
}

/** Whether a condition was written `a ?? b`: that parses to `$exists(a) ? a : b`, where only the parser's own call has no position. */
export function isDefault({ condition }: Node): boolean {
  return condition?.type === 'function' && condition.procedure?.value === 'exists' && condition.position === undefined
}
