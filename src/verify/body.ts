import { z } from 'zod'
import { RelayError } from '../domain/errors.ts'
import { isAnyEqual } from './equal.ts'
import { isObjectText, readObject, replaceMember, textMember, withMember } from './json-object.ts'
import { blanked, mismatch, type Scheme } from './scheme.ts'

export const bodySchema = z
  .strictObject({
    scheme: z.literal('body'),
    field: z.string().min(1).default('secret').describe('The member of the JSON object that holds the secret.'),
  })
  .describe('The secret itself in the JSON body (Prismic). It is blanked in what is kept.')

/** The secret as a member of the JSON body. Source: https://prismic.io/docs/webhooks */
export function createBodyScheme({ field }: z.infer<typeof bodySchema>, secrets: readonly string[]): Scheme {
  return {
    name: 'body',
    proofHeaders: [],
    check(_delivery, body) {
      // A stranger's JSON is not parsed: its values may cost a hundred times the memory of its bytes.
      if (!isObjectText(body)) return mismatch('the body is not a JSON object')
      const given = textMember(body, field)
      if (given === null || given === '') return `${field} in the body is missing or empty`
      if (!isAnyEqual([given], secrets)) return `${field} in the body does not match`
      return readObject(body) === null ? 'the body is not a JSON object' : null
    },
    blank(delivery, body) {
      // What is checked, and so what is blanked, is plain even if it came compressed.
      const { 'content-encoding': _encoding, ...headers } = delivery.headers
      return { ...delivery, headers, body: replaceMember(body, field, blanked) }
    },
    sign(delivery) {
      if (readObject(delivery.body) === null) {
        throw new RelayError('invalid', `the secret goes into the body, as ${field}: it has to be a JSON object`)
      }
      return { ...delivery, body: withMember(delivery.body, field, secrets[0]!) }
    },
  }
}
