import { parse } from 'secure-json-parse'
import { RelayError } from '../domain/errors.ts'
import { scanJson, type WellFormed } from './scan.ts'

/**
 * Parses JSON from outside. `__proto__` and `constructor.prototype` are left out. An integer beyond 2^53, a decimal
 * of that size and a number too large for a double become text, so that no digit is lost. Throws RelayError `invalid`
 * for nesting deeper than 200 levels, for very many lists and objects in few bytes, and for malformed text with line and column but not the text.
 */
export function readJson(text: string): unknown {
  return parseJson(checkJson(Buffer.from(text)))
}

/** The same in two steps: finding mistakes costs a fraction of making the values. Throws as `readJson` does. */
export function checkJson(bytes: Buffer): WellFormed {
  const scanned = scanJson(bytes)
  if (!('mistake' in scanned)) return scanned
  const { what, line, column } = scanned.mistake
  throw new RelayError('invalid', bounds[what] ?? `body is not valid JSON: ${what}, line ${line}, column ${column}`)
}

const bounds: Readonly<Record<string, string>> = {
  'too deep': 'body is nested deeper than 200 levels',
  'too many': 'body holds more than 65,536 lists and objects, in less than 16 bytes each',
}

export function parseJson({ bytes, quoted, done, mayNamePrototype }: WellFormed): unknown {
  const exact = quoted + bytes.toString('utf8', done)
  return mayNamePrototype ? parse(exact, undefined, removing) : JSON.parse(exact)
}

const removing = { protoAction: 'remove', constructorAction: 'remove' } as const
