import { z } from 'zod'
import { isAnyEqual } from './equal.ts'
import { headersWithout } from './headers-without.ts'
import { blanked, type Scheme } from './scheme.ts'

export const pathSchema = z
  .strictObject({ scheme: z.literal('path') })
  .describe('The secret in the path, `/webhooks/<source>/<secret>`. It is blanked in what is kept.')

/** Where the secret stands in a path, split at its slashes: behind '', 'webhooks' and the source. */
const place = 3

/** The secret in the path, for senders that can set nothing but a URL. Proxies on the way may log it. */
export function createPathScheme(_config: unknown, secrets: readonly string[]): Scheme {
  return {
    name: 'path',
    proofHeaders: [],
    check({ path }) {
      const given = path.split('/')[place]
      if (!given) return 'the path holds no secret'
      const plain = decoded(given)
      return plain !== null && isAnyEqual([plain], secrets) ? null : 'the secret in the path does not match'
    },
    blank(delivery) {
      const parts = delivery.path.split('/')
      const given = parts[place] ?? ''
      return {
        ...delivery,
        path: parts.with(place, blanked).join('/'),
        headers: headersWithout(delivery.headers, [given, decoded(given) ?? given]),
      }
    },
    sign(delivery) {
      const parts = delivery.path.split('/')
      return { ...delivery, path: parts.toSpliced(place, 0, encodeURIComponent(secrets[0]!)).join('/') }
    },
  }
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}
