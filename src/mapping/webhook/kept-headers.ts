import type { Webhook } from './webhook.ts'

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
  return new NarrowWebhook(webhook, headers)
}

class NarrowWebhook implements Webhook {
  readonly method: string
  readonly path: string
  readonly headers: Webhook['headers']
  readonly query: Webhook['query']
  readonly proof: Webhook['proof']
  readonly #sent: Webhook

  constructor(sent: Webhook, headers: Webhook['headers']) {
    this.method = sent.method
    this.path = sent.path
    this.headers = headers
    this.query = sent.query
    this.proof = sent.proof ?? null
    this.#sent = sent
  }

  get body(): unknown {
    return this.#sent.body
  }

  get digest(): string {
    return this.#sent.digest
  }
}
