import { styleText } from 'node:util'
import type { Config } from '../config/schema.ts'
import type { Paint } from './terminal/layout.ts'
import type { Level } from './terminal/line.ts'
import { nothingAround, type Surroundings } from './terminal/surroundings.ts'
import type { TerminalLog } from './terminal/terminal-log.ts'

export interface LogFormatOptions {
  readonly write: (text: string) => void
  readonly mask: (text: string) => string
  readonly isEnabled: (level: Level) => boolean
}

/** How the log looks: JSON, or lines for people. It can change at any time. */
export interface LogFormat {
  /** Takes a format of the configuration over. What only people need is loaded once they read. */
  use(format: Config['log']['format']): Promise<void>
  /** What tells people; null while lines are JSON. */
  terminal(): TerminalLog | null
  /** Tells it what runs. */
  look(surroundings: Surroundings): void
}

export function createLogFormat({ write, mask, isEnabled }: LogFormatOptions): LogFormat {
  let current: TerminalLog | null = null
  let surroundings = nothingAround
  let wanted = false
  return {
    async use(format) {
      wanted = isPretty(format)
      if (!wanted) {
        current?.end()
        current = null
        return
      }
      const { createTerminalLog } = await import('./terminal/terminal-log.ts')
      if (!wanted) return
      current ??= createTerminalLog({
        ...{ write, mask, isEnabled, now: Date.now },
        around: () => surroundings,
        width: terminalWidth,
        paint: createPaint(),
        later: (ms, callback) => void setTimeout(callback, ms).unref(),
      })
    },
    terminal: () => current,
    look(what) {
      surroundings = what
    },
  }
}

/** Of a terminal that does not tell. */
const usualColumns = 80

/** Columns of the terminal; Infinity if standard output is none, so that nothing has to fit. */
export function terminalWidth(): number {
  return process.stdout.isTTY ? process.stdout.columns || usualColumns : Number.POSITIVE_INFINITY
}

/** `auto` is for people if standard output is a terminal. */
export function isPretty(format: Config['log']['format']): boolean {
  return format === 'pretty' || (format === 'auto' && process.stdout.isTTY === true)
}

/** Colours if standard output shows any: NO_COLOR, FORCE_COLOR and TERM say more than that. */
export function createPaint(): Paint {
  const isColoured = styleText('red', 'x', { stream: process.stdout }) !== 'x'
  return isColoured ? (style, text) => styleText(style, text, { validateStream: false }) : (_style, text) => text
}
