import { createRequire } from 'node:module'
import type { compile } from 'html-to-text'

const require = createRequire(import.meta.url)
let convert: ReturnType<typeof compile> | undefined

/** Read when the first HTML comes: a start that has to wait for it is a start that is late. */
function converter(): ReturnType<typeof compile> {
  convert ??= (require('html-to-text') as { compile: typeof compile }).compile(options)
  return convert
}

const options: Parameters<typeof compile>[0] = {
  wordwrap: false,
  selectors: [
    { selector: 'a', options: { ignoreHref: true } },
    { selector: 'img', format: 'skip' },
    { selector: 'script', format: 'skip' },
    { selector: 'style', format: 'skip' },
    { selector: 'template', format: 'skip' },
    { selector: 'noscript', format: 'skip' },
    ...['h1', 'h2', 'h3', 'h4', 'h5', 'h6'].map((selector) => ({
      selector,
      options: { uppercase: false, leadingLineBreaks: 2, trailingLineBreaks: 1 },
    })),
    { selector: 'table', format: 'block', options: { leadingLineBreaks: 2, trailingLineBreaks: 2 } },
    { selector: 'tr', format: 'block', options: { leadingLineBreaks: 1, trailingLineBreaks: 1 } },
    { selector: 'td', format: 'cell' },
    { selector: 'th', format: 'cell' },
  ],
  formatters: {
    cell: (element, walk, builder) => {
      walk(element.children, builder)
      builder.addInline(' ')
    },
  },
}

/**
 * The text of HTML, the same for the same HTML: paragraphs apart by a blank line, list entries with a mark, table cells
 * apart by a space, links as their text, no images, no scripts and styles, white space collapsed.
 */
export function textOfHtml(html: string): string {
  // Without a tag or an entity there is nothing to parse, only white space to collapse.
  if (!html.includes('<') && !html.includes('&')) return collapse(html)
  if (isTooDeep(html)) return collapse(html.replace(/<[^<>]*>/g, ' '))
  const lines = converter()(html).split('\n')
  return lines
    .map((line) => line.trimEnd())
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim()
}

function collapse(text: string): string {
  return text.replace(/[ \t\r\n\f\u200b]+/g, ' ').trim()
}

const maxOpen = 1000
const empty = /^(?:area|base|br|col|embed|hr|img|input|link|meta|source|track|wbr)$/i

/** The parser's time grows with the square of the depth: a few megabytes of `<div>` would take minutes. */
export function isTooDeep(html: string): boolean {
  let open = 0
  for (const [, slash, name] of html.matchAll(/<(\/?)([a-z][a-z0-9-]*)/gi)) {
    if (empty.test(name!)) continue
    open = slash ? Math.max(0, open - 1) : open + 1
    if (open > maxOpen) return true
  }
  return false
}
