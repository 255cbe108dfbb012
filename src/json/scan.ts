/** JSON that `JSON.parse` accepts. */
export interface WellFormed {
  readonly bytes: Buffer
  /** The text up to byte `done`, with quotes around numbers that would lose digits; empty if there is none. */
  readonly quoted: string
  readonly done: number
  /** Whether some string names a prototype, or may with an escape. */
  readonly mayNamePrototype: boolean
}

/** Where JSON is malformed and how, in words that hold nothing of the text. V8's own message quotes it. */
export interface JsonMistake {
  readonly what: string
  readonly line: number
  readonly column: number
}

const maxDepth = 200
/** So many lists and objects are read of any JSON; more only if each has 16 bytes, since an empty one costs thirty times its two. */
const freeContainers = 65_536
const bytesEach = 16

/**
 * One pass over JSON (RFC 8259) in UTF-8 that makes no values: finds the first mistake, or what to mind when it is parsed. A
 * level beyond the 200th is the mistake `too deep`, very many lists and objects in few bytes `too many`. Bytes that are not UTF-8 count as characters: whoever makes text of them
 * replaces them.
 */
export function scanJson(bytes: Buffer): WellFormed | { readonly mistake: JsonMistake } {
  const scan = new Scan(bytes)
  const what = scan.findMistake()
  return what === null ? scan : { mistake: { what, ...placeOf(bytes, scan.at) } }
}

/** A class, so that the engine knows the shape of what it counts with: this is done for every byte that comes in. */
class Scan implements WellFormed {
  readonly bytes: Buffer
  at = 0
  quoted = ''
  done = 0
  mayNamePrototype = false

  constructor(bytes: Buffer) {
    this.bytes = bytes
  }

  /** What is wrong at `at`; null if nothing is. */
  findMistake(): string | null {
    const { bytes } = this
    const inObject: boolean[] = []
    let depth = 0
    let room = Math.max(freeContainers, bytes.length / bytesEach)
    for (;;) {
      this.skipSpace()
      const start = bytes[this.at]
      if (start === openBrace || start === openBracket) {
        if (depth === maxDepth) return 'too deep'
        if (--room < 0) return 'too many'
        const isObject = start === openBrace
        inObject[depth++] = isObject
        this.at++
        this.skipSpace()
        const next = bytes[this.at]
        if (next === (isObject ? closeBrace : closeBracket)) {
          this.at++
          depth--
        } else {
          const wrong = isObject ? this.name('name or }') : beginsValue(next) ? null : this.unexpected('value or ]')
          if (wrong !== null) return wrong
          continue
        }
      } else {
        const wrong = start === quote ? this.string() : this.scalar(start)
        if (wrong !== null) return wrong
      }
      for (;;) {
        this.skipSpace()
        if (depth === 0) return this.at < bytes.length ? 'expected end' : null
        const isObject = inObject[depth - 1]!
        const char = bytes[this.at]
        if (char === comma) {
          this.at++
          if (!isObject) break
          this.skipSpace()
          const wrong = this.name('name')
          if (wrong !== null) return wrong
          break
        }
        if (char !== (isObject ? closeBrace : closeBracket)) return this.unexpected(isObject ? ', or }' : ', or ]')
        this.at++
        depth--
      }
    }
  }

  skipSpace(): void {
    const { bytes } = this
    let { at } = this
    while (at < bytes.length && isSpace(bytes[at]!)) at++
    this.at = at
  }

  unexpected(expected: string): string {
    return this.at >= this.bytes.length ? 'unexpected end' : `expected ${expected}`
  }

  /** A name and its colon. */
  name(expected: string): string | null {
    if (this.bytes[this.at] !== quote) return this.unexpected(expected)
    const wrong = this.string()
    if (wrong !== null) return wrong
    this.skipSpace()
    if (this.bytes[this.at] !== colon) return this.unexpected(':')
    this.at++
    return null
  }

  string(): string | null {
    const { bytes } = this
    const { length } = bytes
    const start = this.at + 1
    let at = start
    for (;;) {
      // Four at a time: a turn of a loop costs as much as a look at a byte.
      while (at + 3 < length && arePlain(bytes[at]!, bytes[at + 1]!, bytes[at + 2]!, bytes[at + 3]!)) at += 4
      while (at < length && isPlain(bytes[at]!)) at++
      const char = at < length ? bytes[at] : undefined
      if (char === quote) break
      const size = char === backslash ? sizeOfEscape(bytes, at) : 0
      if (size === 0) return this.badString(at, char)
      if (size === 6) this.mayNamePrototype = true
      at += size
    }
    if (at - start === 9) this.mayNamePrototype ||= stands(bytes, start, protoName)
    else if (at - start === 11) this.mayNamePrototype ||= stands(bytes, start, constructorName)
    this.at = at + 1
    return null
  }

  badString(at: number, char: number | undefined): string {
    this.at = at
    if (char === undefined) return 'unexpected end in a string'
    return char === backslash ? 'bad escape in a string' : 'control character in a string'
  }

  scalar(char: number | undefined): string | null {
    if (char === minus || isDigit(char)) return this.number()
    const word = char === letterT ? trueWord : char === letterF ? falseWord : char === letterN ? nullWord : null
    if (word === null || !stands(this.bytes, this.at, word)) return this.unexpected('value')
    this.at += word.length
    return null
  }

  number(): string | null {
    const { bytes, at: start } = this
    const first = bytes[start] === minus ? start + 1 : start
    let end = digitsFrom(bytes, first)
    if (end === first) return this.unexpected('value')
    if (bytes[first] === zero) end = first + 1
    if (bytes[end] === point) {
      const fraction = digitsFrom(bytes, end + 1)
      if (fraction > end + 1) end = fraction
    }
    let hasExponent = false
    const mark = bytes[end]
    if (mark === letterE || mark === letterBigE) {
      const sign = bytes[end + 1]
      const from = sign === plus || sign === minus ? end + 2 : end + 1
      const exponent = digitsFrom(bytes, from)
      hasExponent = exponent > from
      if (hasExponent) end = exponent
    }
    if ((hasExponent || end - start >= 16) && isLossy(bytes.toString('latin1', start, end), hasExponent)) {
      this.quoted += `${bytes.toString('utf8', this.done, start)}"${bytes.toString('latin1', start, end)}"`
      this.done = end
    }
    this.at = end
    return null
  }
}

function placeOf(bytes: Buffer, at: number): { readonly line: number; readonly column: number } {
  const before = bytes.toString('utf8', 0, at)
  let line = 1
  for (let newline = before.indexOf('\n'); newline !== -1; newline = before.indexOf('\n', newline + 1)) line++
  return { line, column: before.length - before.lastIndexOf('\n') }
}

const quote = 0x22
const plus = 0x2b
const comma = 0x2c
const minus = 0x2d
const point = 0x2e
const zero = 0x30
const colon = 0x3a
const letterBigE = 0x45
const openBracket = 0x5b
const backslash = 0x5c
const closeBracket = 0x5d
const letterE = 0x65
const letterF = 0x66
const letterN = 0x6e
const letterT = 0x74
const letterU = 0x75
const openBrace = 0x7b
const closeBrace = 0x7d

/** Whether a string may hold the byte as it is. */
function isPlain(char: number): boolean {
  return char >= 0x20 && char !== quote && char !== backslash
}

function arePlain(a: number, b: number, c: number, d: number): boolean {
  return isPlain(a) && isPlain(b) && isPlain(c) && isPlain(d)
}

function isSpace(char: number): boolean {
  return char <= 0x20 && (char === 0x20 || char === 0x0a || char === 0x0d || char === 0x09)
}

const protoName = Buffer.from('__proto__')
const constructorName = Buffer.from('constructor')
const trueWord = Buffer.from('true')
const falseWord = Buffer.from('false')
const nullWord = Buffer.from('null')

function stands(bytes: Buffer, at: number, word: Buffer): boolean {
  for (let index = 0; index < word.length; index++) if (bytes[at + index] !== word[index]) return false
  return true
}

function beginsValue(char: number | undefined): boolean {
  if (char === quote || char === openBrace || char === openBracket || char === minus || isDigit(char)) return true
  return char === letterT || char === letterF || char === letterN
}

function isDigit(char: number | undefined): boolean {
  return char! >= 0x30 && char! <= 0x39
}

/** Behind the digits that begin there. */
function digitsFrom(bytes: Buffer, start: number): number {
  let end = start
  while (end < bytes.length && isDigit(bytes[end])) end++
  return end
}

const simpleEscapes = new Uint8Array(256)
for (const char of '"\\/bfnrt') simpleEscapes[char.charCodeAt(0)] = 1
const hexDigits = /^[0-9a-fA-F]{4}$/

/** Bytes of the escape that begins there; 0 if it is none. */
function sizeOfEscape(bytes: Buffer, at: number): number {
  const char = bytes[at + 1]
  if (char === letterU) return hexDigits.test(bytes.toString('latin1', at + 2, at + 6)) ? 6 : 0
  return char !== undefined && simpleEscapes[char] === 1 ? 2 : 0
}

/** Whether a double cannot hold the number's integer part. */
function isLossy(number: string, hasExponent: boolean): boolean {
  const value = Number(number)
  return hasExponent ? !Number.isFinite(value) : Math.abs(value) > Number.MAX_SAFE_INTEGER
}
