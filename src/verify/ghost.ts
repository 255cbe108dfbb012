import { z } from 'zod'
import type { Scheme } from './scheme.ts'
import { signedSettings } from './settings.ts'
import { readTemplate } from './template.ts'
import { createTemplateHmac, type TemplateHmac } from './template-hmac.ts'

export const ghostSchema = z
  .strictObject({ scheme: z.literal('ghost'), ...signedSettings('x-ghost-signature', 'unlimited') })
  .describe("Ghost's `sha256=<hex>, t=<ms>`. With a `tolerance`, Ghost before 5.x is refused: it signs no timestamp.")

/**
 * Ghost's `sha256=<hex>, t=<ms>`: HMAC-SHA256 over the body followed by the timestamp; releases before 5.x signed the
 * body alone, and both are accepted. Source: TryGhost/Ghost ghost/core/core/server/services/webhooks/WebhookTrigger.js
 */
export function ghostHmac({ header, tolerance }: z.infer<typeof ghostSchema>): TemplateHmac {
  const forms = Number.isFinite(tolerance) ? ['{body}{timestamp}'] : ['{body}{timestamp}', '{body}']
  const timestamp = { prefix: 't=', unit: 'ms', tolerance } as const
  return { header, separator: ',', prefix: 'sha256=', over: forms.map((form) => readTemplate(form)), timestamp }
}

export function createGhostScheme(config: z.infer<typeof ghostSchema>, secrets: readonly string[]): Scheme {
  return createTemplateHmac('ghost', ghostHmac(config), secrets)
}
