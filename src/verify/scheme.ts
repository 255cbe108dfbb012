import type { Delivery } from '../domain/delivery.ts'

/**
 * One way of proving where a webhook comes from, with its secrets. `check` answers null for an authentic delivery, else
 * why not, in words that hold no secret. `body` are the bytes that the sender signed.
 */
export interface Scheme {
  readonly name: string
  /** Lower-case names of the headers that carry the proof: they are never stored or logged. */
  readonly proofHeaders: readonly string[]
  check(delivery: Delivery, body: Buffer, nowMs: number): string | null
}
