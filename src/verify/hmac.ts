import { createHmac } from 'node:crypto'
import { z } from 'zod'
import { isEqual } from './equal.ts'
import type { Scheme } from './scheme.ts'

export const hmacSchema = z.strictObject({
  scheme: z.literal('hmac'),
  header: z.string().min(1).toLowerCase().describe('The header with the signature.'),
  algorithm: z.enum(['sha1', 'sha256', 'sha384', 'sha512']).default('sha256').describe('The hash of the HMAC.'),
  encoding: z.enum(['hex', 'base64', 'base64url']).default('hex').describe('How the signature is written.'),
  prefix: z.string().default('').describe('What stands before each signature, such as `sha256=`.'),
  separator: z
    .string()
    .optional()
    .describe('What separates several signatures in one header; any may match. Left out: exactly one signature.'),
})
type HmacConfig = z.infer<typeof hmacSchema>

/** HMAC of the exact body bytes, keyed with a secret's UTF-8 bytes, in a header (Shopify, WooCommerce, GitHub, …). */
export function createHmacScheme(config: HmacConfig, secrets: readonly string[]): Scheme {
  const { header, algorithm, encoding, prefix, separator } = config

  function signaturesIn(value: string): readonly string[] {
    const parts = separator === undefined ? [value] : value.split(separator)
    return parts
      .map((part) => part.trim())
      .filter((part) => part.startsWith(prefix))
      .map((part) => part.slice(prefix.length))
  }

  return {
    name: 'hmac',
    proofHeaders: [header],
    check({ headers }, body) {
      const value = headers[header]
      if (!value) return `header ${header} is missing or empty`
      const given = signaturesIn(value).map((signature) => normalised(signature, encoding))
      if (given.length === 0) return `header ${header} holds no signature that starts with ${prefix}`
      const expected = secrets.map((secret) =>
        normalised(createHmac(algorithm, secret).update(body).digest(encoding), encoding),
      )
      return given.some((one) => expected.some((other) => isEqual(one, other)))
        ? null
        : `header ${header} does not match`
    },
  }
}

function normalised(signature: string, encoding: HmacConfig['encoding']): string {
  if (encoding === 'hex') return signature.toLowerCase()
  return encoding === 'base64url' ? signature.replace(/=+$/, '') : signature
}
