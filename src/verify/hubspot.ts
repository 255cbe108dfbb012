import { hash } from 'node:crypto'
import { z } from 'zod'
import type { InboundRequest } from '../domain/inbound-request.ts'
import { urlOf } from './public-url.ts'
import type { Scheme } from './scheme.ts'
import { publicUrl, toleranceSetting } from './settings.ts'
import { createSignedScheme } from './signed-scheme.ts'
import { readTemplate } from './template.ts'
import { createTemplateHmac, type TemplateHmac } from './template-hmac.ts'

export const hubspotSchema = z
  .strictObject({
    scheme: z.literal('hubspot'),
    version: z.enum(['v1', 'v2', 'v3']).default('v3').describe('Workflows sign with v2; v1 covers the body alone.'),
    public_url: publicUrl
      .optional()
      .describe(
        'The URL as it is set in HubSpot, which v2 and v3 sign. Left out: `server.public_url` with `/webhooks/<source>`.',
      ),
    tolerance: toleranceSetting('5m'),
  })
  .refine(({ version, public_url }) => version === 'v1' || public_url !== undefined, {
    path: ['public_url'],
    error: 'v2 and v3 sign the URL: set server.public_url, or say here how it is set in HubSpot',
  })
  .describe("HubSpot's signatures; `tolerance` is of v3, the others have no timestamp.")

const proofHeaders = ['x-hubspot-signature', 'x-hubspot-signature-v3']

/** HubSpot's v3, an HMAC with a timestamp. Source: HubSpot/hubspot-api-nodejs src/utils/signature.ts */
export function hubspotHmac({ public_url, tolerance }: z.infer<typeof hubspotSchema>): TemplateHmac {
  return {
    header: 'x-hubspot-signature-v3',
    proofHeaders,
    encoding: 'base64',
    over: [readTemplate('{method}{url}{body}{timestamp}')],
    timestamp: { header: 'x-hubspot-request-timestamp', unit: 'ms', tolerance },
    publicUrl: public_url,
  }
}

/**
 * HubSpot's v1 and v2 are plain SHA-256 hashes that start with the secret. The version is configured; the header that names one is
 * the sender's word.
 */
export function createHubspotScheme(config: z.infer<typeof hubspotSchema>, secrets: readonly string[]): Scheme {
  const { version, public_url = '' } = config
  if (version === 'v3') return createTemplateHmac('hubspot', hubspotHmac(config), secrets)
  const header = 'x-hubspot-signature'
  function hashOf(secret: string, delivery: InboundRequest, body: Buffer): string {
    const request = version === 'v1' ? '' : delivery.method + urlOf(public_url, delivery)
    return hash('sha256', Buffer.concat([Buffer.from(secret + request), body]))
  }
  return createSignedScheme(
    'hubspot',
    { header, proofHeaders },
    {
      read: (value, body, delivery) => ({
        given: [value.toLowerCase()],
        expected: secrets.map((secret) => hashOf(secret, delivery, body)),
      }),
      sign: (delivery) => ({ [header]: hashOf(secrets[0]!, delivery, delivery.body) }),
    },
  )
}
