import type { Emit, Signal } from '../domain/signal.ts'
import type { Entry, SignalStream } from './stream.ts'

export type Listener = (signal: Signal, entry: Entry) => void

/** Where signals come together: each goes to the log, the metrics and the stream, and then to those that listen. None does I/O. */
export interface Hub {
  readonly emit: Emit
  listen(listener: Listener): void
}

export function createHub(observed: Emit, stream: SignalStream, now: () => number): Hub {
  const listeners: Listener[] = []
  return {
    emit(signal) {
      observed(signal)
      const entry = stream.publish(signal, now())
      for (const listen of listeners) listen(signal, entry)
    },
    listen: (listener) => void listeners.push(listener),
  }
}
