import { RelayError } from '../domain/errors.ts'
import type { InboundRequest } from '../domain/inbound-request.ts'

/** Why a delivery is refused, in words that hold no secret; null for an authentic one. */
export type Refusal = string | Mismatch | null

/** The proof is there and in form, and does not fit the bytes of the body: it may fit others, such as those decompressed. */
export interface Mismatch {
  readonly mismatch: string
}

export function mismatch(reason: string): Mismatch {
  return { mismatch: reason }
}

/** When a webhook is signed, and the delivery id that it has if it brings none. */
export interface Signing {
  readonly nowMs: number
  /** Without a dot. */
  readonly id: string
}

/** One way of proving where a webhook comes from, with its secrets: both sides of it. */
export interface Scheme {
  readonly name: string
  /** Lower-case names of the headers that carry the proof: they are never stored or logged. */
  readonly proofHeaders: readonly string[]
  /** `body` are the bytes that the sender signed. A promise only if there is no other way: most answer at once. */
  check(delivery: InboundRequest, body: Buffer, nowMs: number): Refusal | Promise<Refusal>
  /**
   * An authentic delivery without the secret that came in its path, query or body: what is read and stored. Left out
   * where only headers carry the proof. `body` are the bytes that were checked.
   */
  blank?(delivery: InboundRequest, body: Buffer): InboundRequest
  /**
   * The delivery with the proof that its sender makes, by the first secret: `check` accepts it. Throws RelayError `invalid` if only
   * the sender can make one, or if this delivery can't carry it.
   */
  sign(delivery: InboundRequest, signing: Signing): InboundRequest
}

/** A delivery with further headers: those of a proof. */
export function withHeaders(delivery: InboundRequest, headers: Readonly<Record<string, string>>): InboundRequest {
  return { ...delivery, headers: { ...delivery.headers, ...headers } }
}

/** The side of the sender where the key that signs never leaves it. */
export function onlySenderSigns(): never {
  throw new RelayError('invalid', 'only the CMS can sign: its private key never leaves it')
}

/** What stands where a secret was. */
export const blanked = '[secret]'

/** More than any sender gives in one header while it rotates; each may cost a public-key operation. */
export const maxSignatures = 16
