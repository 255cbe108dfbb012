import { hash } from 'node:crypto'
import { z } from 'zod'
import { createHmacOf } from './hmac-of.ts'
import { urlOf } from './public-url.ts'
import type { Scheme } from './scheme.ts'
import { publicUrl, toleranceSetting } from './settings.ts'
import { createSignedScheme, timestampIn } from './signed-scheme.ts'

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

/**
 * HubSpot: v1 and v2 are plain SHA-256 hashes that start with the secret, v3 is an HMAC with a timestamp. The version is
 * configured; the header that names one is the sender's word. Source: HubSpot/hubspot-api-nodejs src/utils/signature.ts
 */
export function createHubspotScheme(config: z.infer<typeof hubspotSchema>, secrets: readonly string[]): Scheme {
  const { version, public_url = '', tolerance } = config
  const header = version === 'v3' ? 'x-hubspot-signature-v3' : 'x-hubspot-signature'
  const proofHeaders = ['x-hubspot-signature', 'x-hubspot-signature-v3']
  const timestampHeader = 'x-hubspot-request-timestamp'
  const hmacs = secrets.map((secret) => createHmacOf('sha256', secret))
  function hashOf(secret: string, request: string, body: Buffer): string {
    return hash('sha256', Buffer.concat([Buffer.from(secret + (version === 'v1' ? '' : request)), body]))
  }
  const settings = { header, proofHeaders, tolerance }
  return createSignedScheme('hubspot', settings, {
    read(value, body, delivery) {
      const request = delivery.method + urlOf(public_url, delivery)
      if (version !== 'v3') {
        return { given: [value.toLowerCase()], expected: secrets.map((secret) => hashOf(secret, request, body)) }
      }
      const timestamp = timestampIn(delivery.headers, timestampHeader)
      if (timestamp === null) return `header ${timestampHeader} holds no timestamp`
      const expected = hmacs.map((hmacOf) => hmacOf('base64', request, body, timestamp))
      return { given: [value], expected, atMs: Number(timestamp) }
    },
    sign(delivery, { nowMs }) {
      const request = delivery.method + urlOf(public_url, delivery)
      if (version !== 'v3') return { [header]: hashOf(secrets[0]!, request, delivery.body) }
      const signature = hmacs[0]!('base64', request, delivery.body, String(nowMs))
      return { [timestampHeader]: String(nowMs), [header]: signature }
    },
  })
}
