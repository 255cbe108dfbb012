import type { Node } from './ast.ts'
import { boundedText } from './bounds.ts'
import { type Compiler, unsupported } from './compiler.ts'
import { type Fault, faultOf } from './fault.ts'
import type { Code } from './run.ts'
import { isDeepEqual, isNumeric, isTruthy, textOf } from './values.ts'

type Operator = (left: unknown, right: unknown) => unknown

/** An operator between two values. */
export function compileBinary(node: Node, compiler: Compiler): Code {
  const token = node.value as string
  const { position } = node
  const left = compiler.compile(node.lhs as Node, false)
  const right = compiler.compile(node.rhs!, false)
  if (token === 'and') return (input, frame) => isTruthy(left(input, frame)) && isTruthy(right(input, frame))
  if (token === 'or') return (input, frame) => isTruthy(left(input, frame)) || isTruthy(right(input, frame))
  const operator = Object.hasOwn(operators, token) ? operators[token] : undefined
  if (!operator) throw unsupported(`the operator ${token}`)
  return (input, frame) => {
    const a = left(input, frame)
    const b = right(input, frame)
    try {
      return operator(a, b)
    } catch (error) {
      if (!(error instanceof Error)) Object.assign(error as Fault, { position, token })
      throw error
    }
  }
}

/** The negative of a number. */
export function compileNegation(node: Node, compiler: Compiler): Code {
  const operand = compiler.compile(node.expression!, false)
  return (input, frame) => {
    const value = operand(input, frame)
    if (value === undefined) return undefined
    if (isNumeric(value)) return -value
    throw faultOf('D1002', node.position, { token: '-', value })
  }
}

const operators: Readonly<Record<string, Operator>> = {
  '&': (a, b) => boundedText(textOf(a) + textOf(b)),
  '=': (a, b) => a !== undefined && b !== undefined && isDeepEqual(a, b),
  '!=': (a, b) => a !== undefined && b !== undefined && !isDeepEqual(a, b),
  in: isMember,
  '+': arithmetic((a, b) => a + b),
  '-': arithmetic((a, b) => a - b),
  '*': arithmetic((a, b) => a * b),
  '/': arithmetic((a, b) => a / b),
  '%': arithmetic((a, b) => a % b),
  '<': order((a, b) => a < b),
  '<=': order((a, b) => a <= b),
  '>': order((a, b) => a > b),
  '>=': order((a, b) => a >= b),
}

function isMember(value: unknown, list: unknown): boolean {
  if (value === undefined || list === undefined) return false
  if (!Array.isArray(list)) return list === value
  for (let at = 0; at < list.length; at++) if (list[at] === value) return true
  return false
}

function arithmetic(compute: (a: number, b: number) => number): Operator {
  return (a, b) => {
    if (a !== undefined && !isNumeric(a)) throw faultOf('T2001', undefined, { value: a })
    if (b !== undefined && !isNumeric(b)) throw faultOf('T2002', undefined, { value: b })
    return a === undefined || b === undefined ? undefined : compute(a, b)
  }
}

function order(compare: (a: string | number, b: string | number) => boolean): Operator {
  return (a, b) => {
    if (a !== undefined && !hasOrder(a)) throw faultOf('T2010', undefined, { value: a })
    if (b !== undefined && !hasOrder(b)) throw faultOf('T2010', undefined, { value: b })
    if (a === undefined || b === undefined) return undefined
    if (typeof a !== typeof b) throw faultOf('T2009', undefined, { value: a, value2: b })
    return compare(a, b)
  }
}

function hasOrder(value: unknown): value is string | number {
  return typeof value === 'string' || typeof value === 'number'
}
