import { print } from './report.ts'
import { table } from './table.ts'

export interface List<Shown> {
  /** As the admin API shows them. */
  readonly rows: readonly Shown[]
  /** The first two columns name a row and its time: they are never cut. */
  readonly head: readonly string[]
  readonly cellsOf: (row: Shown) => readonly (string | number | null)[]
  /** What to say of none. */
  readonly none: string
  /** Whether there are more than `--limit` lets through. */
  readonly hasMore: boolean
}

/** Prints rows: an array for programs, a table for people. */
export function printList<Shown>(json: boolean, { rows, head, cellsOf, none, hasMore }: List<Shown>): void {
  print(rows, {
    json,
    text: () => {
      if (rows.length === 0) return none
      const cells = rows.map((row) => cellsOf(row).map((cell) => (cell === null ? '-' : String(cell))))
      const more = hasMore ? `\n\nthe newest ${rows.length} of more; --limit shows others` : ''
      return table([head, ...cells], { whole: 2 }) + more
    },
  })
}

/** A time to the second: it fits, and `--since` takes it. */
export function shortTime(time: string): string {
  return time.replace(/\.\d+Z$/, 'Z')
}
