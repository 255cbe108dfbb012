import { z } from 'zod'
import { createHmacOf } from './hmac-of.ts'
import type { Scheme } from './scheme.ts'
import { headerName, toleranceSetting } from './settings.ts'
import { createSignedScheme, timestampIn } from './signed-scheme.ts'

export const webflowSchema = z
  .strictObject({
    scheme: z.literal('webflow'),
    header: headerName.default('x-webflow-signature').describe('The header with the signature.'),
    timestamp_header: headerName.default('x-webflow-timestamp').describe('The header with the timestamp.'),
    tolerance: toleranceSetting('5m'),
  })
  .describe("Webflow's HMAC-SHA256 in hex of timestamp (ms, in a header of its own), a colon and the body.")
type WebflowConfig = z.infer<typeof webflowSchema>

/** Webflow: HMAC-SHA256 of `<ms>:<body>`. Source: webflow/js-webflow-api src/wrapper/WebhooksClient.ts */
export function createWebflowScheme(config: WebflowConfig, secrets: readonly string[]): Scheme {
  const { header, timestamp_header, tolerance } = config
  const hmacs = secrets.map((secret) => createHmacOf('sha256', secret))
  return createSignedScheme({
    name: 'webflow',
    header,
    tolerance,
    read(value, { headers }, body) {
      const timestamp = timestampIn(headers, timestamp_header)
      if (timestamp === null) return `header ${timestamp_header} holds no timestamp`
      const expected = hmacs.map((hmacOf) => hmacOf('hex', `${timestamp}:`, body))
      return { given: [value.toLowerCase()], expected, atMs: Number(timestamp) }
    },
  })
}
