/** One webhook as it came in: the exact bytes, lower-case header names (several values joined by `, `), the raw query. */
export interface InboundRequest {
  readonly source: string
  readonly method: string
  /** The path as sent, without the query. */
  readonly path: string
  /** The query as sent, without the question mark; empty if there is none. */
  readonly query: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

declare const verified: unique symbol
/** An inbound request whose authenticity has been checked. Only a verifier can make one. */
export type Verified = InboundRequest & { readonly [verified]: true }
