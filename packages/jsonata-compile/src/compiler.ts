import type { Node } from './ast.ts'
import type { Code } from './run.ts'
import type { ExpressionFunction } from './types.ts'

/** Thrown while compiling what only the interpreter can run. */
class Unsupported extends Error {}

export function unsupported(what: string): Error {
  return new Unsupported(what)
}

export function isUnsupported(error: unknown): boolean {
  return error instanceof Unsupported
}

/** What the parts of the compiler share. */
export interface Compiler {
  readonly functions: Readonly<Record<string, ExpressionFunction>>
  /** Names that the expression binds somewhere, with `:=` or as a parameter. */
  readonly bound: ReadonlySet<string>
  /** Whether the name is a function's, unless the scope has a value of that name. */
  isFunction(name: string): boolean
  /** `tail`: nothing in the expression looks at the value again, it is only handed out. */
  compile(node: Node, tail: boolean): Code
  /** Compiles an entry of an array or object: JSONata evaluates these at once, so a bind there has no order. */
  inside<T>(compile: () => T): T
  /** Compiles what has a frame of its own. */
  framed<T>(compile: () => T): T
}
