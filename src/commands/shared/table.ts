import { escapeText } from '../../domain/printable.ts'

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
        .map((cell, column) => padded(cut(cell, widths[column] ?? 0), widths[column] ?? 0))
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

const segmenter = new Intl.Segmenter()
const wide =
  /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]/u

/** How many columns of a terminal a text takes. */
function widthOf(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length
  return sum([...segmenter.segment(text)].map(({ segment }) => (wide.test(segment) ? 2 : 1)))
}

function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text
  let kept = ''
  let taken = 0
  for (const { segment } of segmenter.segment(text)) {
    taken += wide.test(segment) ? 2 : 1
    if (taken > width - 1) break
    kept += segment
  }
  return `${kept}…`
}

function padded(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)))
}
