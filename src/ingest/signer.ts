import { createHash, createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'
import { RelayError } from '../domain/errors.ts'

// Source of every rule here: ingest contract, "Signing: bq.connector.hmac.v1". HKDF is RFC 5869.
const scheme = 'bq.connector.hmac.v1'

/** The two halves of a connector token. `secret` is base64url text that is used as its ASCII bytes, never decoded. */
export interface Token {
  readonly connectorId: string
  readonly secret: string
}

/** Splits `<connectorId>.<secret>` at the first dot. Throws RelayError `invalid`, which never quotes the token. */
export function readToken(token: string): Token {
  if (!/^[\x21-\x7e]*$/.test(token)) {
    throw new RelayError('invalid', 'connector token holds white space or characters outside ASCII')
  }
  const dot = token.indexOf('.')
  if (dot < 1 || dot === token.length - 1) {
    throw new RelayError('invalid', 'connector token must be <connectorId>.<secret>')
  }
  return { connectorId: token.slice(0, dot), secret: token.slice(dot + 1) }
}

/** The key that signs for one website: 32 bytes, HKDF-SHA256 with the website id as salt. */
export function signingKeyOf(secret: string, websiteId: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, websiteId, scheme, 32))
}

/** Lower-case hex SHA-256 of the exact bytes (a string counts as its UTF-8 bytes). */
export function bodySha256Of(body: Uint8Array | string): string {
  return createHash('sha256').update(body).digest('hex')
}

/** One call as it is signed. `path` is the URL's path as sent, without the query; `timestamp` is in unix seconds. */
export interface SignedCall {
  readonly method: string
  readonly path: string
  readonly bodySha256: string
  readonly timestamp: string
  readonly nonce: string
  readonly websiteId: string
}

/** The text that is signed. */
export function canonicalOf({ method, path, bodySha256, timestamp, nonce, websiteId }: SignedCall): string {
  return [method.toUpperCase(), path, bodySha256, timestamp, nonce, websiteId].join('\n')
}

function signatureOf(secret: string, call: SignedCall): Buffer {
  return createHmac('sha256', signingKeyOf(secret, call.websiteId)).update(canonicalOf(call)).digest()
}

export interface SignInput {
  readonly token: string
  readonly websiteId: string
  readonly method?: string
  readonly path: string
  readonly body: Uint8Array | string
  readonly timestampSec: number
  readonly nonce: string
}

/** The headers that prove a call. They hold the token: not for logs. */
export interface SignedHeaders {
  readonly Authorization: string
  readonly 'X-Signature': string
  readonly 'X-Timestamp': string
  readonly 'X-Nonce': string
  readonly 'X-Body-Sha256': string
}

/** Signs the exact bytes of one attempt; the caller sends those very bytes. */
export function sign({ token, websiteId, method = 'POST', path, body, timestampSec, nonce }: SignInput): SignedHeaders {
  const bodySha256 = bodySha256Of(body)
  const timestamp = String(timestampSec)
  const call = { method, path, bodySha256, timestamp, nonce, websiteId }
  return {
    Authorization: `Bearer ${token}`,
    'X-Signature': signatureOf(readToken(token).secret, call).toString('hex'),
    'X-Timestamp': timestamp,
    'X-Nonce': nonce,
    'X-Body-Sha256': bodySha256,
  }
}

/** Whether the signature is the one that this secret gives the call, compared in constant time. */
export function verifySignature(signature: string, secret: string, call: SignedCall): boolean {
  if (!/^[0-9a-f]{64}$/.test(signature)) return false
  return timingSafeEqual(Buffer.from(signature, 'hex'), signatureOf(secret, call))
}
