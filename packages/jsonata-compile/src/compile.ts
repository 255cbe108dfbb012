import { type Node, nodesOf } from './ast.ts'
import { refuseEndless } from './bounds.ts'
import { builtinNames, isBuiltin } from './builtin.ts'
import { isUnsupported } from './compiler.ts'
import { messageOf } from './error.ts'
import { evaluationError, faultOf, syntaxError } from './fault.ts'
import { createCompiler } from './generate.ts'
import { createInterpreter, parseBounded } from './interpret.ts'
import { type Keys, keysReadIn } from './keys-read.ts'
import { isNothing, type Leaf, leafFunction, wrapLeaves } from './leaves.ts'
import { nearestName } from './nearest-name.ts'
import { needsContext } from './needs.ts'
import { leaveNullOut, nullFunction, withoutNull } from './null-text.ts'
import type { Code, Frame, Run } from './run.ts'
import { plain, plainDeep, type Sequence, sequenceOf } from './sequence.ts'
import type { ExpressionFunction, ExpressionOptions, Scope } from './types.ts'
import { partFunction, requireParts, wholePart } from './whole.ts'

/** A JSONata expression, compiled once. */
export interface Expression {
  readonly text: string
  /** False if the JSONata interpreter has to run it. */
  readonly isCompiled: boolean
  /** False if the value depends for sure neither on the context (`$`) nor on a name of the scope that holds it, too. */
  needsContext(aliases: readonly string[]): boolean
  /** The keys of a name of the scope that the value may depend on. */
  keysRead(name: string): Keys
  /**
   * The value for a context (`$`) and a scope, `undefined` if there is none. A promise only if interpreted.
   * Throws ExpressionError naming the expression. The context and the scope are never changed.
   */
  evaluate(context: unknown, scope: Scope): unknown
}

/** Compiles JSONata text. Throws ExpressionError for a syntax error, with its position, or an unknown function. */
export function compileExpression(text: string, options: ExpressionOptions): Expression {
  const program = parse(text, options.timeLimitMs)
  const ast = program.ast() as unknown as Node
  const nodes = [...nodesOf(ast)]
  const bound = boundNames(nodes)
  refuseUnknownFunctions(text, nodes, bound, options.functions)
  if (options.names) refuseFreeVariables(text, nodes, bound, options.names, options.functions)
  refuseOwnClone(text, nodes, bound)
  const keysRead = keysReadIn(nodes, bound)
  const functions = rewritten(ast, bound, options)
  const code = generate(ast, bound, functions)
  if (code) {
    const evaluate = compiled(text, code, bound.size > 0, isBuilder(nodes), options.timeLimitMs)
    return { text, isCompiled: true, needsContext: (aliases) => needsContext(ast, aliases), keysRead, evaluate }
  }
  const interpret = createInterpreter(program, functions, options.timeLimitMs)
  return {
    text,
    isCompiled: false,
    needsContext: () => true,
    keysRead,
    async evaluate(context, scope) {
      try {
        return await interpret(context, scope)
      } catch (error) {
        throw evaluationError(text, error)
      }
    },
  }
}

/** Changes the tree as is asked for; answers the functions with those that it calls now. */
function rewritten(ast: Node, bound: ReadonlySet<string>, options: ExpressionOptions): ExpressionOptions['functions'] {
  const { functions, whole, nullIsEmpty, onNothing } = options
  if (whole) return withParts(ast, bound, functions, whole.mayBeEmpty)
  const nulls = nullIsEmpty && leaveNullOut(ast) ? { ...functions, [nullFunction]: withoutNull } : functions
  return onNothing ? withLeaves(ast, nulls, onNothing) : nulls
}

/** The functions with the one that looks at the parts of this expression. */
function withParts(
  ast: Node,
  bound: ReadonlySet<string>,
  functions: ExpressionOptions['functions'],
  mayBeEmpty: readonly string[],
) {
  const isFunction = (name: string) => bound.has(name) || Object.hasOwn(functions, name) || isBuiltin(name)
  const parts = requireParts(ast, isFunction, mayBeEmpty)
  return { ...functions, [partFunction]: (value: unknown, at: number) => wholePart(value, parts[at]!) }
}

/** The functions with the one that looks at the leaves of this expression. */
function withLeaves(ast: Node, functions: ExpressionOptions['functions'], onNothing: (leaf: Leaf) => void) {
  const leaves = wrapLeaves(ast)
  const look = (value: unknown, at: number) => {
    if (isNothing(value)) onNothing(leaves[at]!)
    return value
  }
  return { ...functions, [leafFunction]: look }
}

function parse(text: string, timeLimitMs: number): ReturnType<typeof parseBounded> {
  try {
    return parseBounded(text, timeLimitMs)
  } catch (error) {
    throw syntaxError(text, error)
  }
}

/** Null if only the interpreter can run it. */
function generate(ast: Node, bound: ReadonlySet<string>, functions: ExpressionOptions['functions']): Code | null {
  const isAsync = Object.values(functions).some((run) => run.constructor.name === 'AsyncFunction')
  if (isAsync) return null
  try {
    return createCompiler(functions, bound).compile(ast, true)
  } catch (error) {
    if (isUnsupported(error)) return null
    throw error
  }
}

function compiled(
  text: string,
  code: Code,
  binds: boolean,
  builds: boolean,
  timeLimitMs: number,
): Expression['evaluate'] {
  return (context, scope) => {
    const run: Run = { root: context, scope, timeLimitMs, ticks: 0, deadline: 0, nested: false, builds, instant: 0 }
    const frame: Frame = { run, parent: null, values: binds ? new Map() : null }
    try {
      const value = code(Array.isArray(context) ? wrapped(context) : context, frame)
      if (builds) refuseEndless(value)
      return run.nested ? plainDeep(value) : plain(value)
    } catch (error) {
      throw evaluationError(text, error)
    }
  }
}

/** Whether an expression makes objects, or lists of lists, which may hold one value many times. */
function isBuilder(nodes: readonly Node[]): boolean {
  return nodes.some(
    ({ type, value, group }) =>
      group !== undefined ||
      (type === 'unary' && value !== '-') ||
      (type === 'variable' && builders.has(value as string)),
  )
}

const builders = new Set(['map', 'each', 'zip', 'reduce'])

/** An array as context is one value, not many. */
function wrapped(context: unknown[]): Sequence {
  const sequence = sequenceOf([context])
  sequence.outerWrapper = true
  return sequence
}

function boundNames(nodes: readonly Node[]): ReadonlySet<string> {
  const names = new Set<string>()
  for (const node of nodes) {
    if (node.type === 'bind') names.add((node.lhs as Node).value as string)
    if (node.type === 'lambda') for (const parameter of node.arguments ?? []) names.add(parameter.value as string)
    if (node.focus) names.add(node.focus)
    if (node.index) names.add(node.index)
  }
  return names
}

/** A misspelt function is found when it is compiled, not when a value first reaches it. */
function refuseUnknownFunctions(
  text: string,
  nodes: readonly Node[],
  bound: ReadonlySet<string>,
  functions: ExpressionOptions['functions'],
): void {
  for (const node of nodes) {
    const { type, value, procedure, position } = node
    // Content must not become code; and what it parses escapes every check made here.
    if (type === 'variable' && value === 'eval' && !bound.has('eval') && !Object.hasOwn(functions, 'eval')) {
      throw syntaxError(text, faultOf('T1006', position, { message: '$eval cannot be used' }))
    }
    if (type !== 'function' && type !== 'partial') continue
    const isVariable = procedure?.type === 'variable'
    const name = String(procedure?.type === 'path' ? procedure.steps?.[0]?.value : procedure?.value)
    if (isVariable && !bound.has(name) && Object.hasOwn(functions, name)) prepare(text, functions[name]!, node)
    if (isVariable && (bound.has(name) || Object.hasOwn(functions, name) || isBuiltin(name))) continue
    if (!isVariable && procedure?.type !== 'path') continue
    const known = [...Object.keys(functions), ...builtinNames(), ...bound]
    const near = isVariable ? nearestName(name, known) : null
    const hint = isVariable ? (near === null ? '' : `; did you mean $${near}?`) : ', did you forget the $?'
    const message = `there is no function ${isVariable ? '$' : ''}${name}${hint}`
    throw syntaxError(text, faultOf('T1006', position, { message }))
  }
}

/** A variable that nothing binds gives nothing, for ever. */
function refuseFreeVariables(
  text: string,
  nodes: readonly Node[],
  bound: ReadonlySet<string>,
  names: readonly string[],
  functions: ExpressionOptions['functions'],
): void {
  for (const { type, value, position } of nodes) {
    if (type !== 'variable' || typeof value !== 'string' || value === '' || value === '$') continue
    if (bound.has(value) || names.includes(value) || Object.hasOwn(functions, value) || isBuiltin(value)) continue
    const near =
      nearestName(value, [...names, ...bound]) ?? nearestName(value, [...Object.keys(functions), ...builtinNames()])
    const hint = near === null ? `there is ${names.map((name) => `$${name}`).join(', ')}` : `did you mean $${near}?`
    throw syntaxError(text, faultOf('T1006', position, { message: `there is no variable $${value}; ${hint}` }))
  }
}

/** A transform changes what `$clone` gives it: one of the expression's own would hand out what is not to be changed. */
function refuseOwnClone(text: string, nodes: readonly Node[], bound: ReadonlySet<string>): void {
  const transform = nodes.find(({ type }) => type === 'transform')
  if (transform === undefined || !bound.has('clone')) return
  const message = '$clone cannot be bound in an expression with a transform'
  throw syntaxError(text, faultOf('T1006', transform.position, { message }))
}

function prepare(text: string, called: ExpressionFunction, { arguments: given = [], position }: Node): void {
  try {
    called.prepare?.(given.map(({ type, value }) => (type === 'string' ? String(value) : undefined)))
  } catch (error) {
    throw syntaxError(text, faultOf('T1006', position, { message: messageOf(error) }))
  }
}
