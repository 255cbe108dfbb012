import { Marked, Tokenizer, type TokenizerObject } from 'marked'
import { escapeHtml } from './element.ts'
import type { Format } from './format.ts'

/** Quotes and lists that stand in one another. */
const maxDepth = 50
/** Characters that are looked through for the other ends of marks: so many for each one of a text, and in any text. */
const looksPerCharacter = 50
const looksInAny = 1_000_000

/** What nobody writes but to hold up a reader. */
class TooCostly extends Error {}

let depth = 0
let looksLeft = 0

/** The parser searches the rest of a paragraph for the end of each mark, in a time that hostile text makes quadratic. */
function lookThrough(text: string): void {
  looksLeft -= text.length
  if (looksLeft < 0) throw new TooCostly()
}

function nested<T>(read: () => T): T {
  if (depth === maxDepth) throw new TooCostly()
  depth += 1
  try {
    return read()
  } finally {
    depth -= 1
  }
}

const { blockquote, list } = Tokenizer.prototype

/** The parser's own steps, counted. False leaves a step to the parser. */
const counted: TokenizerObject = {
  blockquote(source) {
    return /^ {0,3}>/.test(source) ? nested(() => blockquote.call(this as Tokenizer, source)) : undefined
  },
  list(source) {
    return nested(() => list.call(this as Tokenizer, source))
  },
  emStrong(source) {
    if (/^[*_]/.test(source)) lookThrough(source)
    return false
  },
  del(source, masked) {
    if (source.startsWith('~')) lookThrough(masked)
    return false
  },
  link(source) {
    if (/^!?\[/.test(source)) lookThrough(source)
    return false
  },
}

const commonmark = new Marked({ gfm: true, async: false, tokenizer: counted })

/** HTML of GitHub flavoured markdown; HTML inside is kept as it is. What is too costly to read becomes one paragraph. */
function htmlOfMarkdown(text: string): string {
  depth = 0
  looksLeft = looksInAny + looksPerCharacter * text.length
  try {
    return commonmark.parse(text) as string
  } catch (error) {
    if (!(error instanceof TooCostly)) throw error
    return `<p>${escapeHtml(text)}</p>\n`
  }
}

/** GitHub flavoured markdown. */
export const markdown: Format = {
  shape: 'text',
  accepts: (value) => typeof value === 'string',
  isAuthored: true,
  render: (value) => htmlOfMarkdown(value as string),
}
