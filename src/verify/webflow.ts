import { z } from 'zod'
import { createHmacOf } from './hmac-of.ts'
import type { Scheme } from './scheme.ts'
import { headerName, signedSettings } from './settings.ts'
import { createSignedScheme, timestampIn } from './signed-scheme.ts'

export const webflowSchema = z
  .strictObject({
    scheme: z.literal('webflow'),
    ...signedSettings('x-webflow-signature', '5m'),
    timestamp_header: headerName.default('x-webflow-timestamp').describe('The header with the timestamp.'),
  })
  .describe("Webflow's HMAC-SHA256 in hex of timestamp (ms, in a header of its own), a colon and the body.")

/** Webflow: HMAC-SHA256 of `<ms>:<body>`. Source: webflow/js-webflow-api src/wrapper/WebhooksClient.ts */
export function createWebflowScheme(config: z.infer<typeof webflowSchema>, secrets: readonly string[]): Scheme {
  const { header, timestamp_header } = config
  const hmacs = secrets.map((secret) => createHmacOf('sha256', secret))
  return createSignedScheme('webflow', config, {
    read(value, body, { headers }) {
      const timestamp = timestampIn(headers, timestamp_header)
      if (timestamp === null) return `header ${timestamp_header} holds no timestamp`
      const expected = hmacs.map((hmacOf) => hmacOf('hex', `${timestamp}:`, body))
      return { given: [value.toLowerCase()], expected, atMs: Number(timestamp) }
    },
    sign: ({ body }, { nowMs }) => ({
      [timestamp_header]: String(nowMs),
      [header]: hmacs[0]!('hex', `${nowMs}:`, body),
    }),
  })
}
