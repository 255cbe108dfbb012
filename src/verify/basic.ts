import { z } from 'zod'
import { isAnyEqual } from './equal.ts'
import { type Scheme, withHeaders } from './scheme.ts'

export const basicSchema = z
  .strictObject({
    scheme: z.literal('basic'),
    username: z.string().min(1).describe('The user name; the password is the secret.'),
  })
  .describe('HTTP basic authentication.')

/** HTTP basic authentication (RFC 7617), credentials as UTF-8. */
export function createBasicScheme({ username }: z.infer<typeof basicSchema>, passwords: readonly string[]): Scheme {
  const credentials = passwords.map((password) => Buffer.from(`${username}:${password}`).toString('base64'))
  return {
    name: 'basic',
    proofHeaders: ['authorization'],
    check({ headers }) {
      const given = /^basic +(\S+)$/i.exec(headers['authorization'] ?? '')?.[1]
      if (!given) return 'header authorization holds no basic credentials'
      return isAnyEqual([given], credentials) ? null : 'the basic credentials do not match'
    },
    sign: (delivery) => withHeaders(delivery, { authorization: `Basic ${credentials[0]}` }),
  }
}
