import { z } from 'zod'
import { isAnyEqual } from './equal.ts'
import { type Scheme, withHeaders } from './scheme.ts'
import { headerName } from './settings.ts'

export const headerSchema = z
  .strictObject({
    scheme: z.literal('header'),
    header: headerName.describe('The header with the token.'),
    prefix: z.string().default('').describe('What may stand before the token, such as `Bearer `.'),
  })
  .describe('A fixed token in a header, for senders that sign nothing.')

/** A static token in a header, for senders that sign nothing (Strapi, Directus, Craft, …). */
export function createHeaderScheme(
  { header, prefix }: z.infer<typeof headerSchema>,
  secrets: readonly string[],
): Scheme {
  // A secret written with its prefix is the whole value, so that users can paste what the CMS sends.
  const expected = secrets.map((secret) => (secret.startsWith(prefix) ? secret : prefix + secret))
  return {
    name: 'header',
    proofHeaders: [header],
    check({ headers }) {
      const value = headers[header]
      if (!value) return `header ${header} is missing or empty`
      if (isAnyEqual([value], expected)) return null
      // The prefix is no secret, and is what people forget.
      return value.startsWith(prefix)
        ? `header ${header} does not match`
        : `header ${header} does not begin with '${prefix}'`
    },
    sign: (delivery) => withHeaders(delivery, { [header]: expected[0]! }),
  }
}
