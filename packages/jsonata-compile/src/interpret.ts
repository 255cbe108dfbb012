import jsonata from 'jsonata'
import { type Node, nodesOf } from './ast.ts'
import { boundedText, hugeGuardOf, pad, refuseEndless, refuseEndlessLists } from './bounds.ts'
import { type Builtin, builtin, builtinNames } from './builtin.ts'
import { faultOf } from './fault.ts'
import { distinct } from './native.ts'
import { maxSequence, plainDeep } from './sequence.ts'
import { sort } from './sort.ts'
import type { ExpressionOptions, Scope } from './types.ts'

/** How deep an evaluation may nest. The interpreter counts the entries of an object under way at once, too. */
const maxDepth = 20_000

/** How JSONata's interpreter evaluates a program, for what can't be compiled: with our functions, and never changing what it is given. */
export function createInterpreter(
  program: jsonata.Expression,
  functions: ExpressionOptions['functions'],
  timeLimitMs: number,
) {
  registerBounded(program, timeLimitMs)
  watchOperands(program)
  for (const [name, run] of Object.entries(functions)) program.registerFunction(name, withPlainValues(run) as never)
  const mayWrite = [...nodesOf(program.ast())].some(isWriter)
  return async function evaluate(context: unknown, scope: Scope): Promise<unknown> {
    const input = mayWrite ? copyOf(context) : context
    const values = mayWrite ? (copyOf({ ...scope }) as Scope) : scope
    const value = await program.evaluate(input, values as never)
    refuseEndless(value)
    return plainDeep(value)
  }
}

/** JSONata's functions for this program alone, within bounds if they can't be interrupted while they work. */
function registerBounded(program: jsonata.Expression, timeLimitMs: number): void {
  for (const name of builtinNames()) {
    if (ofEachRun.has(name)) continue
    const { implementation, signature } = builtin(name)
    const refuseHuge = hugeGuardOf(name)
    const bounded = function (this: object | undefined, ...values: unknown[]): unknown {
      refuseHuge(values)
      const until = performance.now() + timeLimitMs
      const given = values.map((value) => (typeof value === 'function' ? timed(value as Callback, until) : value))
      const work = name === 'sort' && given[1] !== undefined ? implementation : (ours[name] ?? implementation)
      // JSONata's functions look for the interpreter in `this`, and ours for the clock.
      const result = work.apply({ ...this, timeLimitMs, ticks: 0, deadline: 0 }, given)
      return typeof result === 'string' ? boundedText(result) : result
    }
    // JSONata counts a function's parameters, and reads their names if it is partially applied.
    Object.defineProperty(bounded, 'length', { value: implementation.length })
    Object.defineProperty(bounded, 'toString', { value: () => implementation.toString() })
    program.registerFunction(name, bounded as never, signature.definition)
  }
}

const ours: Readonly<Record<string, Builtin['implementation'] | undefined>> = { pad, sort, distinct } as never

interface Callback {
  (...values: unknown[]): unknown
  readonly arity?: number
}

/** A function of the expression, or a pattern, which gives its matches one by one: until the time is over. */
function timed(callback: Callback, until: number): Callback {
  const run = async (...values: unknown[]): Promise<unknown> => {
    const result = await callback(...values)
    if (performance.now() > until) throw faultOf('D1012', undefined)
    refuseEndlessLists(result)
    const next = typeof result === 'object' && result !== null && 'next' in result ? result.next : undefined
    return typeof next === 'function' ? { ...(result as object), next: timed(next as Callback, until) } : result
  }
  return Object.assign(run, { arity: callback.arity ?? callback.length })
}

/**
 * Refuses what the interpreter would walk through for ever, before it does: operands are compared or written out whole,
 * wildcards go down to the ground, and names and conditions look into lists within lists.
 */
function watchOperands(program: jsonata.Expression): void {
  const nodes = [...nodesOf(program.ast())]
  const isDeep = nodes.some(({ type }) => type === 'descendant' || type === 'wildcard')
  const checks = new Map<unknown, (value: unknown) => void>()
  for (const { type, value, steps, stages = [], predicate = [], condition, lhs, rhs } of nodes) {
    for (const step of steps?.slice(0, -1) ?? []) checks.set(step, isDeep ? refuseEndless : refuseEndlessLists)
    for (const { expr } of [...stages, ...predicate]) checks.set(expr, refuseEndlessLists)
    if (condition) checks.set(condition, refuseEndlessLists)
    if (type !== 'binary') continue
    const check = value === 'and' || value === 'or' ? refuseEndlessLists : refuseEndless
    for (const operand of [lhs, rhs]) checks.set(operand, check)
  }
  if (checks.size === 0) return
  const afterNode = (node: unknown, _input: unknown, _environment: unknown, value: unknown) => checks.get(node)?.(value)
  program.assign(Symbol.for('jsonata.__evaluate_exit') as never, afterNode)
}

/** JSONata makes the first two for each evaluation; the third is refused. */
const ofEachRun = new Set(['now', 'millis', 'eval'])

/** Parses with the interpreter's own limits, so that an endless expression ends. Throws a fault. */
export function parseBounded(text: string, timeLimitMs: number): jsonata.Expression {
  return parseProgram(text, { timeout: timeLimitMs, stack: maxDepth, sequence: maxSequence })
}

/**
 * JSONata, mended: its parser copies the left side of `?:` and `??` through JSON, where a regular expression becomes
 * `{}`. That matches almost any text, never moves on, and ends no sooner than the memory, past every limit.
 */
export function parseProgram(text: string, limits: object = {}): jsonata.Expression {
  const program = jsonata(text, limits as never)
  const nodes = [...nodesOf(program.ast())].filter(({ type }) => type === 'regex') as {
    -readonly [K in keyof Node]: Node[K]
  }[]
  const whole = new Map(nodes.flatMap(({ value, position }) => (value instanceof RegExp ? [[position, value]] : [])))
  for (const node of nodes) if (!(node.value instanceof RegExp)) node.value = whole.get(node.position)
  return program
}

/** JSONata marks arrays that `[]` is applied to, and fills empty arrays that are grouped: arrays of the input, too. */
function isWriter(node: { readonly type?: string; readonly value?: unknown } & object): boolean {
  if ('keepArray' in node || 'keepSingletonArray' in node || 'group' in node || node.type === 'transform') return true
  return node.type === 'unary' && node.value === '{'
}

function copyOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copyOf)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, copyOf(entry)]))
}

/** JSONata counts a function's parameters, so the wrapper has as many. */
function withPlainValues(run: (...values: never[]) => unknown): (...values: unknown[]) => unknown {
  const wrapper = (...values: unknown[]) => {
    for (const value of values) refuseEndless(value)
    return run(...(values.map(plainDeep) as never[]))
  }
  return Object.defineProperty(wrapper, 'length', { value: run.length })
}
