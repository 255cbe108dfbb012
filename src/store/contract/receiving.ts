import type { Proof } from '../../domain/proof.ts'

/** Keeping what comes in. */
export interface Receiving {
  /**
   * Keeps verified webhooks, on disk before it resolves (fsync), in one transaction. A delivery id seen before from the same
   * source is answered with the first event's id and `duplicate: true`, and nothing is written for it. Callers at the same
   * time share a commit, so that one fsync serves many; one whose events can not be kept fails alone.
   */
  accept(events: readonly NewEvent[]): Promise<readonly Accepted[]>
}

export interface NewEvent {
  readonly source: string
  readonly deliveryId: string | null
  readonly topic: string | null
  readonly receivedAt: number
  readonly method: string
  readonly path: string
  readonly query: string
  /** As received, less what is secret. */
  readonly headers: Readonly<Record<string, string>>
  /** The exact bytes that came in. */
  readonly body: Uint8Array
  /** What of it is proven besides the body; null, or left out: all of it is believed. */
  readonly proof?: Proof | null
  /**
   * 16 hex digits of a hash of the body, if no proof covers the delivery id: only the same body with the same id is then
   * the same delivery, so that nobody can use up the id of another.
   */
  readonly deliveryTag?: string | null
  /** Null, or left out: of no tenant. */
  readonly tenant?: string | null
  /** 0, or left out: a webhook. What has a higher number waits while something with a lower one does. */
  readonly priority?: number
  /** When what it says was true; left out: when it was received. */
  readonly asOf?: number | null
}

export interface Accepted {
  readonly eventId: string
  readonly duplicate: boolean
}
