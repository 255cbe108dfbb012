import { RelayError } from '../domain/errors.ts'
import type { Intake } from '../stages/ports.ts'

export interface IntakeLimits {
  /** Webhooks that may be between the last byte of their body and their answer. */
  readonly webhooks: number
  /** Bytes of bodies that may be held, of those that have arrived only in part, too. */
  readonly bytes: () => number
}

/** Long enough for a thousand webhooks to be written. */
const retryAfterMs = 2_000

/**
 * Bounds what is received at once, so that a store or an event loop that falls behind costs waiting and not memory.
 * `onEnter` is told how many there are. Bytes count when they are there: a length that is only announced would let a few idle
 * connections lock out everybody.
 */
export function createIntake(limits: IntakeLimits, onEnter: (webhooks: number) => void = () => {}): Intake {
  let webhooks = 0
  let bytes = 0
  let arrivals = 0
  return {
    get webhooks() {
      return webhooks
    },
    get bytes() {
      return bytes
    },
    get arrivals() {
      return arrivals
    },
    connect() {
      arrivals += 1
    },
    enter() {
      arrivals += 1
      if (webhooks >= limits.webhooks) throw overloaded('webhooks')
      webhooks += 1
      onEnter(webhooks)
    },
    leave() {
      webhooks -= 1
    },
    hold(more) {
      arrivals += 1
      if (bytes + more > limits.bytes()) throw overloaded('bytes')
      bytes += more
    },
    release(held) {
      bytes -= held
    },
  }
}

function overloaded(what: string): RelayError {
  return new RelayError('overloaded', `the relay is receiving too many ${what} at once`, { retryAfterMs })
}
