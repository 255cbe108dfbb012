import { z } from 'zod'
import type { Scheme } from './scheme.ts'
import { headerName, signedSettings } from './settings.ts'
import { readTemplate } from './template.ts'
import { createTemplateHmac, type TemplateHmac } from './template-hmac.ts'

export const webflowSchema = z
  .strictObject({
    scheme: z.literal('webflow'),
    ...signedSettings('x-webflow-signature', '5m'),
    timestamp_header: headerName.default('x-webflow-timestamp').describe('The header with the timestamp.'),
  })
  .describe("Webflow's HMAC-SHA256 in hex of timestamp (ms, in a header of its own), a colon and the body.")

/** Webflow: HMAC-SHA256 of `<ms>:<body>`. Source: webflow/js-webflow-api src/wrapper/WebhooksClient.ts */
export function webflowHmac({ header, timestamp_header, tolerance }: z.infer<typeof webflowSchema>): TemplateHmac {
  const timestamp = { header: timestamp_header, unit: 'ms', tolerance } as const
  return { header, over: [readTemplate('{timestamp}:{body}')], timestamp }
}

export function createWebflowScheme(config: z.infer<typeof webflowSchema>, secrets: readonly string[]): Scheme {
  return createTemplateHmac('webflow', webflowHmac(config), secrets)
}
