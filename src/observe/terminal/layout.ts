import { escapeText } from '../../domain/printable.ts'
import type { Line, Mark } from './line.ts'
import { cutEnd, cutText, padText, widthOf, wrapText } from './text-width.ts'

export interface LayoutOptions {
  /** Blanks secrets. It sees each text whole, before anything is cut. */
  readonly mask: (text: string) => string
  /** Columns of the terminal; Infinity if nothing has to fit. */
  readonly width: () => number
  readonly paint: Paint
  /** Subjects to come, so that columns need not move for them. */
  readonly names?: () => readonly string[]
}

export type Style = 'dim' | 'bold' | 'red' | 'green' | 'yellow' | 'cyan'
export type Paint = (style: Style, text: string) => string

/** Lays out a line, with its line breaks. `at` is in Unix milliseconds. */
export type Layout = (line: Line, at: number) => string

const marks: Readonly<Record<Mark, { readonly sign: string; readonly style: Style }>> = {
  good: { sign: '✓', style: 'green' },
  quiet: { sign: '·', style: 'dim' },
  warn: { sign: '!', style: 'yellow' },
  error: { sign: '✗', style: 'red' },
}

const gap = '  '
/** Time, mark and the spaces around it. Further lines begin here, too. */
const indent = 11
const narrowest = 40
/** More says nothing to a person at a terminal: the API and the commands have the whole text. */
const mostLinesBelow: Readonly<Record<Mark, number>> = { good: 1, quiet: 1, warn: 4, error: 4 }

/** As wide as columns are before they have held anything wider. */
const usually = { subject: 4, topic: 12, what: 16 }
/** The widest that they get. */
const narrow = { subject: 8, topic: 0, what: 20 } as const
const usual = { subject: 12, topic: 18, what: 40 } as const
const wide = { subject: 18, topic: 28, what: 60 } as const

interface Place {
  readonly text: string
  readonly width: number
  readonly style: Style | null
}

/**
 * One line if it fits, else one with what became of it, and below it the reason and the cure. Columns are as wide as what they have
 * held so far, within bounds: they settle after a few lines, and never jump back.
 */
export function createLayout({ mask, width, paint, names = () => [] }: LayoutOptions): Layout {
  const seen = { ...usually }

  return (line, at) => {
    const columns = Math.max(narrowest, width())
    const { sign, style } = marks[line.mark]
    const [outcome, detail, cure] = [clean(line.outcome), clean(line.detail), clean(line.cure)]
    const places = placesOf(line, columns, widthOf(outcome))
    const begin = `${paint('dim', timeText(at))} ${paint(style, sign)} `
    const stack = line.stack === undefined ? '' : stackOf(line.stack, columns)
    const told = (text: string) => (line.mark === 'quiet' ? text : paint(style, text))
    const rest = widthOf(outcome + (detail && `: ${detail}`) + (cure && ` → ${cure}`))
    for (const tried of [places, withoutFill(places)]) {
      if (rest > columns - startOf(tried)) continue
      const texts = [told(outcome), detail && `: ${detail}`, cure && paint('cyan', ` → ${cure}`)]
      return `${begin}${headOf(tried)}${texts.join('')}\n${stack}`
    }
    const short = withoutFill(places)
    const isLong = widthOf(outcome) > columns - startOf(places)
    const head = headOf(isLong ? short : places)
    const room = columns - startOf(isLong ? short : places)
    return `${begin}${head}${told(cutEnd(outcome, room))}\n${below(detail, cure, columns, mostLinesBelow[line.mark])}${stack}`
  }

  /** A terminal shows it and does not obey it. No secret is cut in two, of which one half would stay. */
  function clean(text: string | null | undefined): string {
    return escapeText(mask(text ?? '').replace(/\s*\n\s*/g, '; '))
  }

  function placesOf(line: Line, columns: number, outcomeWidth: number): readonly Place[] {
    const most = columns < 64 ? narrow : columns < 100 ? usual : wide
    seen.subject = Math.max(seen.subject, ...names().map(widthOf))
    const subject = placeOf('subject', clean(line.subject), most.subject)
    if (line.topic === undefined && line.what === undefined) return [subject]
    const topic = most.topic > 0 ? [placeOf('topic', clean(line.topic ?? '–'), most.topic)] : []
    const left = columns - startOf([subject, ...topic]) - gap.length
    // What became of it comes first, unless that leaves next to nothing of the id.
    const room = Math.min(Math.max(12, left - Math.min(outcomeWidth, Math.max(24, left - 40))), left - 8)
    return [subject, ...topic, placeOf('what', clean(line.what ?? ''), Math.min(room, most.what))]
  }

  function placeOf(name: keyof typeof seen, text: string, most: number): Place {
    seen[name] = Math.max(seen[name], widthOf(text))
    const width = Math.min(seen[name], most)
    return { text: cutText(text, width), width, style: styles[name] }
  }

  function headOf(places: readonly Place[]): string {
    return places
      .map(
        ({ text, width, style }) =>
          (style === null ? text : paint(style, text)) + padText('', width - widthOf(text)) + gap,
      )
      .join('')
  }

  function below(detail: string, cure: string, columns: number, most: number): string {
    const space = ' '.repeat(indent)
    const wrapped = (text: string) => wrapText(text, columns - indent - 2, most)
    return [
      ...wrapped(detail).map((text) => `${space}${text}\n`),
      ...wrapped(cure).map((text, index) => `${space}${paint('cyan', `${index === 0 ? '→' : ' '} ${text}`)}\n`),
    ].join('')
  }

  function stackOf(stack: string, columns: number): string {
    const frames = stack.split('\n').filter((text) => /^\s+at /.test(text))
    const lines = frames.flatMap((frame) => wrapText(clean(frame), columns - indent, 3))
    return lines.map((text) => `${' '.repeat(indent)}${paint('dim', text)}\n`).join('')
  }
}

const styles = { subject: 'bold', topic: null, what: 'cyan' } as const

function startOf(places: readonly Place[]): number {
  return indent + places.reduce((sum, { width }) => sum + width + gap.length, 0)
}

/** The last column as narrow as its text. */
function withoutFill(places: readonly Place[]): readonly Place[] {
  return places.map((place, index) => (index === places.length - 1 ? { ...place, width: widthOf(place.text) } : place))
}

/** The time of day at this machine. */
function timeText(at: number): string {
  return new Date(at).toTimeString().slice(0, 8)
}
