import { escapeText } from '../../domain/printable.ts'
import { headOf, padText, widthOf } from '../../observe/terminal/text-width.ts'

/** Between two columns. */
const gap = 2
/** A column is cut to no less than this. */
const least = 8

export interface TableOptions {
  /** So many columns are never cut: what names a row. */
  readonly whole?: number
  /** That of the terminal; elsewhere nothing is cut. */
  readonly width?: number | undefined
}

/**
 * Columns as wide as their widest cell. A row is one line, whatever its cells hold. At a terminal the table is cut to its width, the
 * widest columns first.
 */
export function table(
  content: readonly (readonly string[])[],
  { whole = 1, width = process.stdout.columns }: TableOptions = {},
): string {
  const rows = content.map((row) => row.map(escapeText))
  const natural = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => widthOf(row[column] ?? ''))))
  const widths = width === undefined ? natural : fitting(natural, whole, width)
  return rows
    .map((row) =>
      row
        .map((cell, column) => padText(cut(cell, widths[column] ?? 0), widths[column] ?? 0))
        .join(' '.repeat(gap))
        .trimEnd(),
    )
    .join('\n')
}

/** The widths of columns that fit: all that may be cut are capped alike. */
function fitting(natural: readonly number[], whole: number, width: number): readonly number[] {
  const [kept, others] = [natural.slice(0, whole), natural.slice(whole)]
  const room = width - sum(kept) - gap * (natural.length - 1)
  let cap = Math.max(least, ...others)
  while (cap > least && sum(others.map((one) => Math.min(one, cap))) > room) cap -= 1
  return [...kept, ...others.map((one) => Math.min(one, cap))]
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0)
}

function cut(text: string, width: number): string {
  return widthOf(text) <= width ? text : `${headOf(text, width - 1)}…`
}
