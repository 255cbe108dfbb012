import { z } from 'zod'
import type { Delivery, Verified } from '../domain/delivery.ts'
import { RelayError } from '../domain/errors.ts'
import { basicSchema, createBasicScheme } from './basic.ts'
import { createGhostScheme, ghostSchema } from './ghost.ts'
import { createHeaderScheme, headerSchema } from './header.ts'
import { createHmacScheme, hmacSchema } from './hmac.ts'
import type { Scheme } from './scheme.ts'

const noneSchema = z.strictObject({ scheme: z.literal('none') })

/** How a source's webhooks are verified: a scheme and its settings, secrets apart. */
export const verifySchema = z.discriminatedUnion('scheme', [
  hmacSchema,
  headerSchema,
  basicSchema,
  ghostSchema,
  noneSchema,
])
export type VerifyConfig = z.infer<typeof verifySchema>

export interface Verifier {
  readonly scheme: string
  readonly proofHeaders: readonly string[]
  /** The delivery as verified, or why it is refused. `body` are the bytes to check where they are not those sent. */
  verify(delivery: Delivery, nowMs: number, body?: Buffer): Verdict
}

export type Verdict =
  | { readonly ok: true; readonly delivery: Verified }
  | { readonly ok: false; readonly reason: string }

/** Makes the verifier of a source. Fails closed: every scheme but `none` needs at least one secret. */
export function createVerifier(config: VerifyConfig, secrets: readonly string[]): Verifier {
  if (config.scheme !== 'none' && secrets.length === 0) {
    throw new RelayError(
      'invalid',
      `verify scheme '${config.scheme}' needs a secret (write verify: none to accept anyone)`,
    )
  }
  const scheme = schemeOf(config, secrets)
  return {
    scheme: scheme.name,
    proofHeaders: scheme.proofHeaders,
    verify(delivery, nowMs, body = delivery.body) {
      const reason = scheme.check(delivery, body, nowMs)
      return reason === null ? { ok: true, delivery: delivery as Verified } : { ok: false, reason }
    },
  }
}

function schemeOf(config: VerifyConfig, secrets: readonly string[]): Scheme {
  switch (config.scheme) {
    case 'hmac':
      return createHmacScheme(config, secrets)
    case 'header':
      return createHeaderScheme(config, secrets)
    case 'basic':
      return createBasicScheme(config, secrets)
    case 'ghost':
      return createGhostScheme(config, secrets)
    case 'none':
      return { name: 'none', proofHeaders: [], check: () => null }
  }
}
