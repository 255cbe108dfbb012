import { z } from 'zod'
import { createHmacOf } from './hmac-of.ts'
import type { Scheme } from './scheme.ts'
import { signedSettings } from './settings.ts'
import { createSignedScheme } from './signed-scheme.ts'

export const ghostSchema = z
  .strictObject({ scheme: z.literal('ghost'), ...signedSettings('x-ghost-signature', 'unlimited') })
  .describe("Ghost's `sha256=<hex>, t=<ms>`. With a `tolerance`, Ghost before 5.x is refused: it signs no timestamp.")

/**
 * Ghost's `sha256=<hex>, t=<ms>`: HMAC-SHA256 over the body followed by the timestamp; releases before 5.x signed the
 * body alone, and both are accepted. Source: TryGhost/Ghost ghost/core/core/server/services/webhooks/WebhookTrigger.js
 */
export function createGhostScheme(config: z.infer<typeof ghostSchema>, secrets: readonly string[]): Scheme {
  const { header } = config
  const isAgeChecked = Number.isFinite(config.tolerance)
  const hmacs = secrets.map((secret) => createHmacOf('sha256', secret))
  return createSignedScheme('ghost', config, {
    read(value, body) {
      const match = /^sha256=([0-9a-f]{64})(?:, ?t=(\d{1,16}))?$/i.exec(value)
      if (!match) return `header ${header} is not of the form sha256=<hex>, t=<ms>`
      const [, signature = '', timestamp = ''] = match
      if (isAgeChecked && timestamp === '') return `header ${header} holds no timestamp`
      const suffixes = isAgeChecked ? [timestamp] : [timestamp, '']
      const expected = hmacs.flatMap((hmacOf) => suffixes.map((suffix) => hmacOf('hex', body, suffix)))
      return { given: [signature.toLowerCase()], expected, atMs: Number(timestamp) }
    },
    sign: ({ body }, { nowMs }) => ({ [header]: `sha256=${hmacs[0]!('hex', body, String(nowMs))}, t=${nowMs}` }),
  })
}
