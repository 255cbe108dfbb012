import type { ErrorCode } from '../domain/errors.ts'

/** A good answer, in the ingest API's envelope. */
export interface OkEnvelope {
  readonly ok: true
  readonly data: unknown
  readonly meta: Readonly<Record<string, unknown>> & { readonly requestId: string }
}

/** A bad answer, in the ingest API's envelope (`application/problem+json`). */
export interface ErrorEnvelope {
  readonly ok: false
  readonly error: {
    readonly code: ErrorCode | 'internal'
    readonly message: string
    readonly status: number
    readonly retryable: boolean
    readonly requestId: string
    readonly details: Readonly<Record<string, unknown>>
  }
}

export function ok(data: unknown, requestId: string, meta: Readonly<Record<string, unknown>> = {}): OkEnvelope {
  return { ok: true, data, meta: { ...meta, requestId } }
}
