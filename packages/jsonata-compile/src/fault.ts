import { ExpressionError, messageOf } from './error.ts'
import { PartError } from './whole.ts'

/** What JSONata throws: a plain object. Ours has the same fields, so that both are worded in one place. */
export interface Fault {
  readonly code: string
  position?: number | undefined
  token?: unknown
  readonly value?: unknown
  readonly value2?: unknown
  readonly index?: number
  readonly message?: string
}

/** A fault of a compiled expression, to be thrown. */
export function faultOf(code: string, position: number | undefined, about: Omit<Fault, 'code'> = {}): Fault {
  return { code, position, ...about }
}

/** Why the evaluation of an expression failed, as an Error that names the expression. */
export function evaluationError(text: string, thrown: unknown): ExpressionError {
  if (thrown instanceof PartError) {
    return new ExpressionError(`${thrown.message}, in expression ${shorten(text, 200)}`)
  }
  return new ExpressionError(`expression ${shorten(text, 200)}: ${reasonOf(thrown)}`, { cause: causeOf(thrown) })
}

/** Why an expression does not compile, with the position. */
export function syntaxError(text: string, thrown: unknown): ExpressionError {
  const cause = causeOf(thrown)
  return new ExpressionError(`expression ${shorten(text, 200)} is not valid: ${reasonOf(thrown)}`, {
    cause,
    offset: offsetOf(text, thrown),
  })
}

/** Where what is wrong begins: a position is behind it. */
function offsetOf(text: string, thrown: unknown): number | undefined {
  const { position, token, message = '' } = (thrown ?? {}) as Partial<Fault>
  if (position === undefined) return undefined
  const [, name] = /^there is no (?:function|variable) (\$?\w+)/.exec(message) ?? []
  if (name !== undefined) return Math.max(0, text.lastIndexOf(name, position))
  return Math.max(0, position - (typeof token === 'string' && token !== '(end)' ? token.length : 0))
}

/** JSONata throws plain objects that hold content; only a real Error is kept as the cause. */
function causeOf(thrown: unknown): Error | undefined {
  return thrown instanceof Error ? thrown : undefined
}

function reasonOf(thrown: unknown): string {
  if (thrown instanceof Error) {
    const place = placeOf(thrown as Error & Partial<Fault>)
    return shorten(messageOf(thrown), 160) + place
  }
  if (typeof thrown !== 'object' || thrown === null) return shorten(String(thrown), 80)
  const fault = thrown as Fault
  return wordingOf(fault) + placeOf(fault) + (fault.code ? ` (${fault.code})` : '')
}

function placeOf({ position, token }: Partial<Fault>): string {
  if (position === undefined) return ''
  const at = ` at position ${position}`
  return typeof token === 'string' && token !== '' && token !== '(end)' ? ` near '${shorten(token, 20)}'${at}` : at
}

const wordings: Readonly<Record<string, (fault: Fault) => string>> = {
  D1001: () => 'a number is out of range',
  D1002: ({ value }) => `only a number can be negated, not ${show(value)}`,
  T1003: ({ value }) => `a key of an object must be a string, not ${show(value)}`,
  D1004: () => 'the regular expression matches nothing at all',
  T1006: () => 'what is called is not a function',
  D1009: ({ value }) => `two keys of an object are the same: ${show(value)}`,
  D1011: () => 'too deeply nested, maybe endless recursion',
  D1012: () => 'the time limit is exceeded',
  D1013: ({ value }) => `the key ${show(value)} is reserved`,
  D1014: () => 'a text or a result is too large',
  T2001: ({ value }) => `the left side must be a number, not ${show(value)}`,
  T2002: ({ value }) => `the right side must be a number, not ${show(value)}`,
  T2009: ({ value, value2 }) => `${show(value)} and ${show(value2)} are of different types`,
  T2010: ({ value }) => `only numbers and strings have an order, not ${show(value)}`,
  D2015: () => 'a sequence is too long',
  D3001: () => 'a number that is not finite has no text',
  D3070: () => '$sort without a function takes numbers alone, or texts alone',
  D3030: ({ value }) => `not a number: ${show(value)}`,
  T0410: ({ index, value }) => `argument ${index} has the wrong type: ${show(value)}`,
  T0411: ({ index, value }) => `the context has the wrong type for argument ${index}: ${show(value)}`,
  T0412: ({ index }) => `argument ${index} is an array with entries of the wrong type`,
}

/** What other languages write. */
function curesOf({ code, token }: Fault): string | null {
  if (!/^S02(01|11)$/.test(code) || typeof token !== 'string') return null
  const written: Readonly<Record<string, string>> = {
    '=': 'two values are compared with one =',
    '&': 'write `and` for both of two conditions',
    '|': 'write `or` for one of two conditions',
    '!': 'write `$not(…)` for the opposite',
  }
  return Object.hasOwn(written, token) ? written[token]! : null
}

function wordingOf(fault: Fault): string {
  if (fault.code === 'T1006' && fault.message) return fault.message
  const wording = Object.hasOwn(wordings, fault.code) ? wordings[fault.code] : undefined
  if (wording) return wording(fault)
  const cure = curesOf(fault)
  if (cure !== null) return cure
  const message = fault.message || 'evaluation failed'
  return shorten(message.charAt(0).toLowerCase() + message.slice(1), 160)
}

function show(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'object' && value !== null) return 'an object'
  return typeof value === 'function' ? 'a function' : shorten(JSON.stringify(value) ?? '', 60)
}

function shorten(text: string, limit: number): string {
  return text.length <= limit ? text : `${text.slice(0, limit - 1)}…`
}
