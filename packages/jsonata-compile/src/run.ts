import { faultOf } from './fault.ts'
import type { Scope } from './types.ts'

/** One evaluation of a compiled expression. */
export interface Run {
  readonly root: unknown
  readonly scope: Scope
  readonly timeLimitMs: number
  ticks: number
  deadline: number
  /** Whether a sequence was put into an array or object that may be looked into again. */
  nested: boolean
  /** Whether the expression makes lists or objects, which may hold one value very many times. */
  readonly builds: boolean
  /** When it takes place, for all of it; 0 until that is asked for. Unix milliseconds. */
  instant: number
}

/** Variables that a block or a function binds, inside those around it. */
export interface Frame {
  readonly run: Run
  readonly parent: Frame | null
  readonly values: Map<string, unknown> | null
}

/** What a node compiles to: gives its value for a context. */
export type Code = (input: unknown, frame: Frame) => unknown

export function innerFrame(parent: Frame): Frame {
  return { run: parent.run, parent, values: new Map() }
}

/** The value bound to a name, from the inside out, then the scope's. Never an inherited property. */
export function lookUp(frame: Frame, name: string): unknown {
  for (let at: Frame | null = frame; at !== null; at = at.parent) {
    if (at.values?.has(name)) return at.values.get(name)
  }
  return Object.hasOwn(frame.run.scope, name) ? frame.run.scope[name] : undefined
}

/**
 * Called once per visited value. Nested paths can visit n^k values, so a compiled expression has a time limit too;
 * the clock is read once in a while only.
 */
export function tick(run: Run): void {
  run.ticks++
  if ((run.ticks & 1023) === 0) lookAtClock(run)
}

/** For what lasts long by itself. Throws a fault once the time is over. */
export function lookAtClock(run: Run): void {
  const now = performance.now()
  if (run.deadline === 0) run.deadline = now + run.timeLimitMs
  else if (now > run.deadline) throw faultOf('D1012', undefined)
}
