import { RelayError } from '../domain/errors.ts'

export type KeyForm = 'raw' | 'hex' | 'base64'

/** What to key an HMAC with. Throws RelayError `invalid` for a secret that is not written in that form. */
export function readKey(secret: string, form: KeyForm): Buffer {
  if (!/\S/.test(secret))
    throw new RelayError('invalid', `a secret holds nothing that could be a key, so it is not ${form}`)
  if (form === 'raw') return Buffer.from(secret)
  const isWritten = form === 'hex' ? /^(?:[0-9a-f]{2})+$/i : /^[A-Za-z0-9+/_-]{2,}={0,2}$/
  if (!isWritten.test(secret)) throw new RelayError('invalid', `a secret is not ${form}, as the setting key says`)
  return Buffer.from(secret, form)
}
