import type { InboundRequest } from '../domain/inbound-request.ts'
import type { Proof } from '../domain/proof.ts'
import { signedNames } from './contentful.ts'
import { readObject } from './json-object.ts'
import type { VerifyConfig } from './schema.ts'
import { timestampPattern } from './timestamp.ts'

/**
 * What the proof of an authentic delivery covers besides its body. Null for a fixed token, and for `none`: a sender with the token
 * can send anything, so the whole request is believed. To be asked only of what has been verified.
 */
export function coverageOf(config: VerifyConfig, { headers }: InboundRequest, body: Buffer): Proof | null {
  switch (config.scheme) {
    case 'hmac':
    case 'rsa':
      return {}
    case 'timestamped':
      return { at: timeOf(memberOf(headers[config.header], 't'), config.unit === 's' ? 1000 : 1) }
    case 'standard-webhooks': {
      const names = ['id', 'timestamp'].map((name) => `${config.header_prefix}-${name}`)
      return { at: timeOf(headers[names[1]!], 1000), headers: names }
    }
    case 'contentful':
      return {
        at: timeOf(headers['x-contentful-timestamp'], 1),
        headers: signedNames(headers['x-contentful-signed-headers'] ?? ''),
        url: true,
      }
    case 'ghost':
      // Without a tolerance the signature may be of the body alone, and then the time is anyone's.
      return Number.isFinite(config.tolerance) ? { at: timeOf(memberOf(headers[config.header], 't'), 1) } : {}
    case 'hubspot':
      if (config.version === 'v1') return {}
      if (config.version === 'v2') return { url: true }
      return { at: timeOf(headers[hubspotTime], 1), headers: [hubspotTime], url: true }
    case 'hygraph':
      return { at: timeOf(memberOf(headers[config.header], 't'), 1) }
    case 'webflow':
      return { at: timeOf(headers[config.timestamp_header], 1), headers: [config.timestamp_header] }
    case 'jwt':
      return { at: issuedAt(body) }
    case 'header':
    case 'basic':
    case 'path':
    case 'query':
    case 'body':
    case 'none':
      return null
  }
}

/** Schemes by which anybody who has seen one webhook can send any other. */
export const tokenSchemes: ReadonlySet<string> = new Set(['header', 'basic', 'path', 'query', 'body'])

const hubspotTime = 'x-hubspot-request-timestamp'

/** The member of `a=1, b=2`. */
function memberOf(value: string | undefined, name: string): string | undefined {
  const parts = (value ?? '').split(',').map((part) => part.trim())
  return parts.find((part) => part.startsWith(`${name}=`))?.slice(name.length + 1)
}

function timeOf(text: string | undefined, unitMs: number): number | undefined {
  if (text === undefined || !timestampPattern.test(text)) return undefined
  const at = Number(text) * unitMs
  return at <= latest ? at : undefined
}

/** The last moment that a date can hold. Unix milliseconds. */
const latest = 8.64e15

function issuedAt(jwt: Buffer): number | undefined {
  const [, payload = ''] = jwt.toString('latin1').split('.')
  const iat = readObject(Buffer.from(payload, 'base64url'))?.['iat']
  return typeof iat === 'number' && iat >= 0 && iat * 1000 <= latest ? iat * 1000 : undefined
}
