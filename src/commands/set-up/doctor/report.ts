import { styleText } from 'node:util'
import { escapeText } from '../../../domain/printable.ts'
import type { Diagnosis } from './diagnosis.ts'

const marks = { good: ['✓', 'green'], warning: ['!', 'yellow'], bad: ['✗', 'red'] } as const

/** A line for each, and below it what to do. */
export function describeDiagnoses(all: readonly Diagnosis[], stream: NodeJS.WriteStream): readonly string[] {
  const width = Math.max(...all.map((one) => titleOf(one).length))
  return all.flatMap((one) => {
    const [mark, colour] = marks[one.verdict]
    const head = `${styleText(colour, mark, { stream })} ${titleOf(one).padEnd(width)}  ${escapeText(one.message)}`
    return one.cure === null ? [head] : [head, `  ${' '.repeat(width)}  → ${escapeText(one.cure)}`]
  })
}

function titleOf({ check, name }: Diagnosis): string {
  return escapeText(name === null || name.includes('/') ? check : `${check} ${name}`)
}
