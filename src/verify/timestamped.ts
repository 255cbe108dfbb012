import { z } from 'zod'
import { encodings, normalised } from './encoding.ts'
import { createHmacOf } from './hmac-of.ts'
import type { Scheme } from './scheme.ts'
import { headerName, toleranceSetting } from './settings.ts'
import { createSignedScheme } from './signed-scheme.ts'
import { timestampPattern } from './timestamp.ts'

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
export function createTimestampedScheme(config: z.infer<typeof timestampedSchema>, secrets: readonly string[]): Scheme {
  const { header, unit, encoding, version } = config
  const hmacs = secrets.map((secret) => createHmacOf('sha256', secret))
  return createSignedScheme('timestamped', config, {
    read(value, body) {
      const parts = value.split(',').map((part) => part.trim())
      const named = (name: string) =>
        parts.flatMap((part) => (part.startsWith(`${name}=`) ? [part.slice(name.length + 1)] : []))
      const [timestamp = '', ...others] = named('t')
      const given = named(version).map((signature) => normalised(signature, encoding))
      // A second timestamp would leave open which one is signed.
      if (!timestampPattern.test(timestamp) || others.length > 0 || given.length === 0) {
        return `header ${header} is not of the form t=<timestamp>,${version}=<signature>`
      }
      const expected = hmacs.map((hmacOf) => hmacOf(encoding, `${timestamp}.`, body))
      return { given, expected, atMs: Number(timestamp) * (unit === 's' ? 1000 : 1) }
    },
    sign({ body }, { nowMs }) {
      const timestamp = unit === 's' ? Math.floor(nowMs / 1000) : nowMs
      return { [header]: `t=${timestamp},${version}=${hmacs[0]!(encoding, `${timestamp}.`, body)}` }
    },
  })
}
