import type { Node, Part } from './ast.ts'
import { isBuiltin } from './builtin.ts'
import { compileApplication, compileCall, compileThunk } from './call.ts'
import { type Compiler, unsupported } from './compiler.ts'
import { compileArray, compileGrouping, compileObject } from './object.ts'
import { compileBinary, compileNegation } from './operators.ts'
import { compileFilter, compileName, compilePath, compileWildcard } from './path.ts'
import { type Code, innerFrame, lookUp } from './run.ts'
import { keep, type Sequence, unwrap } from './sequence.ts'
import { isDefault } from './source-text.ts'
import { isTruthy } from './values.ts'
import { wholePart } from './whole.ts'

export function createCompiler(functions: Compiler['functions'], bound: ReadonlySet<string>): Compiler {
  let isUnordered = false
  function within<T>(unordered: boolean, run: () => T): T {
    const before = isUnordered
    isUnordered = unordered
    try {
      return run()
    } finally {
      isUnordered = before
    }
  }
  const compiler: Compiler = {
    functions,
    bound,
    isFunction: (name) => Object.hasOwn(functions, name) || isBuiltin(name),
    inside: (run) => within(true, run),
    framed: (run) => within(false, run),
    compile(node, tail) {
      if (node.tuple || node.seekingParent) throw unsupported('an ancestor')
      if (node.type === 'bind' && isUnordered) throw unsupported('a bind without an order')
      if (node.part) return compilePart(node.part, node.arguments![0]!, compiler)
      const isTail = tail && !node.predicate && !node.group
      return finish(node, compileKind(node, compiler, isTail), compiler, tail)
    },
  }
  return compiler
}

/** Predicates, grouping and unwrapping, in that order, as every node has them. */
function finish(node: Node, code: Code, compiler: Compiler, tail: boolean): Code {
  let finished = code
  for (const stage of node.predicate ?? []) finished = filtered(finished, compileFilter(stage, compiler))
  if (node.type === 'path' || (node.type === 'name' && !node.predicate)) return finished
  if (node.group) {
    const group = compileGrouping(node.group, compiler, tail)
    const before = finished
    return (input, frame) => group(before(input, frame), frame)
  }
  const before = finished
  if (node.keepArray) return (input, frame) => keep(before(input, frame))
  if (alwaysOne.has(node.type) && !node.predicate) return finished
  return (input, frame) => unwrap(before(input, frame))
}

/** Kinds that never give a sequence. */
const alwaysOne = new Set(['string', 'number', 'value', 'binary', 'unary'])

function filtered(code: Code, filter: Code): Code {
  return (input, frame) => filter(code(input, frame), frame)
}

function compileKind(node: Node, compiler: Compiler, tail: boolean): Code {
  switch (node.type) {
    case 'string':
    case 'number':
    case 'value': {
      const { value } = node
      return () => value
    }
    case 'name':
      return compileName(node)
    case 'wildcard':
      return compileWildcard()
    case 'path':
      return compilePath(node, compiler, tail)
    case 'variable':
      return compileVariable(node.value as string, compiler)
    case 'binary':
      return compileBinary(node, compiler)
    case 'unary':
      if (node.value === '[') return compileArray(node, compiler, tail)
      return node.value === '{' ? compileObject(node, compiler, tail) : compileNegation(node, compiler)
    case 'condition':
      return compileCondition(node, compiler, tail)
    case 'block':
      return compileBlock(node, compiler, tail)
    case 'bind':
      return compileBind(node, compiler)
    case 'function':
      return compileCall(node, compiler)
    case 'lambda':
      if (!node.thunk) throw unsupported('a function as a value')
      return compileThunk(node, compiler)
    case 'apply':
      return compileApplication(node, compiler)
    default:
      throw unsupported(node.type)
  }
}

function compileVariable(name: string, compiler: Compiler): Code {
  if (name === '') {
    return (input) => (Array.isArray(input) && (input as Sequence).outerWrapper ? input[0] : input)
  }
  if (name === '$') return (_input, { run }) => run.root
  if (compiler.bound.has(name)) return (_input, frame) => lookUp(frame, name)
  if (compiler.isFunction(name)) throw unsupported('a function as a value')
  return (_input, { run }) => (Object.hasOwn(run.scope, name) ? run.scope[name] : undefined)
}

function compilePart(part: Part, node: Node, compiler: Compiler): Code {
  const code = compiler.compile(node, false)
  return (input, frame) => wholePart(code(input, frame), part)
}

function compileCondition(node: Node, compiler: Compiler, tail: boolean): Code {
  const then = compiler.compile(node.then!, tail)
  const otherwise = node.else ? compiler.compile(node.else, tail) : () => undefined
  const { condition } = node
  if (isDefault(node)) {
    return (input, frame) => {
      const value = then(input, frame)
      return value === undefined ? otherwise(input, frame) : value
    }
  }
  const test = compiler.compile(condition!, false)
  return (input, frame) => (isTruthy(test(input, frame)) ? then(input, frame) : otherwise(input, frame))
}

function compileBlock(node: Node, compiler: Compiler, tail: boolean): Code {
  const nodes = node.expressions!
  const codes = compiler.framed(() => nodes.map((part, at) => compiler.compile(part, tail && at === nodes.length - 1)))
  const [only] = codes
  if (codes.length === 1 && compiler.bound.size === 0) return only!
  return (input, outer) => {
    const frame = compiler.bound.size === 0 ? outer : innerFrame(outer)
    let value: unknown
    for (let at = 0; at < codes.length; at++) value = codes[at]!(input, frame)
    return value
  }
}

function compileBind(node: Node, compiler: Compiler): Code {
  const name = (node.lhs as Node).value as string
  if (name === '' || name === '$') throw unsupported('a new context')
  const code = compiler.compile(node.rhs!, false)
  return (input, frame) => {
    const value = code(input, frame)
    frame.values!.set(name, value)
    return value
  }
}
