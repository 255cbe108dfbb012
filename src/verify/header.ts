import { z } from 'zod'
import { isEqual } from './equal.ts'
import type { Scheme } from './scheme.ts'

export const headerSchema = z.strictObject({
  scheme: z.literal('header'),
  header: z.string().min(1).toLowerCase().describe('The header with the token.'),
  prefix: z.string().default('').describe('What may stand before the token, such as `Bearer `.'),
})
type HeaderConfig = z.infer<typeof headerSchema>

/** A static token in a header, for senders that sign nothing (Strapi, Directus, Craft, …). */
export function createHeaderScheme({ header, prefix }: HeaderConfig, secrets: readonly string[]): Scheme {
  return {
    name: 'header',
    proofHeaders: [header],
    check({ headers }) {
      const value = headers[header]
      if (!value) return `header ${header} is missing or empty`
      // A secret written with its prefix is the whole value, so that users can paste what the CMS sends.
      const matches = secrets.some((secret) => isEqual(value, secret.startsWith(prefix) ? secret : prefix + secret))
      return matches ? null : `header ${header} does not match`
    },
  }
}
