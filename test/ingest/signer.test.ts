import { describe, expect, test } from 'vitest'
import { bodySha256Of, canonicalOf, readToken, sign, signingKeyOf, verifySignature } from '../../src/ingest/signer.ts'
import vectors from '../vectors/signing-vectors.json' with { type: 'json' }

describe.each(vectors)('vector of $website_id $path', (vector) => {
  const { token, method, path, body, timestamp, nonce } = vector
  const call = { method, path, bodySha256: vector.body_sha256, timestamp, nonce, websiteId: vector.website_id }
  const { connectorId, secret } = readToken(token)

  test('each step of the signature is reproduced', () => {
    expect(connectorId).toBe(vector.connector_id)
    expect(signingKeyOf(secret, vector.website_id).toString('hex')).toBe(vector.signing_key_hex)
    expect(bodySha256Of(body)).toBe(vector.body_sha256)
    expect(bodySha256Of(Buffer.from(body))).toBe(vector.body_sha256)
    expect(canonicalOf(call)).toBe(vector.canonical)
  })

  test('the headers carry it', () => {
    const timestampSec = Number(timestamp)
    expect(sign({ token, websiteId: vector.website_id, method, path, body, timestampSec, nonce })).toEqual({
      Authorization: `Bearer ${token}`,
      'X-Signature': vector.signature,
      'X-Timestamp': timestamp,
      'X-Nonce': nonce,
      'X-Body-Sha256': vector.body_sha256,
    })
  })

  test('it is verified, and not once anything is changed', () => {
    expect(verifySignature(vector.signature, secret, call)).toBe(true)
    expect(verifySignature(vector.signature, `${secret}x`, call)).toBe(false)
    for (const key of ['method', 'path', 'bodySha256', 'timestamp', 'nonce', 'websiteId'] as const) {
      expect(verifySignature(vector.signature, secret, { ...call, [key]: `${call[key]}0` })).toBe(false)
    }
  })
})

test('there are vectors to reproduce', () => {
  expect(vectors.length).toBeGreaterThanOrEqual(5)
})

test.each(['', 'short', 'Z'.repeat(64), 'é'.repeat(64), `${'0'.repeat(63)}g`])('%j is no signature', (signature) => {
  const call = { method: 'POST', path: '/', bodySha256: '', timestamp: '1', nonce: 'n', websiteId: 'w' }
  expect(verifySignature(signature, 'secret', call)).toBe(false)
})

test.each(['nodot-sekret', '.sekret', 'sekret.', 'a.sekret\n', 'a.sékret', ''])(
  'token %j is refused, unprinted',
  (token) => {
    try {
      readToken(token)
      expect.unreachable()
    } catch (error) {
      expect(error).toMatchObject({ name: 'RelayError', code: 'invalid' })
      expect(String(error)).not.toMatch(/s[eé]kret/)
    }
  },
)
