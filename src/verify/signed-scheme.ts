import type { InboundRequest } from '../domain/inbound-request.ts'
import { isAnyEqual } from './equal.ts'
import { type Mismatch, maxSignatures, mismatch, type Scheme, type Signing, withHeaders } from './scheme.ts'
import { judgeTimestamp, timestampPattern } from './timestamp.ts'

/** What a request says of itself, once it is in form. */
export interface Signed {
  /** The signatures that came with it. */
  readonly given: readonly string[]
  /** Those that fit it, one for each secret. */
  readonly expected: readonly string[]
  /** When it was signed; left out if its age is not checked. Unix milliseconds. */
  readonly atMs?: number
}

export interface SignedSchemeSettings {
  /** The header with the signatures. */
  readonly header: string
  readonly proofHeaders?: readonly string[]
  /** How far `atMs` may be from now. Milliseconds. */
  readonly tolerance?: number
}

export interface SignedSides {
  /** Reads a request with its `value` of that header; or says why it is not in form. */
  read(value: string, body: Buffer, delivery: InboundRequest): Signed | Mismatch | string
  /** The headers that sign a request with the first secret. */
  sign(delivery: InboundRequest, signing: Signing): Readonly<Record<string, string>>
}

/** A scheme with signatures in a header: any of them may match that of any secret. */
export function createSignedScheme(name: string, settings: SignedSchemeSettings, sides: SignedSides): Scheme {
  const { header, proofHeaders = [header], tolerance = Number.POSITIVE_INFINITY } = settings
  return {
    name,
    proofHeaders,
    check(delivery, body, nowMs) {
      const value = delivery.headers[header]
      if (!value) return `header ${header} is missing or empty`
      const signed = sides.read(value, body, delivery)
      if (typeof signed === 'string' || 'mismatch' in signed) return signed
      const { given, expected, atMs = nowMs } = signed
      if (given.length > maxSignatures) return `header ${header} holds more than ${maxSignatures} signatures`
      if (!isAnyEqual(given, expected)) return mismatch(`header ${header} does not match`)
      return judgeTimestamp(atMs, nowMs, tolerance)
    },
    sign: (delivery, signing) => withHeaders(delivery, sides.sign(delivery, signing)),
  }
}

/** The timestamp in a header of its own, as it was signed; null if there is none. */
export function timestampIn(headers: InboundRequest['headers'], name: string): string | null {
  const text = headers[name] ?? ''
  return timestampPattern.test(text) ? text : null
}
