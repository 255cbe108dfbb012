import { styleText } from 'node:util'
import { escapeText } from '../../../domain/printable.ts'
import { hanging } from '../../shared/hanging.ts'
import type { Diagnosis } from './diagnosis.ts'

const marks = { good: ['✓', 'green'], warning: ['!', 'yellow'], bad: ['✗', 'red'] } as const

/** A line for each, and below it what to do; as many lines as the terminal asks for. */
export function describeDiagnoses(all: readonly Diagnosis[], stream: NodeJS.WriteStream): readonly string[] {
  const width = Math.max(...all.map((one) => titleOf(one).length))
  return all.flatMap((one) => {
    const [mark, colour] = marks[one.verdict]
    const found = hanging(`${mark} ${titleOf(one).padEnd(width)}  `, escapeText(one.message), stream.columns)
    const [first = '', ...rest] = found.map((line, index) => (index === 0 ? line.slice(mark.length) : line))
    const cure = one.cure === null ? [] : hanging(`  ${' '.repeat(width)}  → `, escapeText(one.cure), stream.columns)
    return [styleText(colour, mark, { stream }) + first, ...rest, ...cure]
  })
}

function titleOf({ check, name }: Diagnosis): string {
  return escapeText(name === null || name.includes('/') ? check : `${check} ${name}`)
}
