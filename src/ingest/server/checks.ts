import { createHash, timingSafeEqual } from 'node:crypto'
import { bodySha256Of, readToken, verifySignature } from '../signer.ts'
import { Refusal } from './refusal.ts'

/** A call as it came in: header names in lower case. */
export interface SignedRequest {
  readonly method: string
  /** The path as sent, without the query. */
  readonly path: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Buffer
}

export interface CheckRules {
  readonly token: string
  readonly websiteId: string
  readonly siteDomain: string
  readonly nowMs: number
  /** Keeps a nonce; false if it was seen before. Asked only for calls whose signature is right. */
  readonly takeNonce: (nonce: string) => boolean
}

const toleranceSec = 300

/**
 * Judges the headers of one call in the order in which each can be trusted, and answers its Idempotency-Key. Throws
 * Refusal. Source: ingest contract, "Headers, on every call" and "Signing".
 */
export function checkCall(request: SignedRequest, rules: CheckRules): string {
  const header = readHeaders(request)
  checkToken(header('authorization'), rules.token)
  const key = header('idempotency-key')

  const timestamp = header('x-timestamp')
  if (!/^\d{1,12}$/.test(timestamp))
    throw new Refusal(401, 'auth.invalid_timestamp', 'X-Timestamp must be unix seconds')
  const offSec = Number(timestamp) - Math.floor(rules.nowMs / 1000)
  if (Math.abs(offSec) > toleranceSec) {
    throw new Refusal(401, 'auth.timestamp_out_of_range', `X-Timestamp is ${offSec} s off the server's clock`)
  }

  const bodySha256 = bodySha256Of(request.body)
  if (header('x-body-sha256') !== bodySha256) {
    throw new Refusal(401, 'auth.body_hash_mismatch', 'X-Body-Sha256 is not the hash of the body that was received')
  }
  const { method, path } = request
  const nonce = header('x-nonce')
  const call = { method, path, bodySha256, timestamp, nonce, websiteId: rules.websiteId }
  if (!verifySignature(header('x-signature'), readToken(rules.token).secret, call)) {
    throw new Refusal(401, 'auth.invalid_signature', `X-Signature does not fit ${method} ${path}`)
  }
  if (!rules.takeNonce(nonce)) throw new Refusal(401, 'auth.nonce_reused', 'X-Nonce was seen before')
  if (header('x-site-domain').toLowerCase() !== rules.siteDomain) {
    throw new Refusal(403, 'auth.scope_violation', `X-Site-Domain must be ${rules.siteDomain}`)
  }
  return key
}

/** Whether an Authorization header bears the token, compared in constant time. */
function checkToken(authorization: string, token: string): void {
  if (!timingSafeEqual(digest(authorization), digest(`Bearer ${token}`))) {
    throw new Refusal(401, 'auth.invalid_token', 'the bearer token is not the connector token')
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

// What is missing, and how the API says so. Only the first of these codes is public.
const required: readonly (readonly [name: string, status: number, code: string])[] = [
  ['idempotency-key', 400, 'validation.missing_idempotency_key'],
  ['authorization', 401, 'auth.missing_token'],
  ['x-signature', 401, 'auth.missing_signature'],
  ['x-timestamp', 401, 'auth.missing_timestamp'],
  ['x-nonce', 401, 'auth.missing_nonce'],
  ['x-body-sha256', 401, 'auth.missing_body_hash'],
  ['x-site-domain', 400, 'validation.missing_header'],
  ['x-connector-type', 400, 'validation.missing_header'],
  ['x-connector-version', 400, 'validation.missing_header'],
]

function readHeaders({ headers }: SignedRequest): (name: string) => string {
  const header = (name: string) => String(headers[name] ?? '')
  if (!/^application\/json\s*(;|$)/i.test(header('content-type'))) {
    throw new Refusal(415, 'validation.unsupported_media_type', 'Content-Type must be application/json')
  }
  for (const [name, status, code] of required) {
    if (header(name) === '') throw new Refusal(status, code, `header ${name} is missing`)
  }
  return header
}
