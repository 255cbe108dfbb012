import { z } from 'zod'
import { encodings, normalised } from './encoding.ts'
import { createHmacOf } from './hmac-of.ts'
import type { Scheme } from './scheme.ts'
import { readKey } from './secret-key.ts'
import { headerName } from './settings.ts'
import { createSignedScheme } from './signed-scheme.ts'

export const hmacSchema = z
  .strictObject({
    scheme: z.literal('hmac'),
    header: headerName.describe('The header with the signature.'),
    algorithm: z
      .enum(['sha1', 'sha256', 'sha384', 'sha512'])
      .default('sha256')
      .describe('The hash of the HMAC; `sha1` only where the sender has nothing better.'),
    encoding: z.enum(encodings).default('hex').describe('How the signature is written.'),
    prefix: z.string().default('').describe('What stands before each signature, such as `sha256=`.'),
    separator: z
      .string()
      .min(1)
      .optional()
      .describe('What separates several signatures in one header; any may match. Left out: exactly one signature.'),
    key: z
      .enum(['raw', 'hex', 'base64'])
      .default('raw')
      .describe('How the secret becomes the key: `raw` takes its text as it is, the others decode it.'),
  })
  .describe('HMAC of the exact bytes of the body, in a header.')

/** HMAC of the exact body bytes in a header (Shopify, WooCommerce, GitHub, Storyblok, Kontent.ai, Squarespace, …). */
export function createHmacScheme(config: z.infer<typeof hmacSchema>, secrets: readonly string[]): Scheme {
  const { header, algorithm, encoding, prefix, separator, key } = config
  const hmacs = secrets.map((secret) => createHmacOf(algorithm, readKey(secret, key)))
  return createSignedScheme('hmac', config, {
    read(value, body) {
      const parts = separator === undefined ? [value] : value.split(separator)
      const given = parts
        .map((part) => part.trim())
        .filter((part) => part.startsWith(prefix))
        .map((part) => normalised(part.slice(prefix.length), encoding))
      if (given.length === 0) return `header ${header} holds no signature that starts with ${prefix}`
      return { given, expected: hmacs.map((hmacOf) => hmacOf(encoding, body)) }
    },
    sign: ({ body }) => ({ [header]: prefix + hmacs[0]!(encoding, body) }),
  })
}
