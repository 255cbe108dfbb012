import { z } from 'zod'
import { encodings } from './encoding.ts'
import type { Scheme } from './scheme.ts'
import { headerName, toleranceSetting } from './settings.ts'
import { readTemplate } from './template.ts'
import { createTemplateHmac, type TemplateHmac } from './template-hmac.ts'

export const timestampedSchema = z
  .strictObject({
    scheme: z.literal('timestamped'),
    header: headerName.describe('The header with timestamp and signatures.'),
    unit: z.enum(['s', 'ms']).default('s').describe('What the timestamp counts.'),
    encoding: z.enum(encodings).default('hex').describe('How the signature is written.'),
    version: z.string().min(1).default('v1').describe('The name of the signatures that count; others are ignored.'),
    tolerance: toleranceSetting('5m'),
  })
  .describe(
    '`t=<timestamp>,v1=<signature>`: HMAC-SHA256 of timestamp, a dot and the body. Any of several `v1` may match.',
  )

/**
 * `t=…,v1=…[,v1=…]` in one header: HMAC-SHA256 of `<t>.<body>`, keyed with the secret's text, a `whsec_` included.
 * Stripe (s, hex; stripe/stripe-node src/Webhooks.ts), Sanity (ms, base64url; sanity-io/webhook-toolkit
 * src/signature.ts), Contentstack with a secret (s, hex).
 */
export function timestampedHmac(config: z.infer<typeof timestampedSchema>): TemplateHmac {
  const { header, unit, encoding, version, tolerance } = config
  const timestamp = { prefix: 't=', unit, tolerance }
  return {
    header,
    encoding,
    separator: ',',
    prefix: `${version}=`,
    over: [readTemplate('{timestamp}.{body}')],
    timestamp,
  }
}

export function createTimestampedScheme(config: z.infer<typeof timestampedSchema>, secrets: readonly string[]): Scheme {
  return createTemplateHmac('timestamped', timestampedHmac(config), secrets)
}
