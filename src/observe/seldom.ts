import type { Emit, Signal } from '../domain/signal.ts'

/** What a record can bring about with each webhook: told once in so long, with how many there were since. */
type Seldom = Extract<Signal, { readonly count: number; readonly source: string }>
const seldomMs = 60_000

/** Passes signals on; those about versions at most once a minute for each source and kind. Metrics count them with `event.mapped`. */
export function tellSeldom(emit: Emit, now: () => number): Emit {
  const told = new Map<string, { at: number; untold: number }>()
  return (signal) => {
    if (!isSeldom(signal)) return emit(signal)
    const key = `${signal.kind} ${signal.source}`
    const last = told.get(key)
    const at = now()
    // A clock that was set back must not silence it.
    if (last && Math.abs(at - last.at) < seldomMs) {
      last.untold += signal.count
      return
    }
    told.set(key, { at, untold: 0 })
    emit({ ...signal, count: signal.count + (last?.untold ?? 0) })
  }
}

function isSeldom(signal: Signal): signal is Seldom {
  return signal.kind === 'item.version_ahead' || signal.kind === 'item.removal_stale'
}
