import type { InboundRequest, Verified } from '../domain/inbound-request.ts'
import type { Proof } from '../domain/proof.ts'

/** Verifies the webhooks of one source. */
export interface Verifier {
  readonly scheme: string
  readonly proofHeaders: readonly string[]
  /**
   * The delivery as verified, less the secrets that came in its path, query or body; or why it is refused. `body` are
   * the bytes to check if they are not those sent. A promise only from schemes that can't answer at once.
   */
  verify(delivery: InboundRequest, nowMs: number, body?: Buffer): Verdict | Promise<Verdict>
}

export type Verdict =
  | {
      readonly ok: true
      readonly delivery: Verified
      /** What of the request is proven besides the body; null: all of it is believed. */
      readonly proof: Proof | null
    }
  | {
      readonly ok: false
      readonly reason: string
      /** Whether the proof may fit other bytes of the body than those that were checked. */
      readonly isMismatch: boolean
    }
