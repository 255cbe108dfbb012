/** An expression that can't be compiled or evaluated: the message names it, and where it is wrong. */
export class ExpressionError extends Error {
  override readonly name = 'ExpressionError'
  /** Where in the text it is wrong, in characters; undefined if that is not known. */
  readonly offset: number | undefined

  constructor(message: string, { offset, ...options }: ErrorOptions & { readonly offset?: number | undefined } = {}) {
    super(message, options)
    this.offset = offset
  }
}

/** The message of what a function has thrown, with that of its cause. */
export function messageOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown)
  const message = thrown.message || thrown.name
  return thrown.cause instanceof Error ? `${message}: ${messageOf(thrown.cause)}` : message
}
