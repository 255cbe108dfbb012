/** What the proof of a webhook covers besides its body. The rest of the request is what its last sender wrote. */
export interface Proof {
  /** The time that the sender signed. Unix milliseconds. */
  readonly at?: number | undefined
  /** Lower-case names of the signed headers. */
  readonly headers?: readonly string[]
  /** Whether method, path and query are signed. */
  readonly url?: boolean
}

type Headers = Readonly<Record<string, string>>

/** The headers that a proof covers. */
export function provenHeaders(headers: Headers, proof: Proof): Headers {
  const proven: Record<string, string> = {}
  for (const name of proof.headers ?? []) if (Object.hasOwn(headers, name)) proven[name] = headers[name]!
  return proven
}
