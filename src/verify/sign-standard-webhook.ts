import { createHmacOf, type HmacOf } from './hmac-of.ts'
import { readKey } from './secret-key.ts'

export interface StandardWebhook {
  /** The same for each attempt; without a dot. */
  readonly id: string
  readonly timestampSec: number
  /** The exact bytes. */
  readonly body: string | Uint8Array
}

/**
 * The headers that prove a webhook of ours, by Standard Webhooks `v1`; several secrets, while rotating, make several
 * signatures. Source: standard-webhooks/standard-webhooks spec/standard-webhooks.md
 */
export function signStandardWebhook(secrets: readonly string[], webhook: StandardWebhook): Record<string, string> {
  const hmacs = secrets.map((secret) => createHmacOf('sha256', readKey(secret.replace(/^whsec_/, ''), 'base64')))
  return standardHeaders('webhook', hmacs, webhook)
}

/** The three headers of a Standard Webhook, with a `v1` signature by each key. */
export function standardHeaders(
  prefix: string,
  hmacs: readonly HmacOf[],
  { id, timestampSec, body }: StandardWebhook,
): Record<string, string> {
  const signatures = hmacs.map((hmacOf) => `v1,${hmacOf('base64', `${id}.${timestampSec}.`, body)}`)
  return {
    [`${prefix}-id`]: id,
    [`${prefix}-timestamp`]: String(timestampSec),
    [`${prefix}-signature`]: signatures.join(' '),
  }
}
