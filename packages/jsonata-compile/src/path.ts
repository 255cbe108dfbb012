import type { Node, Stage } from './ast.ts'
import { type Compiler, unsupported } from './compiler.ts'
import { faultOf } from './fault.ts'
import { compileGrouping } from './object.ts'
import { type Code, type Frame, type Run, tick } from './run.ts'
import { isCons, isSequence, keep, maxSequence, type Sequence, sequenceOf, unwrap } from './sequence.ts'
import { isArrayOfNumbers, isNumeric, isTruthy, property } from './values.ts'

interface Step {
  readonly code: Code
  readonly filters: readonly Code[]
}

/**
 * A path: each step is evaluated for every value that the step before gave, and what it gives is flattened by one
 * level. While there is just one value that is not an array, nothing is allocated.
 */
export function compilePath(node: Node, compiler: Compiler, tail: boolean): Code {
  const nodes = node.steps!
  const lastAt = nodes.length - 1
  const isTail = tail && !node.group
  const steps: Step[] = nodes.map((step, at) => compileStep(step, compiler, isTail && at === lastAt))
  const group = node.group && compileGrouping(node.group, compiler, tail)
  const keepSingleton = node.keepSingletonArray === true
  const takesArray = nodes[0]!.type !== 'variable'
  const first = nodes[0]!
  if (first.consarray && (first.type !== 'unary' || first.predicate)) throw unsupported('an array as first step')

  const walk = (input: unknown, frame: Frame): unknown => {
    let at = 0
    let one: unknown = input
    let many: unknown[] | null = takesArray && Array.isArray(input) ? input : null
    if (first.consarray) {
      many = first0(input, many, frame)
      if (many.length === 0 || lastAt === 0) return many
      at = 1
    }
    for (; at <= lastAt; at++) {
      const step = steps[at]!
      if (many !== null) {
        many = stepThrough(step, many, frame, at === lastAt)
        if (many.length === 0) return many
        continue
      }
      const value = stepInto(step, one, frame)
      if (value === undefined) return undefined
      if (!Array.isArray(value)) one = value
      else if (at === lastAt) return isSequence(value) ? sequenceOf(value.slice()) : value
      else if (isCons(value)) one = value
      else if (value.length === 0) return undefined
      else many = value
    }
    return many ?? one
  }
  function first0(input: unknown, many: unknown[] | null, frame: Frame): unknown[] {
    return steps[0]!.code(many ?? sequenceOf([input]), frame) as unknown[]
  }

  if (group && keepSingleton) return (input, frame) => group(kept(walk(input, frame), true), frame)
  if (group) return (input, frame) => group(walk(input, frame), frame)
  if (node.keepArray || keepSingleton) return (input, frame) => kept(walk(input, frame), keepSingleton)
  return (input, frame) => unwrap(walk(input, frame))
}

/** `[]` on a path: a sequence stays an array. An array of the input is one already and is never marked. */
function kept(value: unknown, wrapCons: boolean): unknown {
  if (value === undefined) return undefined
  const isArray = Array.isArray(value) && !(wrapCons && isCons(value))
  const sequence = isArray ? value : sequenceOf([value])
  if (isSequence(sequence)) sequence.keepSingleton = true
  return unwrap(sequence)
}

function compileStep(node: Node, compiler: Compiler, tail: boolean): Step {
  if (node.tuple || node.focus || node.index || node.ancestor) throw unsupported('a bound step')
  const filters = (node.stages ?? []).map((stage) => compileFilter(stage, compiler))
  const { stages: _stages, ...bare } = node
  return { code: compiler.compile(bare, tail && filters.length === 0), filters }
}

function stepInto({ code, filters }: Step, input: unknown, frame: Frame): unknown {
  tick(frame.run)
  let value = code(input, frame)
  for (let at = 0; at < filters.length; at++) value = filters[at]!(value, frame)
  return value
}

function stepThrough(step: Step, inputs: readonly unknown[], frame: Frame, isLast: boolean): unknown[] {
  const found: Sequence = sequenceOf()
  let count = 0
  let only: unknown
  for (let at = 0; at < inputs.length; at++) {
    const value = stepInto(step, inputs[at], frame)
    if (value === undefined) continue
    if (count++ === 0) only = value
    addTo(found, value)
  }
  return isLast && count === 1 && Array.isArray(only) && !isSequence(only) ? only : found
}

function addTo(found: Sequence, value: unknown): void {
  if (!Array.isArray(value) || isCons(value)) found.push(value)
  else for (let at = 0; at < value.length; at++) found.push(value[at])
  if (found.length > maxSequence) throw faultOf('D2015', undefined)
}

/** `[…]` after a step or value: a position, positions, or a condition on each value. */
export function compileFilter(stage: Stage, compiler: Compiler): Code {
  if (stage.type !== 'filter') throw unsupported('an index variable')
  if (stage.expr.type === 'number') return pick(Math.floor(stage.expr.value as number))
  const test = compiler.compile(stage.expr, false)
  return (input, frame) => {
    const values = Array.isArray(input) ? input : [input]
    const found = sequenceOf()
    for (let at = 0; at < values.length; at++) {
      tick(frame.run)
      const answer = test(values[at], frame)
      for (let times = timesChosen(answer, at, values.length); times > 0; times--) found.push(values[at])
    }
    return found
  }
}

function pick(position: number): Code {
  return (input) => {
    const values = Array.isArray(input) ? input : [input]
    const value = values[position < 0 ? values.length + position : position]
    if (Array.isArray(value)) return value
    return sequenceOf(value === undefined ? [] : [value])
  }
}

/** How often a value is taken: numbers are positions, from the end if negative; anything else is a condition. */
function timesChosen(answer: unknown, at: number, length: number): number {
  if (typeof answer === 'boolean') return answer ? 1 : 0
  const positions = isNumeric(answer) ? [answer] : answer
  if (!isArrayOfNumbers(positions)) return isTruthy(answer) ? 1 : 0
  let times = 0
  for (const position of positions) {
    const floor = Math.floor(position)
    if ((floor < 0 ? length + floor : floor) === at) times++
  }
  return times
}

/** A name: the own property of an object, or those of the objects in an array. */
export function compileName(node: Node): Code {
  const name = node.value as string
  // With a predicate (`"name"[0].x` parses to that) it is unwrapped behind it.
  const settle = node.predicate ? (value: unknown) => value : node.keepArray ? keep : unwrap
  // Only names that every object inherits need the question whether the property is its own.
  if (name in Object.prototype) {
    return (input) => (Array.isArray(input) ? settle(property(input, name)) : property(input, name))
  }
  return (input) => {
    if (typeof input !== 'object' || input === null) return undefined
    if (Array.isArray(input)) return settle(property(input, name))
    return (input as Record<string, unknown>)[name]
  }
}

/** `*`: the values of an object, arrays among them flattened. */
export function compileWildcard(): Code {
  return (input, frame) => {
    const outer = Array.isArray(input) && (input as Sequence).outerWrapper && input.length > 0
    const from = outer ? (input as unknown[])[0] : input
    let found: unknown[] = sequenceOf()
    if (typeof from !== 'object' || from === null) return found
    // Not Object.values of an array: a sequence's marks are not values.
    for (const value of Array.isArray(from) ? from : Object.values(from)) {
      // JSONata's concat makes an ordinary array of the sequence, which is then never unwrapped.
      if (Array.isArray(value)) found = found.concat(flattened(value, frame.run))
      else found.push(value)
    }
    return found
  }
}

function flattened(values: readonly unknown[], run: Run): unknown[] {
  tick(run)
  return values.flatMap((value) => (Array.isArray(value) ? flattened(value, run) : [value]))
}
