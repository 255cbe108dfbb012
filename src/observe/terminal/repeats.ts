import { errorPatternOf } from '../../domain/error-pattern.ts'
import type { Line } from './line.ts'

export interface RepeatsOptions {
  readonly show: (line: Line) => void
  /** Calls back after so many milliseconds, unless the process ends before. */
  readonly later: (ms: number, callback: () => void) => void
}

/** So many lines that are alike are shown within the window; of more there is one line with their number. */
const shownAlike = 5
const windowMs = 10_000
/** A storm of lines that are all different must not fill the memory: beyond it they count as alike. */
const mostKinds = 500

/** Passes lines on, so that a storm of one kind does not bury the others. What went well always has its line. */
export function createRepeats({ show, later }: RepeatsOptions): { tell(line: Line): void; end(): void } {
  const seen = new Map<string, { count: number; last: Line }>()

  /** How many there were that are alike. */
  function countOf(line: Line): number {
    const own = keyOf(line)
    const key = seen.has(own) || seen.size < mostKinds ? own : line.mark
    const count = (seen.get(key)?.count ?? 0) + 1
    seen.set(key, { count, last: line })
    if (count === 1) later(windowMs, () => close(key))
    return count
  }

  function tell(line: Line): void {
    const isAlone = line.mark === 'good' || line.level === 'error' || line.level === 'fatal'
    const count = isAlone ? 1 : countOf(line)
    if (count === 1) show(line)
    // Why, and what to do, was said by the first.
    else if (count <= shownAlike) show({ ...line, detail: undefined, cure: undefined })
  }

  function close(key: string): void {
    const { count, last } = seen.get(key) ?? { count: 0 }
    seen.delete(key)
    if (last === undefined || count <= shownAlike) return
    const { detail: _detail, cure: _cure, what: _what, ...line } = last
    const unshown = (count - shownAlike).toLocaleString('en')
    show({ ...line, ...(line.topic !== undefined && { what: '' }), outcome: `${unshown} more: ${line.outcome}` })
  }

  return {
    tell,
    end() {
      for (const key of [...seen.keys()]) close(key)
    },
  }
}

function keyOf({ mark, subject, topic, outcome, detail, like }: Line): string {
  return JSON.stringify([mark, subject, topic ?? null, like ?? errorPatternOf(`${outcome} ${detail ?? ''}`)])
}
