import type { InboundRequest } from '../domain/inbound-request.ts'
import { headersWithout } from './headers-without.ts'
import type { VerifyConfig } from './schema.ts'
import { blanked } from './scheme.ts'

/** A shorter secret may be a word of a topic: it counts only where it is all of a value. */
const shortest = 8
/** Where the rest begins in a path, split at its slashes: behind '', 'webhooks' and the source. */
const rest = 3

/**
 * Blanks the source's secrets wherever else they came than the scheme reads them: in another header, which is left out, in
 * query and path, and in a body that no signature covers.
 */
export function createBlanking(
  config: VerifyConfig,
  secrets: readonly string[],
  { proofHeaders, isBodySigned }: { readonly proofHeaders: readonly string[]; readonly isBodySigned: boolean },
) {
  const texts = secrets.flatMap((secret) => formsOf(config, secret))
  const long = texts.filter(({ length }) => length >= shortest)
  const short = new Set(texts.filter(({ length }) => length < shortest))
  const inBody = isBodySigned ? [] : long.filter((text) => !/^[\d.eE+-]+$/.test(text)).map((text) => Buffer.from(text))

  function isOpen(value: string): boolean {
    for (const text of long) if (value.includes(text)) return false
    return !short.has(value)
  }
  const isClean = (value: string) => isOpen(value) && (!value.includes('%') || isOpen(decoded(value)))

  function headersOf({ headers }: InboundRequest): InboundRequest['headers'] {
    for (const name in headers) {
      if (!isClean(headers[name]!) && !proofHeaders.includes(name)) return cleanHeaders(headers)
    }
    return headers
  }

  function cleanHeaders(headers: InboundRequest['headers']): InboundRequest['headers'] {
    const kept = headersWithout(headers, long)
    return Object.fromEntries(Object.entries(kept).filter(([, value]) => isClean(value)))
  }

  function queryOf({ query }: InboundRequest): string {
    if (query === '') return query
    return query.split('&').map(cleanPair).join('&')
  }

  function cleanPair(pair: string): string {
    const [name = '', ...value] = pair.split('=')
    if (!isClean(name.replaceAll('+', ' '))) return blanked
    const text = value.join('=')
    return isClean(text) && isClean(text.replaceAll('+', ' ')) ? pair : `${name}=${blanked}`
  }

  function pathOf({ path }: InboundRequest): string {
    const parts = path.split('/')
    if (parts.length <= rest) return path
    return parts.map((part, index) => (index < rest || isClean(part) ? part : blanked)).join('/')
  }

  function bodyOf({ body, headers }: InboundRequest): Buffer {
    if (headers['content-encoding']) return body
    return inBody.reduce(replaced, body)
  }

  return function blank(delivery: InboundRequest): InboundRequest {
    if (texts.length === 0) return delivery
    const headers = headersOf(delivery)
    const query = queryOf(delivery)
    const path = pathOf(delivery)
    const body = bodyOf(delivery)
    const isSame = headers === delivery.headers && query === delivery.query && path === delivery.path
    return isSame && body === delivery.body ? delivery : { ...delivery, headers, query, path, body }
  }
}

/** As it may stand in a value. Basic authentication shows user and password together, too. */
function formsOf(config: VerifyConfig, secret: string): readonly string[] {
  const credentials = config.scheme === 'basic' ? [Buffer.from(`${config.username}:${secret}`).toString('base64')] : []
  return [...new Set([secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret), ...credentials])]
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

const backslash = 0x5c

/** The bytes with the secret blanked. What begins behind a backslash is left, for it may be an escape of JSON. */
function replaced(bytes: Buffer, secret: Buffer): Buffer {
  const parts: Buffer[] = []
  let done = 0
  for (let at = bytes.indexOf(secret); at !== -1; at = bytes.indexOf(secret, at + secret.length)) {
    if (bytes[at - 1] === backslash) continue
    parts.push(bytes.subarray(done, at), Buffer.from(blanked))
    done = at + secret.length
  }
  return parts.length === 0 ? bytes : Buffer.concat([...parts, bytes.subarray(done)])
}
