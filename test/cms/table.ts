import type { Held } from './cms.ts'
import type { Outcome } from './prove.ts'

/** What arrived, as a table in Markdown: a row for each step. */
export function tableOf(outcomes: readonly Outcome[]): string {
  const rows = outcomes.map(({ step, sent, said, held }) => [
    step,
    lines(sent.map(code), 'nothing'),
    lines(said, ''),
    lines(held.map(lineOf), 'nothing'),
  ])
  const header = ['step', 'what the CMS sent', 'what the relay said', 'what the ingest API then held']
  return [header, header.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

function lineOf({ type, id, url, title, html }: Held): string {
  return `${type} ${code(id)}, ${url}, “${title}”${html === undefined ? '' : `, ${code(html)}`}`
}

function lines(parts: readonly string[], none: string): string {
  return parts.length === 0 ? none : parts.map(cell).join('<br>')
}

function code(text: string): string {
  return `\`${text}\``
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}
