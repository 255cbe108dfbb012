import { parse } from 'secure-json-parse'
import { RelayError } from '../domain/errors.ts'
import { findJsonMistake } from './json-mistake.ts'

const maxDepth = 200

/**
 * Parses JSON from outside. `__proto__` and `constructor.prototype` are left out. An integer beyond 2^53, a decimal
 * of that size and a number too large for a double become text, so that no digit is lost. Throws RelayError `invalid`
 * for nesting deeper than 200 levels, and for malformed text with line and column but not the text.
 */
export function readJson(text: string): unknown {
  const { exact, mayNamePrototype } = look(text)
  try {
    return mayNamePrototype ? parse(exact, undefined, removing) : JSON.parse(exact)
  } catch {
    const place = findJsonMistake(text)
    throw new RelayError(
      'invalid',
      `body is not valid JSON${place ? `: ${place.what}, line ${place.line}, column ${place.column}` : ''}`,
    )
  }
}

const removing = { protoAction: 'remove', constructorAction: 'remove' } as const

/**
 * One pass over the text, before it is parsed: measures the nesting, puts quotes around numbers that would lose digits,
 * and finds strings that name a prototype, or may with an escape. (A reviver with `context.source` does the same at
 * several times the cost.) A string can stand wherever a number can, so what is malformed stays malformed.
 */
function look(text: string): { readonly exact: string; readonly mayNamePrototype: boolean } {
  let mayNamePrototype = text.includes('\\u')
  let depth = 0
  let done = 0
  let quoted = ''
  for (let at = 0; at < text.length; at++) {
    const char = text.charCodeAt(at)
    if (char === quote) {
      const end = endOfString(text, at)
      if (end - at === 10 || end - at === 12) mayNamePrototype ||= prototypeNames.has(text.slice(at + 1, end))
      at = end
    } else if (char === openBrace || char === openBracket) {
      if (++depth > maxDepth) throw new RelayError('invalid', `body is nested deeper than ${maxDepth} levels`)
    } else if (char === closeBrace || char === closeBracket) depth--
    else if (isDigit(char)) {
      const end = endOfNumber(text, at)
      const start = text.charCodeAt(at - 1) === minus ? at - 1 : at
      if (isLossy(text, start, end) && isValue(text, start, end)) {
        quoted += `${text.slice(done, start)}"${text.slice(start, end)}"`
        done = end
      }
      at = end - 1
    }
  }
  return { exact: done === 0 ? text : quoted + text.slice(done), mayNamePrototype }
}

const prototypeNames = new Set(['__proto__', 'constructor'])

const quote = 0x22
const backslash = 0x5c
const minus = 0x2d
const openBrace = 0x7b
const closeBrace = 0x7d
const openBracket = 0x5b
const closeBracket = 0x5d

function isDigit(char: number): boolean {
  return char >= 0x30 && char <= 0x39
}

/** The position of the quote that ends a string; the end of the text where none does. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1)
  while (end !== -1 && isEscaped(text, end)) end = text.indexOf('"', end + 1)
  return end === -1 ? text.length : end
}

/** Whether an odd number of backslashes stands before. */
function isEscaped(text: string, at: number): boolean {
  let start = at
  while (text.charCodeAt(start - 1) === backslash) start--
  return (at - start) % 2 === 1
}

/** Behind digits, point, exponent and signs. */
function endOfNumber(text: string, start: number): number {
  let end = start
  for (; end < text.length; end++) {
    const char = text.charCodeAt(end)
    const belongs = isDigit(char) || char === 0x2e || char === 0x65 || char === 0x45 || char === 0x2b || char === minus
    if (!belongs) break
  }
  return end
}

const jsonNumber = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/

/** Whether a double cannot hold the number's integer part. Needs 16 digits, or an exponent. */
function isLossy(text: string, start: number, end: number): boolean {
  if (end - start < 4) return false
  const token = text.slice(start, end)
  const hasExponent = /[eE]/.test(token)
  if (!hasExponent && token.length < 16) return false
  if (!jsonNumber.test(token)) return false
  const value = Number(token)
  return hasExponent ? !Number.isFinite(value) : Math.abs(value) > Number.MAX_SAFE_INTEGER
}

/** Whether a value can stand there: never where a string would be a key. */
function isValue(text: string, start: number, end: number): boolean {
  let before = start - 1
  while (isSpace(text.charCodeAt(before))) before--
  let after = end
  while (isSpace(text.charCodeAt(after))) after++
  return (
    (before < 0 || ':,['.includes(text.charAt(before))) && (after >= text.length || ',]}'.includes(text.charAt(after)))
  )
}

function isSpace(char: number): boolean {
  return char === 0x20 || char === 0x0a || char === 0x0d || char === 0x09
}
