import { createSecretKey, type KeyObject } from 'node:crypto'
import { RelayError } from '../domain/errors.ts'

export type KeyForm = 'raw' | 'hex' | 'base64'

/**
 * What to key an HMAC with. A key object and no buffer: for a buffer Node 24 throws and catches two errors inside of
 * `createHmac`, each with a stack trace, which costs five times the HMAC. Throws RelayError `invalid` for a secret that is not written in
 * that form.
 */
export function readKey(secret: string, form: KeyForm): KeyObject {
  if (form === 'raw') return createSecretKey(secret, 'utf8')
  const isWritten = form === 'hex' ? /^(?:[0-9a-f]{2})+$/i : /^[A-Za-z0-9+/_-]{2,}={0,2}$/
  if (!isWritten.test(secret)) throw new RelayError('invalid', `a secret is not ${form}, as the setting key says`)
  return createSecretKey(Buffer.from(secret, form))
}
