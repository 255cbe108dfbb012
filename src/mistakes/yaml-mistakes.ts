import { type Document, isAlias, isCollection, isPair, isScalar, type Node, visit, type YAMLError } from 'yaml'
import { lineAt, lineNumber, nextLine, shortened } from './text-lines.ts'

/** What is wrong with a text as YAML, where, and the cure. */
export interface YamlMistake {
  readonly offset: number
  readonly length?: number
  readonly message: string
}

/** The first mistake of a text that was parsed; null if there is none. What comes behind it often only follows from it. */
export function findYamlMistake(text: string, document: Document): YamlMistake | null {
  const conflict = /^(<{7} |={7}$|>{7} )/m.exec(text)
  if (document.errors.length > 0 && conflict) {
    return {
      offset: conflict.index,
      length: 7,
      message: 'Git has left a conflict here: decide for one of the two versions',
    }
  }
  const [first] = document.errors
  if (first) return ofError(first, text, document)
  return strangersIn(text, document)
}

/** What parses, and is not what anybody means: unknown tags, aliases of nothing, maps as keys. */
function strangersIn(text: string, document: Document): YamlMistake | null {
  let found: YamlMistake | null = null
  const say = (node: Node, message: string, length = 1) => {
    found = { offset: node.range?.[0] ?? 0, length, message }
    return visit.BREAK
  }
  visit(document, {
    Alias(_key, node) {
      if (node.resolve(document) !== undefined) return undefined
      const { isHidden } = lineAt(text, node.range?.[0] ?? 0)
      const what = isHidden ? 'this alias stands' : `\`*${node.source}\` stands`
      const anchor = isHidden ? 'an anchor' : `the anchor \`&${node.source}\``
      return say(
        node,
        `${what} for what has ${anchor}, and nothing above has it: put text that begins with * in quotes`,
        node.source.length + 1,
      )
    },
    Pair(_key, { key }) {
      if (!isCollection(key)) return undefined
      const isTemplate = text.slice((key.range?.[0] ?? 0) - 1).startsWith('{{')
      if (isTemplate) key.range = [(key.range?.[0] ?? 1) - 1, 0, 0]
      return say(
        key,
        isTemplate
          ? '{{ … }} is the template of another program: write ${NAME} for an environment variable, or put the value in quotes'
          : 'a key must be text: put the value in quotes if it is text',
      )
    },
  })
  if (found !== null) return found
  const [warning] = document.warnings
  if (!warning) return null
  const [tag = '!'] = /^!\S*/.exec(text.slice(warning.pos[0])) ?? []
  return warning.code === 'TAG_RESOLVE_FAILED'
    ? {
        offset: warning.pos[0],
        length: tag.length,
        message: `${lineAt(text, warning.pos[0]).isHidden ? 'this tag' : `the tag \`${tag}\``} is not known: write \${NAME} for an environment variable, and put text that begins with ! in quotes`,
      }
    : { offset: warning.pos[0], message: plain(warning.message) }
}

function ofError(error: YAMLError, text: string, document: Document): YamlMistake {
  const [offset] = error.pos
  const at = (message: string, place = offset, length = 1): YamlMistake => ({ offset: place, length, message })
  const before = text.slice(text.lastIndexOf('\n', offset - 1) + 1, offset)
  const line = lineAt(text, offset)
  if (text.charAt(offset - 1) === '$' && text.charAt(offset) === '{') {
    const [reference = '${NAME}'] = /^\$\{[^}\n]*\}?/.exec(text.slice(offset - 1)) ?? []
    const cure = `put "${reference}" in quotes within { } and [ ]: YAML takes its braces for a map`
    return at(cure, offset - 1, reference.length)
  }
  switch (error.code) {
    case 'TAB_AS_INDENT':
      return at('a tab indents this line, and YAML takes spaces only: put spaces in its place')
    case 'MULTIPLE_DOCS':
      return at('a second document begins here, and one is read: take the line with --- or ... away', offset, 3)
    case 'DUPLICATE_KEY':
      return duplicate(text, document, offset)
    case 'BAD_SCALAR_START':
      return at(`a value cannot begin with ${text.charAt(offset)}: put it in quotes`)
    case 'BAD_ALIAS':
      return at(
        `a value cannot begin with ${text.charAt(offset)} as text: put it in quotes${line.cited}`,
        offset,
        line.length,
      )
    case 'BAD_DQ_ESCAPE':
      return at(
        `\`${text.slice(offset, offset + 2)}\` is no escape within double quotes: use single quotes, or write \\\\ for a backslash`,
        offset,
        2,
      )
    case 'BLOCK_IN_FLOW':
      return at('a comma is missing in front of the next key within { }')
    case 'BLOCK_AS_IMPLICIT_KEY':
      return nested(text, offset)
    case 'MULTILINE_IMPLICIT_KEY':
      return withoutColon(text, offset)
    case 'BAD_INDENT':
      return /^Flow/.test(error.message) ? unclosed(text, document, offset) : indentation(text, offset)
    case 'MISSING_CHAR':
      if (/quote$/.test(error.message)) return unclosedQuote(text, document, offset)
      if (/directives/.test(error.message))
        return at('a line cannot begin with %: put it in quotes', text.search(/^%/m))
      if (/^(Flow|Expected.*(\]|\}))/.test(error.message)) return unclosed(text, document, offset)
      if (/between flow/.test(error.message)) return at('a comma is missing in front of this')
      return withoutColon(text, offset)
    case 'UNEXPECTED_TOKEN':
      return unexpected(error, text, document, before)
    default:
      return at(plain(error.message))
  }
}

function unexpected(
  { pos: [offset], message }: YAMLError,
  text: string,
  document: Document,
  before: string,
): YamlMistake {
  const at = (cure: string, place = offset, length = 1): YamlMistake => ({ offset: place, length, message: cure })
  const star = /(?::|-)\s+(\*.*)$/.exec(lineAt(text, offset).text)
  if (/alias at node end/.test(message) && star?.[1] !== undefined) {
    const start = text.indexOf(star[1], text.lastIndexOf('\n', offset - 1) + 1)
    const { cited, length } = lineAt(text, start)
    return at(`a value cannot begin with * as text: put it in quotes${cited}`, start, length)
  }
  if (/block-seq-ind on same line/.test(message)) {
    return at('a list begins in the line below its key, or is written in brackets: [a, b]')
  }
  if (/Block scalar header|Not a YAML token/.test(message)) {
    return at(
      'text of several lines begins in the line below | or >: put a value that begins with one of them in quotes',
    )
  }
  if (/(flow-(map|seq)-end)/.test(message))
    return at(`this \`${text.charAt(offset)}\` closes nothing: take it away, or put the value in quotes`)
  if (/Unexpected , in flow/.test(message)) return at('nothing stands between two commas: take one away')
  const quoted = quotedBefore(text, document, offset)
  if (quoted !== null) {
    const [start, end] = quoted
    if (text.slice(start, end).includes('\n'))
      return at(`the quote that begins here is not closed in its line: close it with ${text.charAt(start)}`, start)
    if (text.charAt(start) === "'")
      return at("the quote ends before this: write '' for a quote within single quotes, or use double quotes")
    return at('the quote ends before this: put all of the value in quotes')
  }
  if (/at node end/.test(message))
    return at('the value ends before this: put all of it in quotes, or a comma between two values', offset)
  const open = /[[{][^\]}]*$/.test(before) ? ', or put a value with one of , [ ] { } in quotes' : ''
  return at(`this is not expected here: a comma or a line break may be missing${open}`)
}

function duplicate(text: string, document: Document, offset: number): YamlMistake {
  const key = /^(?:"[^"\n]*"|'[^'\n]*'|[^:\s,}]+)/.exec(text.slice(offset))?.[0] ?? ''
  let first = -1
  visit(document, {
    Map(_key, { items }) {
      const starts = items.flatMap(({ key: one }) =>
        isScalar(one) && one.range ? [[one.range[0], String(one.value)] as const] : [],
      )
      const own = starts.find(([start]) => start === offset)
      if (own) first = starts.find(([, name]) => name === own[1])?.[0] ?? -1
      return own ? visit.BREAK : undefined
    },
  })
  const where = first === -1 ? '' : ` in line ${lineNumber(text, first)}`
  return { offset, length: key.length, message: `the key ${key} is there already${where}: keep one of the two` }
}

/** `a: b: c`, or a line that is deeper than the one above allows. */
function nested(text: string, offset: number): YamlMistake {
  const rest = lineAt(text, offset).text.slice(offset - text.lastIndexOf('\n', offset - 1) - 1)
  const colon = rest.search(/:(\s|$)/)
  if (colon !== -1) {
    const value = rest.replace(/\s+#.*$/, '').trim()
    const { cited } = lineAt(text, offset)
    return { offset, length: value.length, message: `a value with a colon and a space in it needs quotes${cited}` }
  }
  if (rest.trimStart().startsWith('- ')) return indentation(text, offset)
  const next = nextLine(text, offset)
  return {
    offset: next.start,
    length: next.length,
    message:
      'this line is indented deeper than the one above, which has a value already: begin both in the same column',
  }
}

/** A line in a map that is no `key: value`. */
function withoutColon(text: string, offset: number): YamlMistake {
  const { text: line, start } = lineAt(text, offset)
  const content = line.trim()
  const place = { offset: start + line.indexOf(content), length: Math.max(1, content.length) }
  if (line.includes('\u00a0')) {
    return {
      offset: start + line.indexOf('\u00a0'),
      message: 'this is a no-break space, as word processors write: type a plain space',
    }
  }
  if (lineAt(text, place.offset).isHidden) return { ...place, message: withColon }
  const noSpace = /^([\w.-]+):(?=[^\s/])/.exec(content)
  if (noSpace)
    return {
      ...place,
      message: `a space is missing behind the colon: ${noSpace[1]}: …`,
    }
  const equals = /^([\w.-]+)\s*=/.exec(content)
  if (equals) return { ...place, message: `a key and its value are written with a colon here: ${equals[1]}: …` }
  if (content.startsWith('-'))
    return {
      ...place,
      message:
        'an entry of a list stands among keys: a dash needs a space behind it, and a list a key of its own above it',
    }
  const word = shortened(content.replace(/\s+#.*$/, ''))
  return {
    ...place,
    message: /^[\w.-]+$/.test(word) ? withColon.replace('key: value', `${word}: …`) : withColon,
  }
}

const withColon = 'a key needs a colon and a space behind it: key: value'

function indentation(text: string, offset: number): YamlMistake {
  const { text: line, start } = lineAt(text, offset)
  const indent = line.length - line.trimStart().length
  const what = `this line is indented by ${indent} ${indent === 1 ? 'space' : 'spaces'}, and no line above it begins there: begin it in the column of those that it belongs to`
  return { offset: start + indent, length: Math.max(1, line.trim().length), message: what }
}

function unclosed(text: string, document: Document, offset: number): YamlMistake {
  let open: number | null = null
  visit(document, {
    Collection(_key, node) {
      const start = node.range?.[0]
      if (node.flow && start !== undefined && start < offset && !/[\]}]$/.test(text.slice(start, node.range?.[1])))
        open = start
    },
  })
  const place = open ?? lastOpen(text, offset)
  const sign = text.charAt(place)
  return {
    offset: place,
    message: `the \`${sign}\` that begins here is not closed: a \`${sign === '[' ? ']' : '}'}\` is missing`,
  }
}

function lastOpen(text: string, offset: number): number {
  return Math.max(text.lastIndexOf('[', offset), text.lastIndexOf('{', offset), 0)
}

function unclosedQuote(text: string, document: Document, offset: number): YamlMistake {
  let start = -1
  visit(document, (_key, node) => {
    const one = isPair(node) || !node || isAlias(node as Node) ? null : (node as Node)
    if (isScalar(one) && /^QUOTE/.test(String(one.type)) && (one.range?.[0] ?? -1) > start) start = one.range?.[0] ?? -1
  })
  const place = start === -1 ? Math.max(0, offset - 1) : start
  return {
    offset: place,
    message: `the quote that begins here is not closed: another ${text.charAt(place)} is missing`,
  }
}

/** The quoted text that ends in front of a place. */
function quotedBefore(text: string, document: Document, offset: number): readonly [number, number] | null {
  let found: readonly [number, number] | null = null
  visit(document, {
    Scalar(_key, { type, range }) {
      if (/^QUOTE/.test(String(type)) && range && range[1] <= offset && text.slice(range[1], offset).trim() === '')
        found = [range[0], range[1]]
    },
  })
  return found
}

function plain(message: string): string {
  return `is not valid YAML: ${message.charAt(0).toLowerCase()}${(message.split('\n')[0] ?? '').slice(1)}`
}
