import { randomBytes } from 'node:crypto'
import type { Signal } from '../domain/signal.ts'
import { type SignalType, signalTypeOf } from '../domain/signal-type.ts'
import { fieldsOf } from './signal-fields.ts'

/** One signal, numbered in the order in which it was told. */
export interface Entry {
  readonly seq: number
  readonly type: SignalType
  /** Unix milliseconds. */
  readonly at: number
  readonly signal: Signal
}

/**
 * The newest signals, in memory: what is older than the last `capacity` of them is gone. They are kept while somebody listens,
 * and for a while after, for a reader that has lost its connection; at other times none is.
 */
export interface SignalStream {
  /** `at` is in Unix milliseconds. */
  publish(signal: Signal, at: number): Entry
  /** The signal after the one with this number; null: there is none yet; `lost`: it is gone. */
  after(seq: number): Entry | 'lost' | null
  /** The number of the newest signal; 0 before the first. */
  newest(): number
  /** One less than the number of the oldest that is still there. */
  beforeOldest(): number
  /** Calls back with each new signal. Answers what ends that. */
  listen(wake: () => void): () => void
  /** The text of the signal, JSON: `{type, timestamp, data}`, secrets masked. */
  textOf(entry: Entry): string
  /** A signal's id for people: it tells this process from one before. */
  idOf(seq: number): string
  /** The number that is meant by an id; null for one of another process. */
  seqOf(id: string): number | null
}

export interface SignalStreamOptions {
  /** Takes known secrets out of a text: errors may quote what they were sent. */
  readonly mask: (text: string) => string
  /** Unix milliseconds. */
  readonly now: () => number
  readonly capacity?: number
}

const usualCapacity = 1_000
/** So long after the last listener has left, signals are still kept. Milliseconds. */
const keptForMs = 10 * 60_000

export function createSignalStream({ mask, now, capacity = usualCapacity }: SignalStreamOptions): SignalStream {
  let ring: Entry[] = []
  const listeners = new Set<() => void>()
  const run = randomBytes(4).toString('hex')
  let newest = 0
  let unkept = 0 // the newest that was not kept
  let leftAt = Number.NEGATIVE_INFINITY
  const beforeOldest = () => Math.max(unkept, newest - capacity)

  // A thousand signals outlive V8's young generation while it is small, so V8 takes to making them in the old one. Under load,
  // with nobody listening, they were nearly all that full collections had to find.
  function keep(entry: Entry): void {
    if (listeners.size > 0 || entry.at - leftAt < keptForMs) {
      ring[entry.seq % capacity] = entry
    } else {
      if (ring.length > 0) ring = []
      unkept = entry.seq
    }
  }

  return {
    publish(signal, at) {
      newest += 1
      const entry = { seq: newest, type: signalTypeOf(signal), at, signal }
      keep(entry)
      for (const wake of listeners) wake()
      return entry
    },
    after(seq) {
      if (seq >= newest) return null
      return seq < beforeOldest() ? 'lost' : ring[(seq + 1) % capacity]!
    },
    newest: () => newest,
    beforeOldest,
    listen(wake) {
      listeners.add(wake)
      return () => {
        if (listeners.delete(wake)) leftAt = now()
      }
    },
    textOf({ type, at, signal }) {
      const value = { type, timestamp: new Date(at).toISOString(), data: fieldsOf(signal) }
      // Text by text, so that what is left is JSON whatever a secret looks like.
      return JSON.stringify(value, (_key, member) => (typeof member === 'string' ? mask(member) : member))
    },
    idOf: (seq) => `${run}-${seq}`,
    seqOf(id) {
      const [of, digits = ''] = id.split('-')
      const seq = /^\d{1,15}$/.test(digits) ? Number(digits) : Number.NaN
      return of === run && seq <= newest ? seq : null
    },
  }
}
