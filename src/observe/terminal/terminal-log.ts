import { messageOf } from '../../domain/errors.ts'
import type { Signal } from '../../domain/signal.ts'
import { createLayout, type Paint } from './layout.ts'
import type { Level } from './line.ts'
import { createNarrator } from './narrator.ts'
import { type LogRecord, recordLine } from './record-line.ts'
import { createRepeats } from './repeats.ts'
import type { Surroundings } from './surroundings.ts'

export interface TerminalLogOptions {
  readonly write: (text: string) => void
  readonly mask: (text: string) => string
  readonly width: () => number
  readonly paint: Paint
  readonly around: () => Surroundings
  /** Whether lines of this level are shown. */
  readonly isEnabled: (level: Level) => boolean
  /** Unix milliseconds. */
  readonly now: () => number
  readonly later: (ms: number, callback: () => void) => void
}

/** The log as people read it. */
export interface TerminalLog {
  /** Tells of a signal, now or together with others. */
  tell(signal: Signal): void
  /** Shows a line of the log that is no signal: as JSON, not masked. */
  record(json: string): void
  /** The text that says how many lines are missing. */
  noticeOf(lines: number): string
  /** Tells what is held back, and stops looking for what waits too long. */
  end(): void
}

const lookEveryMs = 5_000

export function createTerminalLog(options: TerminalLogOptions): TerminalLog {
  const { write, now, later, around, isEnabled } = options
  const names = () => ['relay', ...around().sources(), ...around().destinations()]
  const layout = createLayout({ ...options, names })
  const repeats = createRepeats({ show: (line) => write(layout(line, now())), later })
  const narrator = createNarrator({ around, show: (line) => isEnabled(line.level) && repeats.tell(line), now })
  let hasEnded = false

  function watch(): void {
    later(lookEveryMs, () => {
      if (hasEnded) return
      narrator.step()
      watch()
    })
  }
  watch()

  return {
    tell: narrator.tell,
    record(json) {
      const line = recordLine(recordOf(json))
      if (line) write(layout(line, now()))
    },
    noticeOf: (lines) => layout(recordLine({ level: 'warn', msg: 'log.dropped', lines })!, now()),
    end() {
      hasEnded = true
      repeats.end()
    },
  }
}

function recordOf(json: string): LogRecord {
  try {
    return JSON.parse(json)
  } catch (error) {
    return { level: 'error', msg: `a line of the log is no JSON: ${messageOf(error)}` }
  }
}
