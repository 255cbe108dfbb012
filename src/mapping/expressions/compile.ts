import jsonata from 'jsonata'
import { RelayError } from '../../domain/errors.ts'

/** Names that an expression can use with a `$` in front: `headers`, `query`, `body`, `topic`, `vars`, … */
export type Scope = Readonly<Record<string, unknown>>

/** A JSONata function of ours: plain values in, a plain value out, `undefined` for nothing. */
export type ExpressionFunction = (...values: never[]) => unknown

export interface ExpressionOptions {
  readonly functions: Readonly<Record<string, ExpressionFunction>>
  /** How long one evaluation may run. Milliseconds. */
  readonly timeLimitMs: number
}

/** A JSONata expression, compiled once. */
export interface Expression {
  readonly text: string
  /** False where the JSONata interpreter has to run it. */
  readonly isCompiled: boolean
  /** The value for a context (`$`) and a scope, `undefined` where there is none. A promise only where interpreted. */
  evaluate(context: unknown, scope: Scope): unknown
}

/** Compiles JSONata text. Throws RelayError `invalid` with the position of a syntax error. */
export function compileExpression(text: string, { functions, timeLimitMs }: ExpressionOptions): Expression {
  let program: jsonata.Expression
  try {
    program = jsonata(text, { timeout: timeLimitMs, stack: 500, sequence: 1e6 } as never)
  } catch (error) {
    throw new RelayError('invalid', `expression ${text}`, { cause: error })
  }
  for (const [name, run] of Object.entries(functions)) program.registerFunction(name, run as never)
  return { text, isCompiled: false, evaluate: (context, scope) => program.evaluate(context, scope as never) }
}
