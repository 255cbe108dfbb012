import type { Scope } from './expressions/compile.ts'
import type { Webhook } from './webhook.ts'

/** What expressions can use besides the webhook. */
export interface Names {
  readonly vars: Readonly<Record<string, unknown>>
  readonly topic?: string
  /** Position of a record in `each`. */
  readonly index?: number
  readonly model?: string
}

/** The names that expressions can use with a `$` in front. One shape, because it is made for every record. */
export function scopeOf(webhook: Webhook, { vars, topic, index, model }: Names): Scope {
  const { headers, query, body, method, path } = webhook
  return {
    headers,
    query,
    body,
    method,
    path,
    get digest() {
      return webhook.digest // hashes the body: only for who asks
    },
    vars,
    topic,
    index,
    model,
  }
}
