import jsonata from 'jsonata'
import { type Node, nodesOf } from './ast.ts'
import type { ExpressionOptions, Scope } from './compile.ts'
import { maxSequence, plainDeep } from './sequence.ts'

/** How deep an evaluation may nest. The interpreter counts the entries of an object under way at once, too. */
const maxDepth = 20_000

/** How JSONata's interpreter evaluates a program, for what can't be compiled: with our functions, and never changing what it is given. */
export function createInterpreter(program: jsonata.Expression, functions: ExpressionOptions['functions']) {
  for (const [name, run] of Object.entries(functions)) program.registerFunction(name, withPlainValues(run) as never)
  const mayWrite = [...nodesOf(program.ast())].some(isWriter)
  return async function evaluate(context: unknown, scope: Scope): Promise<unknown> {
    const input = mayWrite ? copyOf(context) : context
    const values = mayWrite ? (copyOf({ ...scope }) as Scope) : scope
    return plainDeep(await program.evaluate(input, values as never))
  }
}

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
  const wrapper = (...values: unknown[]) => run(...(values.map(plainDeep) as never[]))
  return Object.defineProperty(wrapper, 'length', { value: run.length })
}
