import type { Node } from './ast.ts'
import { type Compiler, unsupported } from './compiler.ts'
import { faultOf } from './fault.ts'
import { arityOf, nativeOf } from './native.ts'
import { held } from './object.ts'
import { type Code, type Frame, innerFrame, tick } from './run.ts'
import { type Sequence, sequenceOf, setOwn } from './sequence.ts'
import { sortBy } from './sort.ts'
import { isTruthy } from './values.ts'

/** A function given to `$map` and its like, for one evaluation. */
type Callback = (values: unknown[]) => unknown

interface CallbackCode {
  readonly arity: number
  bind(input: unknown, frame: Frame): Callback
}

type Work = (subject: unknown, callback: Callback, arity: number, frame: Frame, init: unknown) => unknown

export function isHigherOrder(name: string): boolean {
  return Object.hasOwn(works, name)
}

/** `$map`, `$filter`, `$reduce`, `$sort`, `$each` and `$sift` with a function written out or named. */
export function compileHigherOrder(
  name: string,
  nodes: readonly Node[],
  subject: Code | undefined,
  compiler: Compiler,
): Code {
  const rest = subject ? nodes : nodes.slice(1)
  const limit = name === 'reduce' ? 2 : 1
  if ((!subject && nodes.length === 0) || rest.length < 1 || rest.length > limit) throw unsupported('an odd call')
  const subjectCode = subject ?? compiler.compile(nodes[0]!, false)
  const callback = compileCallback(rest[0]!, compiler)
  const initCode = rest[1] ? compiler.compile(rest[1], false) : () => undefined
  const work = works[name]!
  return (input, frame) => {
    const value = subjectCode(input, frame)
    const run = callback.bind(input, frame)
    return work(value, run, callback.arity, frame, initCode(input, frame))
  }
}

function compileCallback(node: Node, compiler: Compiler): CallbackCode {
  if (node.predicate || node.group || node.keepArray) throw unsupported('a predicate on a function')
  if (node.type === 'lambda') return compileLambda(node, compiler)
  const name = node.value
  if (node.type !== 'variable' || typeof name !== 'string' || compiler.bound.has(name) || isHigherOrder(name)) {
    throw unsupported('a function that is computed')
  }
  const callee = nativeOf(name, compiler.functions)
  if (!callee) throw unsupported(`$${name}`)
  return {
    arity: arityOf(name, compiler.functions),
    bind: (_input, { run }) => {
      if (Object.hasOwn(run.scope, name)) throw faultOf('T0410', node.position, { token: name, index: 2 })
      return (values) => callee(values, null, run)
    },
  }
}

/** `function($a, $b){ … }`. Its context is the one where it is written; it cannot name itself, so it ends. */
function compileLambda(node: Node, compiler: Compiler): CallbackCode {
  if (node.signature || node.thunk) throw unsupported('a signature')
  const names = node.arguments!.map((parameter) => parameter.value as string)
  if (names.some((name) => name === '' || name === '$')) throw unsupported('a parameter without a name')
  refuseHiddenCall(node.body!)
  const body = compiler.framed(() => compiler.compile(node.body!, false))
  return {
    arity: names.length,
    bind: (input, outer) => (values) => {
      tick(outer.run)
      const frame = innerFrame(outer)
      names.forEach((name, at) => {
        frame.values!.set(name, values[at])
      })
      const value = body(input, frame)
      return value instanceof Deferred ? value.value : value
    },
  }
}

/** JSONata defers a call at the end of a function, past the predicates of what is around it. */
function refuseHiddenCall(node: Node): void {
  const inner = node.type === 'block' ? [node.expressions?.at(-1)] : [node.then, node.else]
  if (node.type !== 'block' && node.type !== 'condition') return
  if (node.predicate || node.group || node.keepArray) throw unsupported('a deferred call with a predicate')
  for (const part of inner) if (part) refuseHiddenCall(part)
}

/** A sequence on its way out of a function past the blocks and conditions around the call: they do not unwrap it. */
export class Deferred {
  readonly value: Sequence
  constructor(value: Sequence) {
    this.value = value
  }
}

const works: Readonly<Record<string, Work>> = {
  map(subject, callback, arity, frame) {
    const list = listOf(subject)
    if (!list) return undefined
    const found: Sequence = sequenceOf()
    for (let at = 0; at < list.length; at++) {
      const value = callback(argumentsFor(arity, list[at], at, list))
      if (value !== undefined) found.push(held(value, false, frame.run))
    }
    return found
  },
  filter(subject, callback, arity) {
    const list = listOf(subject)
    if (!list) return undefined
    const found: Sequence = sequenceOf()
    for (let at = 0; at < list.length; at++) {
      if (isTruthy(callback(argumentsFor(arity, list[at], at, list)))) found.push(list[at])
    }
    return found
  },
  reduce(subject, callback, arity, _frame, init) {
    const list = listOf(subject)
    if (!list) return undefined
    if (arity < 2) throw faultOf('D3050', undefined, { index: 1 })
    const skips = init === undefined && list.length > 0
    let result = skips ? list[0] : init
    for (let at = skips ? 1 : 0; at < list.length; at++) {
      result = callback([result, list[at], at, list].slice(0, Math.max(2, arity)))
    }
    return result
  },
  sort(subject, callback, _arity, { run }) {
    const list = listOf(subject)
    if (!list || list.length <= 1) return list
    return sortBy(list, (left, right) => {
      tick(run)
      return callback([left, right])
    })
  },
  each(subject, callback, arity, frame) {
    const found: Sequence = sequenceOf()
    for (const [key, value] of entriesOf(subject)) {
      const result = callback(argumentsFor(arity, value, key, subject))
      if (result !== undefined) found.push(held(result, false, frame.run))
    }
    return found
  },
  sift(subject, callback, arity) {
    const found: Record<string, unknown> = {}
    let count = 0
    for (const [key, value] of entriesOf(subject)) {
      if (!isTruthy(callback(argumentsFor(arity, value, key, subject)))) continue
      setOwn(found, key, value)
      count++
    }
    return count === 0 ? undefined : found
  },
}

function argumentsFor(arity: number, value: unknown, at: unknown, whole: unknown): unknown[] {
  return arity >= 3 ? [value, at, whole] : arity === 2 ? [value, at] : [value]
}

function listOf(subject: unknown): unknown[] | undefined {
  if (subject === undefined) return undefined
  return Array.isArray(subject) ? subject : [subject]
}

function entriesOf(subject: unknown): [string, unknown][] {
  if (subject === undefined) return []
  if (typeof subject !== 'object' || subject === null || Array.isArray(subject)) {
    throw faultOf('T0410', undefined, { index: 1, value: subject })
  }
  return Object.entries(subject)
}
