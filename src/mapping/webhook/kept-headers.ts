import { ShownWebhook, type Webhook } from './webhook.ts'

/** Kept of every webhook, for any mapper: how the body is decoded, and what finds the sender's side of it. */
export const usualHeaders: readonly string[] = [
  'content-type',
  'content-encoding',
  'content-length',
  'date',
  'user-agent',
  'traceparent',
  'x-request-id',
]

const secretName = /authorization|cookie|signature|hmac|token|secret|password|api-?key|credential/i

/** Whether a header is never kept, because its name says that it holds a secret or a proof. */
export function isSecretHeader(name: string): boolean {
  return secretName.test(name)
}

/** The webhook with no more headers than these. */
export function withHeaders(webhook: Webhook, names: readonly string[]): Webhook {
  const headers: Record<string, string> = {}
  for (const name of names) if (Object.hasOwn(webhook.headers, name)) headers[name] = webhook.headers[name]!
  return new ShownWebhook(webhook, { headers })
}
