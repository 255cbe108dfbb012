import { z } from 'zod'
import { isAnyEqual } from './equal.ts'
import { headersWithout } from './headers-without.ts'
import { blanked, type Scheme } from './scheme.ts'

export const querySchema = z
  .strictObject({
    scheme: z.literal('query'),
    parameter: z.string().min(1).default('token').describe('The parameter with the secret.'),
  })
  .describe('The secret in the query, `/webhooks/<source>?token=<secret>`. It is blanked in what is kept.')

/** The secret in the query, for senders that can set nothing but a URL. Proxies on the way may log it. */
export function createQueryScheme({ parameter }: z.infer<typeof querySchema>, secrets: readonly string[]): Scheme {
  const isOurs = (pair: string) => new URLSearchParams(pair).has(parameter)
  return {
    name: 'query',
    proofHeaders: [],
    check({ query }) {
      const [pair, ...others] = query.split('&').filter(isOurs)
      if (pair === undefined) return `the query holds no ${parameter}`
      if (others.length > 0) return `the query holds ${parameter} more than once`
      return isAnyEqual(valuesOf(pair, parameter), secrets) ? null : `${parameter} in the query does not match`
    },
    blank(delivery) {
      const pairs = delivery.query.split('&')
      const given = pairs
        .filter(isOurs)
        .flatMap((pair) => [pair.slice(pair.indexOf('=') + 1), ...valuesOf(pair, parameter)])
      return {
        ...delivery,
        query: pairs.map((pair) => (isOurs(pair) ? `${pair.split('=', 1)[0]}=${blanked}` : pair)).join('&'),
        headers: headersWithout(delivery.headers, given),
      }
    },
    sign(delivery) {
      const others = delivery.query.split('&').filter((pair) => pair !== '' && !isOurs(pair))
      const own = `${encodeURIComponent(parameter)}=${encodeURIComponent(secrets[0]!)}`
      return { ...delivery, query: [...others, own].join('&') }
    },
  }
}

/** A plus may be a space, or stand for itself in a token that was pasted as it is. */
function valuesOf(pair: string, parameter: string): readonly string[] {
  return [pair, pair.replaceAll('+', '%2B')].map((text) => new URLSearchParams(text).get(parameter) ?? '')
}
