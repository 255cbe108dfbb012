import { createHmacOf } from './hmac-of.ts'
import { readKey } from './secret-key.ts'

export interface StandardWebhook {
  /** The same for each attempt; without a dot. */
  readonly id: string
  readonly timestampSec: number
  /** The exact bytes. */
  readonly body: string
}

/**
 * The headers that prove a webhook of ours, by Standard Webhooks `v1`; several secrets, while rotating, make several
 * signatures. Source: standard-webhooks/standard-webhooks spec/standard-webhooks.md
 */
export function signStandardWebhook(
  secrets: readonly string[],
  { id, timestampSec, body }: StandardWebhook,
): Record<string, string> {
  const signatures = secrets.map((secret) => {
    const hmacOf = createHmacOf('sha256', readKey(secret.replace(/^whsec_/, ''), 'base64'))
    return `v1,${hmacOf('base64', `${id}.${timestampSec}.${body}`)}`
  })
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestampSec),
    'webhook-signature': signatures.join(' '),
  }
}
