export type ErrorCode =
  | 'invalid'
  | 'unauthorized'
  | 'not_found'
  | 'conflict'
  | 'too_large'
  | 'unsupported'
  | 'rate_limited'
  | 'unavailable'
  | 'overloaded'

export interface RelayErrorOptions extends ErrorOptions {
  /** What and where, for machines: goes into the `details` of an error answer. Holds no secrets and no bodies. */
  readonly details?: Readonly<Record<string, unknown>>
  /** When trying again makes sense, in milliseconds: becomes `Retry-After`. */
  readonly retryAfterMs?: number
}

/** An expected failure with a stable code. Anything else that is thrown is a bug. */
export class RelayError extends Error {
  override readonly name = 'RelayError'
  readonly code: ErrorCode
  readonly details: Readonly<Record<string, unknown>>
  readonly retryAfterMs: number | undefined

  constructor(code: ErrorCode, message: string, options: RelayErrorOptions = {}) {
    super(message, options)
    this.code = code
    this.details = options.details ?? {}
    this.retryAfterMs = options.retryAfterMs
  }
}

/** The message of whatever was thrown, followed by those of its causes: for logs and stored errors. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const text = error.message || error.name
  return error.cause === undefined ? text : `${text}: ${messageOf(error.cause)}`
}
