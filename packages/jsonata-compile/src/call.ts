import type { Node } from './ast.ts'
import { type Compiler, unsupported } from './compiler.ts'
import { type Fault, faultOf } from './fault.ts'
import { compileHigherOrder, Deferred, isHigherOrder } from './higher-order.ts'
import { matcherOf } from './matching.ts'
import { type Callee, nativeOf } from './native.ts'
import type { Code, Frame } from './run.ts'
import { isSequence } from './sequence.ts'

/** `$name(…)`: a call of a function known when the expression is compiled. */
export function compileCall(node: Node, compiler: Compiler, subject?: Code, isThunk = false): Code {
  const name = calledName(node, compiler)
  const own = Object.hasOwn(compiler.functions, name)
  const nodes = node.arguments ?? []
  const place = { position: node.position, token: name }
  const count = nodes.length + (subject ? 1 : 0)
  if (!own && isHigherOrder(name) && !(name === 'sort' && count === 1))
    return guarded(compileHigherOrder(name, nodes, subject, compiler), place)
  const codes = nodes.map((argument) => compileArgument(argument, !own && takesRegex.has(name), compiler))
  if (subject) codes.unshift(subject)
  const callee = nativeOf(name, compiler.functions)
  if (!callee) throw unsupported(`$${name}`)
  return guarded(invocation(codes, callee, isThunk), place)
}

/** `value ~> $name(…)` and `value ~> $name`: a call with the value as first argument. */
export function compileApplication(node: Node, compiler: Compiler): Code {
  const subject = compiler.compile(node.lhs as Node, false)
  const target = node.rhs!
  if (target.predicate || target.group) throw unsupported('a predicate on a function')
  if (target.type === 'function') return compileCall(target, compiler, subject)
  if (target.type !== 'variable') throw unsupported('a function that is computed')
  const { position } = target
  const call = { type: 'function', procedure: target, arguments: [], ...(position === undefined ? {} : { position }) }
  return compileCall(call, compiler, subject, true)
}

const takesRegex = new Set(['contains', 'match', 'replace', 'split'])

function compileArgument(node: Node, mayBeRegex: boolean, compiler: Compiler): Code {
  if (!mayBeRegex || node.type !== 'regex') return compiler.compile(node, false)
  if (!(node.value instanceof RegExp) || node.predicate || node.group) throw unsupported('a regular expression')
  const matcher = matcherOf(node.value, node.position)
  return () => matcher
}

function calledName(node: Node, compiler: Compiler): string {
  const procedure = node.procedure!
  const name = procedure.value
  if (procedure.type !== 'variable' || typeof name !== 'string' || procedure.predicate || procedure.group) {
    throw unsupported('a function that is computed')
  }
  if (compiler.bound.has(name)) throw unsupported('a function in a variable')
  return name
}

function invocation(codes: readonly Code[], callee: Callee, isThunk: boolean): Code {
  const [first, second] = codes
  // A function that stands at the end of a lambda, or behind ~>, has no context to fall back on.
  if (codes.length === 1) {
    return (input, frame) => callee([first!(input, frame)], isThunk ? null : input, frame.run)
  }
  if (codes.length === 2) {
    return (input, frame) => callee([first!(input, frame), second!(input, frame)], isThunk ? null : input, frame.run)
  }
  return (input, frame) => {
    const values = codes.map((code) => code(input, frame))
    return callee(values, isThunk ? null : input, frame.run)
  }
}

/** A scope's value hides the function of its name; whatever goes wrong is placed at the call. */
function guarded(code: Code, place: { position: number | undefined; token: string }): Code {
  return (input: unknown, frame: Frame) => {
    if (Object.hasOwn(frame.run.scope, place.token)) throw faultOf('T1006', place.position, place)
    try {
      return code(input, frame)
    } catch (error) {
      const fault = error as Fault
      if (typeof fault === 'object' && fault !== null && fault.position === undefined) Object.assign(fault, place)
      throw fault
    }
  }
}

/** A call at the end of a function: not unwrapped, and without a context for arguments left out. */
export function compileThunk(node: Node, compiler: Compiler): Code {
  const call = compileCall(node.body!, compiler, undefined, true)
  return (input, frame) => {
    const value = call(input, frame)
    return isSequence(value) ? new Deferred(value) : value
  }
}
