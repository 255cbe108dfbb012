import { type KeyObject, verify } from 'node:crypto'
import { z } from 'zod'
import { readBase64 } from './base64.ts'
import { isAnyEqual } from './equal.ts'
import { createHmacOf } from './hmac-of.ts'
import { maxSignatures, mismatch, onlySenderSigns, type Scheme, withHeaders } from './scheme.ts'
import { readKey } from './secret-key.ts'
import { publicKeys, toleranceSetting } from './settings.ts'
import { standardHeaders } from './sign-standard-webhook.ts'
import { timestampIn } from './signed-scheme.ts'
import { judgeTimestamp } from './timestamp.ts'

export const standardWebhooksSchema = z
  .strictObject({
    scheme: z.literal('standard-webhooks'),
    header_prefix: z
      .string()
      .min(1)
      .toLowerCase()
      .default('webhook')
      .describe('What the headers `-id`, `-timestamp` and `-signature` start with; Svix has `svix`.'),
    key: z
      .enum(['base64', 'raw'])
      .default('base64')
      .describe('How the secret becomes the key of `v1`: decoded after `whsec_`, or its text as it is (BigCommerce).'),
    public_key: publicKeys
      .optional()
      .refine((keys = []) => keys.every(({ asymmetricKeyType }) => asymmetricKeyType === 'ed25519'), {
        error: 'must be an Ed25519 key',
      })
      .describe('Ed25519 keys for `v1a`, as `whpk_…` or PEM; with them no secret is needed.'),
    tolerance: toleranceSetting('5m'),
  })
  .describe('Standard Webhooks (Svix and others): HMAC-SHA256 (`v1`) or Ed25519 (`v1a`) of id, timestamp and body.')

/**
 * Standard Webhooks: `<version>,<base64>` signatures, separated by spaces, of `<id>.<timestamp>.<body>`. The id is the
 * delivery id: mappers dedupe by it, which is what keeps a webhook from being replayed within the tolerance. Source:
 * standard-webhooks/standard-webhooks spec/standard-webhooks.md
 */
export function createStandardWebhooksScheme(
  config: z.infer<typeof standardWebhooksSchema>,
  secrets: readonly string[],
): Scheme {
  const { header_prefix, key: form, public_key: verifyKeys = [], tolerance } = config
  const textOf = (secret: string) => (form === 'base64' ? secret.replace(/^whsec_/, '') : secret)
  const hmacs = secrets.map((secret) => createHmacOf('sha256', readKey(textOf(secret), form)))
  const header = `${header_prefix}-signature`
  return {
    name: 'standard-webhooks',
    proofHeaders: [header],
    check({ headers }, body, nowMs) {
      const value = headers[header]
      if (!value) return `header ${header} is missing or empty`
      const id = headers[`${header_prefix}-id`]
      // A dot would let a part of the id pass for the timestamp, or a part of the body for the id.
      if (!id || id.includes('.')) return `header ${header_prefix}-id is missing, empty or holds a dot`
      const timestamp = timestampIn(headers, `${header_prefix}-timestamp`)
      if (timestamp === null) return `header ${header_prefix}-timestamp holds no timestamp`

      const parts = value.split(' ').filter(Boolean)
      if (parts.length > maxSignatures) return `header ${header} holds more than ${maxSignatures} signatures`
      const named = (version: string) =>
        parts.flatMap((part) => (part.startsWith(`${version},`) ? [part.slice(version.length + 1)] : []))
      const start = `${id}.${timestamp}.`
      const expected = hmacs.map((hmacOf) => hmacOf('base64', start, body))
      const isSigned = isAnyEqual(named('v1'), expected)
      if (!isSigned && !isSignedBy(verifyKeys, named('v1a'), start, body))
        return mismatch(`header ${header} does not match`)
      return judgeTimestamp(Number(timestamp) * 1000, nowMs, tolerance)
    },
    sign(delivery, signing) {
      if (hmacs.length === 0) onlySenderSigns()
      const own = delivery.headers[`${header_prefix}-id`]
      const id = own && !own.includes('.') ? own : signing.id
      const webhook = { id, timestampSec: Math.floor(signing.nowMs / 1000), body: delivery.body }
      return withHeaders(delivery, standardHeaders(header_prefix, hmacs.slice(0, 1), webhook))
    },
  }
}

function isSignedBy(keys: readonly KeyObject[], given: readonly string[], start: string, body: Buffer): boolean {
  if (keys.length === 0 || given.length === 0) return false
  const signed = Buffer.concat([Buffer.from(start), body])
  const signatures = given.map(readBase64).filter((signature) => signature !== null)
  return signatures.some((signature) => keys.some((key) => verify(null, signed, key, signature)))
}
