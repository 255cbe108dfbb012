import { createPublicKey, type KeyObject } from 'node:crypto'

/** A smaller RSA key no longer proves anything. Bits. */
const minModulus = 2048

/**
 * A public key from PEM (SPKI, PKCS#1 or a certificate) or a Standard Webhooks `whpk_` text; else why it is none. Line
 * breaks may be written `\n`, as environment variables have them.
 */
export function readPublicKey(text: string): KeyObject | string {
  const key = text.startsWith('whpk_') ? ed25519Of(text.slice('whpk_'.length)) : fromPem(text.replaceAll('\\n', '\n'))
  if (typeof key === 'string') return key
  const { modulusLength } = key.asymmetricKeyDetails ?? {}
  return modulusLength !== undefined && modulusLength < minModulus
    ? `must have at least ${minModulus} bits, has ${modulusLength}`
    : key
}

function fromPem(pem: string): KeyObject | string {
  // It would work, and a private key would lie where only a public one is asked for.
  if (pem.includes('PRIVATE KEY')) return 'must be the public key, not the private one'
  try {
    return createPublicKey(pem)
  } catch {
    return 'must be a public key or certificate in PEM form'
  }
}

function ed25519Of(base64: string): KeyObject | string {
  const raw = Buffer.from(base64, 'base64')
  if (raw.length !== 32) return 'must hold 32 bytes of base64 after whpk_'
  return createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x: raw.toString('base64url') } })
}
