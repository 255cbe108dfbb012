/** Where JSON is malformed and how, in words that hold nothing of the text. */
export interface JsonMistake {
  readonly what: string
  readonly line: number
  readonly column: number
}

type Expecting = 'value' | 'value or ]' | 'name' | 'name or }' | ':' | ', or ]' | ', or }' | 'end'

/** V8's own message quotes the text and often names no position; this finds it. Null where nothing is wrong. */
export function findJsonMistake(text: string): JsonMistake | null {
  const open: ('[' | '{')[] = []
  let expecting: Expecting = 'value'
  const afterValue = (): Expecting => {
    const inside = open.at(-1)
    return inside === undefined ? 'end' : inside === '[' ? ', or ]' : ', or }'
  }
  let at = 0
  for (;;) {
    at = skip(space, text, at)
    const char = text.charAt(at)
    if (char === '') return expecting === 'end' ? null : mistake(text, at, 'unexpected end')
    if (char === '"') {
      const end = endOfString(text, at)
      if (typeof end !== 'number') return mistake(text, end.at, end.what)
      if (expecting === 'name' || expecting === 'name or }') expecting = ':'
      else if (expecting === 'value' || expecting === 'value or ]') expecting = afterValue()
      else return mistake(text, at, `expected ${expecting}`)
      at = end
    } else if (char === ':' && expecting === ':') {
      expecting = 'value'
      at++
    } else if (char === ',' && (expecting === ', or ]' || expecting === ', or }')) {
      expecting = expecting === ', or ]' ? 'value' : 'name'
      at++
    } else if ((char === ']' && expecting.endsWith('or ]')) || (char === '}' && expecting.endsWith('or }'))) {
      open.pop()
      expecting = afterValue()
      at++
    } else if ((char === '[' || char === '{') && expecting.startsWith('value')) {
      open.push(char)
      expecting = char === '[' ? 'value or ]' : 'name or }'
      at++
    } else {
      const end = skip(scalar, text, at)
      if (end === at || !expecting.startsWith('value')) return mistake(text, at, `expected ${expecting}`)
      expecting = afterValue()
      at = end
    }
  }
}

const space = /[ \t\r\n]*/y
const scalar = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)/y

function skip(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from
  return pattern.test(text) ? pattern.lastIndex : from
}

const escapes = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y

/** Behind the quote that ends the string. */
function endOfString(text: string, start: number): number | { readonly at: number; readonly what: string } {
  let at = start + 1
  while (at < text.length) {
    const char = text.charCodeAt(at)
    if (char === 0x22) return at + 1
    if (char < 0x20) return { at, what: 'control character in a string' }
    if (char !== 0x5c) at++
    else {
      const end = skip(escapes, text, at)
      if (end === at) return { at, what: 'bad escape in a string' }
      at = end
    }
  }
  return { at, what: 'unexpected end in a string' }
}

function mistake(text: string, at: number, what: string): JsonMistake {
  const before = text.slice(0, at)
  const lineStart = before.lastIndexOf('\n') + 1
  let line = 1
  for (let newline = before.indexOf('\n'); newline !== -1; newline = before.indexOf('\n', newline + 1)) line++
  return { what, line, column: at - lineStart + 1 }
}
