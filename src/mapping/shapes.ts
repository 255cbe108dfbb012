// What modules of users see and give. They get these declarations, so nothing here leads to the rest of the relay.
import type { Proof } from '../domain/proof.ts'

/** A webhook as expressions see it: `$headers`, `$query`, `$body`, `$method`, `$path`, `$digest`. */
export interface Webhook {
  readonly method: string
  readonly path: string
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  /** The first value of each name. */
  readonly query: Readonly<Record<string, string>>
  /** The parsed body: JSON value, form fields as an object of strings, or text. Integers beyond 2^53 are text. */
  readonly body: unknown
  /** Lower-case hex SHA-256 of the exact body bytes. */
  readonly digest: string
  /** What of the request is proven besides the body; null, or left out: all of it is believed. */
  readonly proof?: Proof | null | undefined
}

/** What a sender is told. */
export interface Answer {
  readonly status: number
  /** Left out: `text/plain` for text, `application/json` for anything else. */
  readonly contentType?: string | undefined
  /** Undefined: the relay's own envelope. */
  readonly body?: unknown
}

export interface Ping extends Answer {
  /** Whether it may be answered without a valid signature (WooCommerce's ping carries none). */
  readonly unsigned: boolean
  /** What the operator has to be told. */
  readonly note?: string | undefined
}

/** The fields of an item, as a mapper gives them. */
export interface DraftFields {
  readonly type: string
  readonly id: string
  readonly url?: string
  readonly canonical_url?: string
  readonly title?: string
  readonly language?: string
  readonly updated_at?: string
  readonly html?: string
  readonly text?: string
  readonly json?: Record<string, unknown>
  readonly attributes?: Record<string, unknown>
}
