import { styleText } from 'node:util'
import { escapeText } from '../../domain/printable.ts'
import { type Excerpt, type Issue, issueText } from '../../mistakes/issue.ts'

/** More are no help at once: the first ones are mended first. */
const shownAt = { terminal: 25, file: 200 }

/** Mistakes as text: at a terminal each with its line, elsewhere one a line, as editors and CI read them. */
export function mistakesText(issues: readonly Issue[], stream: NodeJS.WriteStream): string {
  const limit = stream.isTTY ? shownAt.terminal : shownAt.file
  const texts = issues.slice(0, limit).map((issue) => (stream.isTTY ? blockOf(issue, stream) : lineOf(issue)))
  const more = issues.length - texts.length
  return texts.join(stream.isTTY ? '\n' : '') + (more > 0 ? `${stream.isTTY ? '\n' : ''}… and ${more} more\n` : '')
}

/** What is in no file is no place that a tool could go to. */
function lineOf(issue: Issue): string {
  return `${issue.file === undefined ? '  ' : ''}${escapeText(issueText(issue))}\n`
}

function blockOf({ path, message, file, line, column, excerpt }: Issue, stream: NodeJS.WriteStream): string {
  const style = (format: Parameters<typeof styleText>[0], text: string) => styleText(format, text, { stream })
  const place = file === undefined ? '' : line === undefined ? file : `${file}:${line}:${column ?? 1}`
  const head = [place && style('bold', escapeText(place)), path && style('cyan', escapeText(path))]
    .filter(Boolean)
    .join('  ')
  const lines = head === '' ? [] : [head]
  const room = Math.max(40, (stream.columns ?? 120) - 5)
  if (excerpt) {
    const { text, start, length } = cutTo(room, excerpt)
    lines.push(`    ${escapeText(text)}`)
    lines.push(`    ${' '.repeat(start)}${style('red', '^'.repeat(length))}`)
  }
  return `${[...lines, ...wrapped(escapeText(message), room).map((line) => `  ${line}`)].join('\n')}\n`
}

/** The part of a line around its mark that there is room for: a line that the terminal breaks has its mark elsewhere. */
function cutTo(room: number, { text, start, length }: Excerpt): Excerpt {
  const indent = Math.min(text.length - text.trimStart().length, start)
  const before = start - indent + Math.min(length, 20) > room - 2 ? start - Math.floor(room / 3) : indent
  const head = before > indent ? '…' : ''
  const rest = head + text.slice(before)
  const from = start - before + head.length
  return {
    text: rest.length > room ? `${rest.slice(0, room - 1)}…` : rest,
    start: from,
    length: Math.max(1, Math.min(length, room - from)),
  }
}

/** A text in lines of whole words. */
function wrapped(text: string, room: number): readonly string[] {
  const lines = ['']
  for (const word of text.split(' ')) {
    const line = lines.at(-1)!
    if (line === '') lines[lines.length - 1] = word
    else if (line.length + 1 + word.length > room) lines.push(word)
    else lines[lines.length - 1] = `${line} ${word}`
  }
  return lines
}
