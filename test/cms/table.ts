import type { Held } from './cms.ts'
import type { Outcome } from './prove.ts'

/** What arrived, as a table in Markdown: a row for each step. */
export function tableOf(outcomes: readonly Outcome[]): string {
  const rows = outcomes.map(({ step, sent, said, held }) => [
    step,
    lines(sent.map(code), 'nothing'),
    lines(said, ''),
    held.length > 8 ? `${held.length} items, each as the CMS shows it` : lines(held.map(lineOf), 'nothing'),
  ])
  const header = ['step', 'what the CMS sent', 'what the relay said', 'what the ingest API then held']
  return [header, header.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

function lineOf({ type, id, url, title, html, more }: Held): string {
  const text = html === undefined || html === '' ? '' : `, ${code(html)}`
  return `${type} ${code(id)}, ${url}, “${title}”${text}${more === undefined ? '' : `, ${more}`}`
}

function lines(parts: readonly string[], none: string): string {
  const counts = new Map<string, number>()
  for (const part of parts) counts.set(part, (counts.get(part) ?? 0) + 1)
  const counted = [...counts].map(([part, count]) =>
    count > 3 ? `${cell(part)} × ${count}` : Array(count).fill(cell(part)).join('<br>'),
  )
  return counted.length === 0 ? none : counted.join('<br>')
}

function code(text: string): string {
  return `\`${text}\``
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}
