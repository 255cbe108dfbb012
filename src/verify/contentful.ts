import querystring from 'node:querystring'
import { z } from 'zod'
import { RelayError } from '../domain/errors.ts'
import type { InboundRequest } from '../domain/inbound-request.ts'
import { createHmacOf } from './hmac-of.ts'
import { pathOf } from './public-url.ts'
import type { Scheme } from './scheme.ts'
import { publicUrl, toleranceSetting } from './settings.ts'
import { createSignedScheme, timestampIn } from './signed-scheme.ts'

export const contentfulSchema = z
  .strictObject({
    scheme: z.literal('contentful'),
    tolerance: toleranceSetting('30s'),
    public_url: publicUrl
      .optional()
      .describe(
        'The URL as it is set in Contentful: its path is signed. Left out: `server.public_url` with `/webhooks/<source>`.',
      ),
  })
  .describe("Contentful's request verification: HMAC-SHA256 of method, path, signed headers and body.")

const signatureHeader = 'x-contentful-signature'
const signedHeadersHeader = 'x-contentful-signed-headers'
const timestampHeader = 'x-contentful-timestamp'

/**
 * Contentful's canonical requests: HMAC-SHA256 of method, path, the signed headers and the body. Source:
 * contentful/node-apps-toolkit src/requests/sign-request.ts, verify-request.ts, utils.ts
 */
export function createContentfulScheme(config: z.infer<typeof contentfulSchema>, secrets: readonly string[]): Scheme {
  const { tolerance, public_url } = config
  for (const secret of secrets) {
    if (secret.length !== 64) throw new RelayError('invalid', "a signing secret of Contentful's has 64 characters")
  }
  const hmacs = secrets.map((secret) => createHmacOf('sha256', secret))
  const settings = { header: signatureHeader, tolerance }
  return createSignedScheme('contentful', settings, {
    read(value, body, delivery) {
      const { headers } = delivery
      const timestamp = timestampIn(headers, timestampHeader)
      if (timestamp === null) return `header ${timestampHeader} holds no timestamp`
      const names = signedNames(headers[signedHeadersHeader] ?? '')
      // Without these two, the timestamp or the choice of headers would be anyone's.
      for (const name of [signedHeadersHeader, timestampHeader]) {
        if (!names.includes(name)) return `header ${signedHeadersHeader} does not name ${name}`
      }
      if (names.some((name) => !Object.hasOwn(headers, name))) return 'a signed header is missing'
      const head = canonicalHead(delivery, names, public_url)
      const expected = hmacs.map((hmacOf) => hmacOf('hex', head, body))
      return { given: [value.toLowerCase()], expected, atMs: Number(timestamp) }
    },
    sign(delivery, { nowMs }) {
      const { [signatureHeader]: _own, ...given } = delivery.headers
      const listed = Object.keys(given).filter((name) => name.startsWith('x-contentful-'))
      const names = signedNames([...listed, signedHeadersHeader, timestampHeader].join(','))
      const headers = { ...given, [timestampHeader]: String(nowMs), [signedHeadersHeader]: names.join(',') }
      const signature = hmacs[0]!('hex', canonicalHead({ ...delivery, headers }, names, public_url), delivery.body)
      return { ...headers, [signatureHeader]: signature }
    },
  })
}

/** The names in a list of signed headers. */
export function signedNames(list: string): readonly string[] {
  return [...new Set(list.split(',').map((name) => name.trim().toLowerCase()))].sort()
}

/** What is signed before the body. */
function canonicalHead(delivery: InboundRequest, names: readonly string[], base: string | undefined): string {
  const headers: InboundRequest['headers'] = { ...delivery.headers, [signedHeadersHeader]: names.join(',') }
  const pairs = names.map((name) => `${name}:${headers[name]?.trim()}`)
  return [delivery.method, signedPath(delivery, base), pairs.join(';'), ''].join('\n')
}

/** The query is escaped as a whole and then encoded once more with the path: `?a=1` is signed as `?a%253D1`. */
function signedPath(delivery: InboundRequest, base: string | undefined): string {
  const path = pathOf(base, delivery)
  return encodeURI(delivery.query === '' ? path : `${path}?${querystring.escape(delivery.query)}`)
}
