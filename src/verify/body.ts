import { z } from 'zod'
import { isAnyEqual } from './equal.ts'
import { readObject, replaceMember } from './json-object.ts'
import { blanked, type Scheme } from './scheme.ts'

export const bodySchema = z
  .strictObject({
    scheme: z.literal('body'),
    field: z.string().min(1).default('secret').describe('The member of the JSON object that holds the secret.'),
  })
  .describe('The secret itself in the JSON body (Prismic). It is blanked in what is kept.')
type BodyConfig = z.infer<typeof bodySchema>

/** The secret as a member of the JSON body. Source: https://prismic.io/docs/webhooks */
export function createBodyScheme({ field }: BodyConfig, secrets: readonly string[]): Scheme {
  return {
    name: 'body',
    proofHeaders: [],
    check(_delivery, body) {
      const members = readObject(body)
      if (members === null) return 'the body is not a JSON object'
      const given = Object.hasOwn(members, field) ? members[field] : undefined
      if (typeof given !== 'string' || given === '') return `${field} in the body is missing or empty`
      return isAnyEqual([given], secrets) ? null : `${field} in the body does not match`
    },
    blank(delivery, body) {
      // What is checked, and so what is blanked, is plain even where it came compressed.
      const { 'content-encoding': _encoding, ...headers } = delivery.headers
      return { ...delivery, headers, body: replaceMember(body, field, blanked) }
    },
  }
}
