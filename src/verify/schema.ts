import { z } from 'zod'
import type { OwnVerifier } from '../domain/own-verifier.ts'
import { basicSchema } from './basic.ts'
import { bodySchema } from './body.ts'
import { contentfulSchema } from './contentful.ts'
import { ghostSchema } from './ghost.ts'
import { headerSchema } from './header.ts'
import { hmacSchema } from './hmac.ts'
import { hubspotSchema } from './hubspot.ts'
import { hygraphSchema } from './hygraph.ts'
import { jwtSchema } from './jwt.ts'
import { pathSchema } from './path.ts'
import { querySchema } from './query.ts'
import { rsaSchema } from './rsa.ts'
import { standardWebhooksSchema } from './standard-webhooks.ts'
import { timestampedSchema } from './timestamped.ts'
import { webflowSchema } from './webflow.ts'

const noneSchema = z.strictObject({ scheme: z.literal('none') }).describe('Accepts anyone.')

/** How a source's webhooks are verified: a scheme and its settings, secrets apart. */
export const verifySchema = z.discriminatedUnion('scheme', [
  hmacSchema,
  timestampedSchema,
  standardWebhooksSchema,
  headerSchema,
  basicSchema,
  pathSchema,
  querySchema,
  bodySchema,
  rsaSchema,
  jwtSchema,
  contentfulSchema,
  ghostSchema,
  hubspotSchema,
  hygraphSchema,
  webflowSchema,
  noneSchema,
])
export type SchemeConfig = z.infer<typeof verifySchema>

/** Verification by a function of the mapper, which no file of settings can name. */
export interface ModuleVerifyConfig {
  readonly scheme: 'module'
  readonly verifier: OwnVerifier
  readonly vars: Readonly<Record<string, unknown>>
  /** The headers that are kept for mapping, though they may be read here as well. */
  readonly kept: readonly string[]
}

/** How a source's webhooks are verified: by a scheme and its settings, or by a function of its mapper. */
export type VerifyConfig = SchemeConfig | ModuleVerifyConfig
