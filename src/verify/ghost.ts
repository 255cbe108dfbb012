import { createHmac } from 'node:crypto'
import { z } from 'zod'
import { isEqual } from './equal.ts'
import type { Scheme } from './scheme.ts'

export const ghostSchema = z.strictObject({
  scheme: z.literal('ghost'),
  header: z.string().min(1).toLowerCase().default('x-ghost-signature').describe('The header with the signature.'),
})
type GhostConfig = z.infer<typeof ghostSchema>

/**
 * Ghost's `sha256=<hex>, t=<ms>`: HMAC-SHA256 over the body followed by the timestamp; releases before 5.x signed the
 * body alone, and both are accepted. Source: TryGhost/Ghost ghost/core/core/server/services/webhooks/WebhookTrigger.js
 */
export function createGhostScheme({ header }: GhostConfig, secrets: readonly string[]): Scheme {
  return {
    name: 'ghost',
    proofHeaders: [header],
    check({ headers }, body) {
      const value = headers[header]
      if (!value) return `header ${header} is missing or empty`
      const match = /^sha256=([0-9a-f]{64})(?:, ?t=(\d{1,16}))?$/i.exec(value)
      if (!match) return `header ${header} is not of the form sha256=<hex>, t=<ms>`
      const [, signature = '', timestamp = ''] = match
      const matches = secrets.some((secret) =>
        [timestamp, ''].some((suffix) =>
          isEqual(signature.toLowerCase(), createHmac('sha256', secret).update(body).update(suffix).digest('hex')),
        ),
      )
      return matches ? null : `header ${header} does not match`
    },
  }
}
