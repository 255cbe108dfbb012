import type { Scope } from '../../../packages/jsonata-compile/index.ts'
import type { Webhook } from '../webhook/webhook.ts'

/** What expressions can use besides the webhook. */
export interface Names {
  /** Of the body; left out if no expression asks, because it costs a hash of the whole body. */
  readonly digest?: string
  readonly vars: Readonly<Record<string, unknown>>
  readonly topic?: string
  /** Position of a record in `each`. */
  readonly index?: number
  readonly model?: string
  /** The element of `each` that a record was fetched for. */
  readonly ref?: unknown
  /** The elements that are asked for together. */
  readonly refs?: readonly unknown[]
  /** The answer of the request before, and the one that holds the record. */
  readonly first?: unknown
  readonly answer?: unknown
  /** The fetched record, if the context is a part of it. */
  readonly record?: unknown
}

/** All names that `scopeOf` gives. */
export const scopeNames =
  'headers query body method path digest vars topic index model ref refs first answer record'.split(' ')

/** The names that expressions can use with a `$` in front. One shape, because it is made for every record. */
export function scopeOf(webhook: Webhook, names: Names, body: unknown = webhook.body): Scope {
  const { vars, digest, topic, index, model, ref, refs, first, answer, record } = names
  const { headers, query, method, path } = webhook
  return {
    headers,
    query,
    body,
    method,
    path,
    digest, // no getter: a literal with one costs ten times as much to make
    vars,
    topic,
    index,
    model,
    ref,
    refs,
    first,
    answer,
    record,
  }
}
