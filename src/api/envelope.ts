import { z } from 'zod'
import type { ErrorCode } from '../domain/errors.ts'
import { text } from './fields.ts'

/** A good answer, in the ingest API's envelope. */
export interface OkEnvelope {
  readonly ok: true
  readonly data: unknown
  readonly meta: Readonly<Record<string, unknown>> & { readonly requestId: string }
}

const errorCodes = [
  'invalid',
  'unauthorized',
  'not_found',
  'conflict',
  'too_large',
  'unsupported',
  'rate_limited',
  'unavailable',
  'overloaded',
  'internal',
] as const satisfies readonly (ErrorCode | 'internal')[]

/** A bad answer, in the ingest API's envelope (`application/problem+json`). */
export const errorSchema = z
  .strictObject({
    ok: z.literal(false),
    error: z.strictObject({
      code: z.enum(errorCodes),
      message: text.describe('For people: it says what and which.'),
      status: z.int().describe('The HTTP status.'),
      retryable: z.boolean().describe('Whether the same request may succeed later.'),
      requestId: text.nullable().describe('Null if the request could not be read.'),
      details: z.record(z.string(), z.unknown()).describe('For machines, such as `issues` with `path` and `message`.'),
    }),
  })
  .meta({ id: 'Error', description: 'A bad answer: branch on `ok`, tell people the `message`.' })

export type ErrorEnvelope = z.output<typeof errorSchema>

export function ok(data: unknown, requestId: string, meta: Readonly<Record<string, unknown>> = {}): OkEnvelope {
  return { ok: true, data, meta: { ...meta, requestId } }
}

/** The envelope of an answer. Of a list, `meta` has the cursor of the next page, null on the last. */
export function envelopeOf(data: z.ZodType): z.ZodType {
  const requestId = text.describe('Quote it when you ask for help.')
  const cursor = text.nullable().describe('`cursor` of the next page; null on the last.')
  const meta = data instanceof z.ZodArray ? z.strictObject({ cursor, requestId }) : z.strictObject({ requestId })
  return z.strictObject({ ok: z.literal(true), data, meta })
}
