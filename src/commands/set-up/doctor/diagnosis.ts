/** What one look at the relay's surroundings has found. */
export interface Diagnosis {
  /** What was looked at: `destination`, `disk`. */
  readonly check: string
  /** Which of several: the name of a destination, a file; null if there is one. */
  readonly name: string | null
  /** `warning`: it works, and somebody should know. */
  readonly verdict: 'good' | 'warning' | 'bad'
  readonly message: string
  /** What to do; null for what is good. */
  readonly cure: string | null
}

/** Makes what one check says, under its own name. */
export function diagnosing(check: string, name: string | null = null) {
  return {
    good: (message: string): Diagnosis => ({ check, name, verdict: 'good', message, cure: null }),
    warning: (message: string, cure: string | null): Diagnosis => ({ check, name, verdict: 'warning', message, cure }),
    bad: (message: string, cure: string | null): Diagnosis => ({ check, name, verdict: 'bad', message, cure }),
  }
}

/** A check. It is given a signal that ends it, and never throws for what it has come to find. */
export interface Check {
  readonly check: string
  readonly name: string | null
  run(signal: AbortSignal): Promise<Diagnosis | readonly Diagnosis[]>
}
