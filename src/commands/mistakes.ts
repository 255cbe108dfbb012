import { styleText } from 'node:util'
import { escapeText } from '../domain/printable.ts'
import { type Issue, issueText } from '../mistakes/issue.ts'

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
  if (excerpt) {
    const indent = excerpt.text.length - excerpt.text.trimStart().length
    const drop = Math.min(indent, excerpt.start)
    lines.push(`    ${escapeText(excerpt.text.slice(drop))}`)
    lines.push(`    ${' '.repeat(excerpt.start - drop)}${style('red', '^'.repeat(excerpt.length))}`)
  }
  return `${[...lines, `  ${escapeText(message)}`].join('\n')}\n`
}
