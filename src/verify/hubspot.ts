import { createHash } from 'node:crypto'
import { z } from 'zod'
import { isAnyEqual } from './equal.ts'
import { createHmacOf } from './hmac-of.ts'
import { urlOf } from './public-url.ts'
import { mismatch, type Scheme } from './scheme.ts'
import { publicUrl, toleranceSetting } from './settings.ts'
import { judgeTimestamp, timestampPattern } from './timestamp.ts'

export const hubspotSchema = z
  .strictObject({
    scheme: z.literal('hubspot'),
    version: z.enum(['v1', 'v2', 'v3']).default('v3').describe('Workflows sign with v2; v1 covers the body alone.'),
    public_url: publicUrl
      .optional()
      .describe('The URL as it is set in HubSpot, which v2 and v3 sign; it stands for `/webhooks/<source>`.'),
    tolerance: toleranceSetting('5m'),
  })
  .refine(({ version, public_url }) => version === 'v1' || public_url !== undefined, {
    path: ['public_url'],
    error: 'v2 and v3 sign the URL: say how it is set in HubSpot',
  })
  .describe("HubSpot's signatures; `tolerance` is of v3, the others have no timestamp.")
type HubspotConfig = z.infer<typeof hubspotSchema>

/**
 * HubSpot: v1 and v2 are plain SHA-256 hashes that start with the secret, v3 is an HMAC with a timestamp. The version is
 * configured; the header that names one is the sender's word. Source: HubSpot/hubspot-api-nodejs src/utils/signature.ts
 */
export function createHubspotScheme(config: HubspotConfig, secrets: readonly string[]): Scheme {
  const { version, public_url = '', tolerance } = config
  const header = version === 'v3' ? 'x-hubspot-signature-v3' : 'x-hubspot-signature'
  const timestampHeader = 'x-hubspot-request-timestamp'
  const hmacs = secrets.map((secret) => createHmacOf('sha256', secret))
  return {
    name: 'hubspot',
    proofHeaders: ['x-hubspot-signature', 'x-hubspot-signature-v3'],
    check(delivery, body, nowMs) {
      const given = delivery.headers[header]
      if (!given) return `header ${header} is missing or empty`
      const request = delivery.method + urlOf(public_url, delivery)
      if (version !== 'v3') {
        const start = version === 'v1' ? '' : request
        const expected = secrets.map((secret) =>
          createHash('sha256')
            .update(secret + start)
            .update(body)
            .digest('hex'),
        )
        return isAnyEqual([given.toLowerCase()], expected) ? null : mismatch(`header ${header} does not match`)
      }
      const timestamp = delivery.headers[timestampHeader] ?? ''
      if (!timestampPattern.test(timestamp)) return `header ${timestampHeader} holds no timestamp`
      const expected = hmacs.map((hmacOf) => hmacOf('base64', request, body, timestamp))
      if (!isAnyEqual([given], expected)) return mismatch(`header ${header} does not match`)
      return judgeTimestamp(Number(timestamp), nowMs, tolerance)
    },
  }
}
