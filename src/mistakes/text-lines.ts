import { secretSpansIn } from './secret-names.ts'

/** The line that a place of a text is in. */
export interface Line {
  readonly text: string
  readonly start: number
  /** How long the value is that begins at the place. */
  readonly length: number
  /** The value in quotes, as a message ends with it; nothing if it may be a secret. */
  readonly cited: string
  /** Whether what begins at the place may be a secret. */
  readonly isHidden: boolean
}

/** The line at a place. */
export function lineAt(text: string, offset: number): Line {
  const start = text.lastIndexOf('\n', offset - 1) + 1
  const newline = text.indexOf('\n', offset)
  const end = newline === -1 ? text.length : newline
  const line = text.slice(start, end).replace(/\r$/, '')
  const value = line
    .slice(offset - start)
    .replace(/\s+#.*$/, '')
    .trim()
  const spans = secretSpansIn(text, { start, end })
  const isHidden = spans.some((span) => span.start <= offset && span.end > offset)
  return {
    text: line,
    start,
    length: value.length,
    isHidden,
    cited: spans.some((span) => span.end > offset) ? '' : `: ${inQuotes(shortened(value))}`,
  }
}

/** In the quotes of YAML that take the text as it is. */
function inQuotes(text: string): string {
  return /["\\]/.test(text) ? `'${text.replaceAll("'", "''")}'` : `"${text}"`
}

/** The next line below that says something. */
export function nextLine(text: string, offset: number): { readonly start: number; readonly length: number } {
  let start = text.indexOf('\n', offset) + 1
  while (start > 0 && /^\s*(#.*)?$/.test(lineAt(text, start).text) && text.indexOf('\n', start) !== -1)
    start = text.indexOf('\n', start) + 1
  const { text: line } = lineAt(text, start)
  const indent = line.length - line.trimStart().length
  return { start: start + indent, length: Math.max(1, line.trim().length) }
}

/** From 1. */
export function lineNumber(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length
}

/** As much of a text as a message can take. */
export function shortened(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}
