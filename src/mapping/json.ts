import { parse } from 'secure-json-parse'
import { RelayError } from '../domain/errors.ts'
import { scanJson, type WellFormed } from './json-scan.ts'

/**
 * Parses JSON from outside. `__proto__` and `constructor.prototype` are left out. An integer beyond 2^53, a decimal
 * of that size and a number too large for a double become text, so that no digit is lost. Throws RelayError `invalid`
 * for nesting deeper than 200 levels, and for malformed text with line and column but not the text.
 */
export function readJson(text: string): unknown {
  return parseJson(checkJson(Buffer.from(text)))
}

/** The same in two steps: to find mistakes takes a fraction of what it takes to make the values. Throws as `readJson` does. */
export function checkJson(bytes: Buffer): WellFormed {
  const scanned = scanJson(bytes)
  if (!('mistake' in scanned)) return scanned
  const { what, line, column } = scanned.mistake
  throw new RelayError(
    'invalid',
    what === 'too deep'
      ? 'body is nested deeper than 200 levels'
      : `body is not valid JSON: ${what}, line ${line}, column ${column}`,
  )
}

export function parseJson({ bytes, quoted, done, mayNamePrototype }: WellFormed): unknown {
  const exact = quoted + bytes.toString('utf8', done)
  return mayNamePrototype ? parse(exact, undefined, removing) : JSON.parse(exact)
}

const removing = { protoAction: 'remove', constructorAction: 'remove' } as const
