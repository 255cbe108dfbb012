/** A line of the table. */
export interface Row {
  readonly bench: string
  readonly what: string
  readonly value: string
  readonly note?: string
  /** Ratios, and what has a target, go to the top. */
  readonly target?: { readonly text: string; readonly met: boolean }
}

/** One markdown table: what has a target first, then the numbers behind it. */
export function tableOf(rows: readonly Row[]): string {
  const ordered = [...rows.filter(({ target }) => target), ...rows.filter(({ target }) => !target)]
  const cells = ordered.map(({ bench, what, value, target, note = '' }) => [
    bench,
    what,
    value,
    target ? `${target.text} ${target.met ? 'met' : 'MISSED'}` : '',
    note,
  ])
  const all = [['Bench', 'What', 'Value', 'Target', 'Note'], ...cells]
  const widths = all[0]!.map((_, column) => Math.max(...all.map((row) => row[column]!.length)))
  const line = (row: readonly string[]) => `| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`
  const [head, ...body] = all
  return [line(head!), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)].join('\n')
}
