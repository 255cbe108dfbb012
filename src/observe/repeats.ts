import type { Emit, Signal } from '../domain/signal.ts'

/** What a record can bring about with each webhook: it is reported once in so long, with how many there were since. */
type Repeated = Extract<Signal, { readonly count: number; readonly source: string }>
const quietMs = 60_000

/** Passes signals on; those about versions at most once a minute for each source and kind. Metrics count them with `event.mapped`. */
export function limitRepeats(emit: Emit, now: () => number): Emit {
  const last = new Map<string, { at: number; unreported: number }>()
  return (signal) => {
    if (!isRepeated(signal)) return emit(signal)
    const key = `${signal.kind} ${signal.source}`
    const before = last.get(key)
    const at = now()
    // A clock that was set back must not silence it.
    if (before && Math.abs(at - before.at) < quietMs) {
      before.unreported += signal.count
      return
    }
    last.set(key, { at, unreported: 0 })
    emit({ ...signal, count: signal.count + (before?.unreported ?? 0) })
  }
}

function isRepeated(signal: Signal): signal is Repeated {
  return signal.kind === 'item.version_ahead' || signal.kind === 'item.removal_stale'
}
