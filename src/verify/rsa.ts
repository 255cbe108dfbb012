import { constants, verify } from 'node:crypto'
import { z } from 'zod'
import { readBase64 } from './base64.ts'
import { isEqual } from './equal.ts'
import { readObject } from './json-object.ts'
import { mismatch, onlySenderSigns, type Scheme } from './scheme.ts'
import { headerName, publicKeys } from './settings.ts'

export const rsaSchema = z
  .strictObject({
    scheme: z.literal('rsa'),
    header: z
      .union([headerName, z.array(headerName).min(1)])
      .transform((names) => [names].flat())
      .describe('The header with the signature in base64; of several, any may match.'),
    padding: z
      .enum(['pkcs1', 'pss'])
      .default('pkcs1')
      .describe('RSASSA-PKCS1-v1_5, or RSASSA-PSS with a salt of 32 bytes; the hash is SHA-256.'),
    prefix: z.string().default('').describe('What stands before the signature, such as `v1=`.'),
    over: z.enum(['body', 'base64']).default('body').describe('What is signed: the body, or its base64 text.'),
    public_key: publicKeys.refine(
      (keys) => keys.every(({ asymmetricKeyType = '' }) => ['rsa', 'rsa-pss'].includes(asymmetricKeyType)),
      { error: 'must be an RSA key' },
    ),
    claims: z
      .record(z.string(), z.string().min(1, { error: 'must be filled in' }))
      .default({})
      .describe('Members of the JSON body and what they must be. Needed where the key signs for other customers too.'),
  })
  .describe('An RSA signature of the body in a header, checked with a public key; there is no secret.')
type RsaConfig = z.infer<typeof rsaSchema>

/**
 * RSA with SHA-256 over the body: Adobe I/O Events (two headers, any fits), Adobe Commerce webhooks (over the base64 of
 * the body), Contentstack's certificate (PSS, `v1=`). Adobe and Contentstack sign for all their customers with one
 * key: whose webhook it is, only a member of the body tells, and `claims` checks it.
 */
export function createRsaScheme({ header, padding, prefix, over, public_key, claims }: RsaConfig): Scheme {
  const options =
    padding === 'pss'
      ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
      : { padding: constants.RSA_PKCS1_PADDING }
  const keys = public_key.map((key) => ({ key, ...options }))
  return {
    name: 'rsa',
    proofHeaders: header,
    check({ headers }, body) {
      const values = header.flatMap((name) => headers[name] || [])
      if (values.length === 0) return `header ${header.join(', ')} is missing or empty`
      const given = values.flatMap((value) => (value.startsWith(prefix) ? [value.slice(prefix.length)] : []))
      if (given.length === 0) return `header ${header.join(', ')} holds no signature that starts with ${prefix}`
      const signatures = given.map(readBase64).filter((signature) => signature !== null)
      const signed = over === 'base64' ? Buffer.from(body.toString('base64')) : body
      const isSigned = signatures.some((signature) => keys.some((key) => verify('sha256', signed, key, signature)))
      if (!isSigned) return mismatch(`header ${header.join(', ')} does not match`)
      return judgeClaims(body, claims)
    },
    sign: onlySenderSigns,
  }
}

function judgeClaims(body: Buffer, claims: RsaConfig['claims']): string | null {
  const names = Object.keys(claims)
  if (names.length === 0) return null
  const members = readObject(body)
  if (members === null) return 'the body is not a JSON object'
  const wrong = names.find((name) => {
    const given = Object.hasOwn(members, name) ? members[name] : undefined
    return typeof given !== 'string' || !isEqual(given, claims[name] ?? '')
  })
  return wrong === undefined ? null : `${wrong} in the body does not match: it is meant for someone else`
}
