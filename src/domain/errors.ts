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

/** A chain of causes may be endless: one that leads back to itself. */
const causesShown = 8

/** The message of what was thrown, followed by those of its causes: for logs and stored errors. Never throws. */
export function messageOf(thrown: unknown): string {
  const texts: string[] = []
  let error = thrown
  do {
    texts.push(textOf(error))
    error = causeOf(error)
  } while (error !== undefined && texts.length < causesShown)
  return texts.join(': ')
}

/** Where it was thrown, if it says so. Never throws. */
export function stackOf(thrown: unknown): string | undefined {
  const stack = read(() => (thrown instanceof Error ? thrown.stack : undefined))
  return typeof stack === 'string' ? stack : undefined
}

function textOf(thrown: unknown): string {
  const text = read(() => String(thrown instanceof Error ? thrown.message || thrown.name : thrown))
  return text ?? 'something that has no text'
}

function causeOf(thrown: unknown): unknown {
  return read(() => (thrown instanceof Error ? thrown.cause : undefined))
}

/** Code of users may throw anything, also what throws when it is looked at. */
function read<T>(look: () => T): T | undefined {
  try {
    return look()
  } catch {
    return undefined
  }
}
