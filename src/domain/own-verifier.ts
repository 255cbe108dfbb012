/** A webhook as a verifier of one's own is shown it: the exact bytes, and of the headers those that it names. */
export interface CheckedRequest {
  /**
   * As it was sent, or with its compression undone if the function said no to that. It is a Buffer; the type is one that a
   * mapper's project knows without those of Node.
   */
  readonly body: Uint8Array
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  readonly method: string
  /** Path and query as they were sent; a proxy may have changed them. */
  readonly url: string
  /** The source's secrets, several while rotating. */
  readonly secrets: readonly string[]
  readonly vars: Readonly<Record<string, unknown>>
  /** Unix milliseconds. */
  readonly now: number
}

/** What a verifier says of a request. A reason holds no secret; the sender is not told it. */
export type OwnVerdict =
  | {
      readonly proven: true
      /** When the sender signed it, in unix milliseconds: if `covers.time` says that a time is signed. */
      readonly at?: number
    }
  | { readonly proven: false; readonly reason: string }

/** What a proof covers besides the body, which it always has to cover. */
export interface OwnCoverage {
  /** The headers that are signed, of those that it reads. */
  readonly headers?: readonly string[]
  /** Whether method, path and query are signed. */
  readonly url?: boolean
  /** Whether a time is signed: every proof then has its `at`. */
  readonly time?: boolean
}

/** Verifies the webhooks of a mapper by code, where no scheme fits. */
export interface OwnVerifier {
  /** The headers that it reads. None of them is kept, but for those that the mapper names in its own `headers`. */
  readonly headers: readonly string[]
  /** `everything` is for a fixed token: whoever has it can send anything, so the whole request is believed. */
  readonly covers: OwnCoverage | 'everything'
  /** False if it needs no secret of the source, such as with a public key in `vars`. */
  readonly needsSecret?: boolean
  /** Without side effects. What it throws, a promise that takes longer than 5 seconds, and any other answer refuse the webhook. */
  check(request: CheckedRequest): OwnVerdict | Promise<OwnVerdict>
}
