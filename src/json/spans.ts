import { RelayError } from '../domain/errors.ts'

// Finds where values stand in JSON text, so that they can be moved about without being serialised again. Works on bytes:
// no structural character of JSON occurs inside a multi-byte UTF-8 sequence. The text is taken to be valid JSON.

/** Where a value stands: from `start` up to, not including, `end`. */
export interface Span {
  readonly start: number
  readonly end: number
}

const quote = 0x22
const comma = 0x2c
const backslash = 0x5c
const openings = new Set([0x5b, 0x7b])
const closings = new Set([0x5d, 0x7d])
const whiteSpace = new Set([0x20, 0x09, 0x0a, 0x0d])

/** The members of the object that the text is, in order; each value's end is looked for only when the next is asked for. */
export function* membersOf(json: Buffer): Generator<{ readonly key: string; readonly start: number }> {
  let at = skipSpace(json, skipSpace(json, 0) + 1)
  while (json[at] === quote) {
    const keyEnd = endOfString(json, at)
    const start = skipSpace(json, skipSpace(json, keyEnd) + 1)
    yield { key: JSON.parse(json.toString('utf8', at, keyEnd)), start }
    at = skipSpace(json, endOfValue(json, start))
    if (json[at] === comma) at = skipSpace(json, at + 1)
  }
}

/** The elements of the array that starts at `start`, in order. */
export function elementsOf(json: Buffer, start: number): readonly Span[] {
  const spans: Span[] = []
  let at = skipSpace(json, start + 1)
  while (!closings.has(byteAt(json, at))) {
    const end = endOfValue(json, at)
    spans.push({ start: at, end })
    at = skipSpace(json, end)
    if (json[at] === comma) at = skipSpace(json, at + 1)
  }
  return spans
}

/** Where the value that starts at `start` is over. */
export function endOfValue(json: Buffer, start: number): number {
  let at = start
  let depth = 0
  do {
    const byte = byteAt(json, at)
    if (byte === quote) at = endOfString(json, at)
    else if (openings.has(byte)) [depth, at] = [depth + 1, at + 1]
    else if (closings.has(byte)) [depth, at] = [depth - 1, at + 1]
    else if (depth > 0) at += 1
    else return endOfWord(json, at)
  } while (depth > 0)
  return at
}

function endOfString(json: Buffer, start: number): number {
  let end = start
  let escapes: number
  do {
    end = json.indexOf(quote, end + 1)
    if (end < 0) throw cutOff()
    escapes = 0
    while (json[end - 1 - escapes] === backslash) escapes += 1
  } while (escapes % 2 === 1)
  return end + 1
}

function endOfWord(json: Buffer, start: number): number {
  let at = start
  while (at < json.length && json[at] !== comma && !closings.has(json[at]!) && !whiteSpace.has(json[at]!)) at += 1
  if (at === start) throw cutOff()
  return at
}

function skipSpace(json: Buffer, start: number): number {
  let at = start
  while (at < json.length && whiteSpace.has(json[at]!)) at += 1
  return at
}

function byteAt(json: Buffer, at: number): number {
  const byte = json[at]
  if (byte === undefined) throw cutOff()
  return byte
}

function cutOff(): RelayError {
  return new RelayError('invalid', 'JSON text is cut off')
}
