import { type ErrorCode, messageOf, RelayError } from '../../domain/errors.ts'
import { explainAccess } from './file.ts'

// https://www.sqlite.org/rescode.html: what the machine does to us, not what a caller asked for wrongly.
const unavailable = new Map([
  [5, 'busy'],
  [6, 'locked'],
  [7, 'out of memory'],
  [8, 'read-only'],
  [10, 'input/output error'],
  [11, 'damaged'],
  [13, 'full'],
  [14, 'not to be opened'],
  [26, 'not a database'],
])
/** States whose cause may be that the files belong to somebody else. */
const denied = new Set([8, 14])
const invalid = new Set([18, 19, 20, 25]) // too big, constraint, mismatch, range

/** The same, if a file beside the database is looked at without SQLite. */
const deniedByFiles = new Set(['EACCES', 'ENOENT', 'EPERM', 'EROFS'])

const retryAfterMs = 2_000

/** What a failure inside SQLite means to a caller: `unavailable` or `invalid`, naming the file; a bug stays what it is. */
export function relayErrorOf(error: unknown, path: string): unknown {
  if (!isSqliteError(error)) return misuseOf(error, path)
  const code = error.errcode & 0xff
  const state = unavailable.get(code)
  const text = (denied.has(code) && path !== ':memory:' && explainAccess(path)) || messageOf(error)
  if (state)
    return new RelayError('unavailable', `database ${path} is ${state}: ${text}`, { retryAfterMs, cause: error })
  return invalid.has(code) ? new RelayError('invalid', text, { cause: error }) : error
}

function isSqliteError(error: unknown): error is Error & { readonly errcode: number } {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number'
}

// What is refused before SQLite sees it: a value of no SQL type, a database that was closed, a file that is another user's.
function misuseOf(error: unknown, path: string): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : null
  if (code === 'ERR_INVALID_ARG_TYPE') return new RelayError('invalid', messageOf(error), { cause: error })
  if (typeof code === 'string' && deniedByFiles.has(code)) {
    const text = explainAccess(path) ?? messageOf(error)
    return new RelayError('unavailable', `database ${path} is not to be opened: ${text}`, {
      retryAfterMs,
      cause: error,
    })
  }
  if (code === 'ERR_INVALID_STATE') return new RelayError('unavailable', `database ${path} is closed`, { cause: error })
  return error
}

/** Whether SQLite found that the file is not a database, or not a whole one. */
export function isDamage(error: unknown): boolean {
  return isSqliteError(error) && ((error.errcode & 0xff) === 11 || error.errcode === 26)
}

/** An error as plain data: what crosses from one thread to another. */
export interface WireError {
  readonly code: ErrorCode | null
  readonly message: string
  readonly retryAfterMs: number | undefined
  readonly stack: string | undefined
}

export function wireErrorOf(error: unknown): WireError {
  const code = error instanceof RelayError ? error.code : null
  const after = error instanceof RelayError ? error.retryAfterMs : undefined
  const stack = error instanceof Error ? error.stack : undefined
  return { code, message: error instanceof Error ? error.message : String(error), retryAfterMs: after, stack }
}

export function errorOfWire({ code, message, retryAfterMs: after, stack }: WireError): Error {
  if (code !== null) return new RelayError(code, message, after === undefined ? {} : { retryAfterMs: after })
  const error = new Error(message)
  if (stack) error.stack = stack
  return error
}
