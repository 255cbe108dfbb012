import type { Leaf } from './leaves.ts'

/** The values of the names that an expression can use with a `$` in front. */
export type Scope = Readonly<Record<string, unknown>>

/** A JSONata function of ours: plain values in, a plain value out, `undefined` for nothing. */
export type ExpressionFunction = ((...values: never[]) => unknown) & {
  /**
   * Called for each call in an expression that is compiled, with the arguments that are written out as text (undefined
   * for others), to make ready for them. What it throws is a mistake of the expression.
   */
  readonly prepare?: (literals: readonly (string | undefined)[]) => void
}

export interface ExpressionOptions {
  readonly functions: Readonly<Record<string, ExpressionFunction>>
  /** How long one evaluation may run. Milliseconds. */
  readonly timeLimitMs: number
  /** Every part of its text has to be there; what these names of the scope hold may be empty. See `requireParts`. */
  readonly whole?: { readonly mayBeEmpty: readonly string[] }
  /** Whether null is empty in text that `&` puts together. See `leaveNullOut`. */
  readonly nullIsEmpty?: boolean
  /** Is told of each leaf that gives nothing. See `wrapLeaves`. */
  readonly onNothing?: (leaf: Leaf) => void
  /** The names of the scope; any other variable is a mistake. Left out, every name may be in it. */
  readonly names?: readonly string[]
}
