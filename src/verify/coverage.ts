import type { InboundRequest } from '../domain/inbound-request.ts'
import type { Proof } from '../domain/proof.ts'
import { signedNames } from './contentful.ts'
import { ghostHmac } from './ghost.ts'
import { hmacOfSettings } from './hmac.ts'
import { hubspotHmac } from './hubspot.ts'
import { readObject } from './json-object.ts'
import { fixedProof } from './module.ts'
import type { VerifyConfig } from './schema.ts'
import { coverageOfTemplates } from './template-hmac.ts'
import { readTimestamp, type TimestampUnit } from './timestamp.ts'
import { timestampedHmac } from './timestamped.ts'
import { webflowHmac } from './webflow.ts'

/** To be asked only of what has been verified, with the bytes that were checked. */
export type CoverageOf = (delivery: InboundRequest, body: Buffer) => Proof | null

/**
 * What the proof of an authentic delivery covers besides its body. Null for a fixed token, and for `none`: a sender with the token
 * can send anything, so the whole request is believed.
 */
export function createCoverage(config: VerifyConfig): CoverageOf {
  switch (config.scheme) {
    case 'hmac':
      return coverageOfTemplates(hmacOfSettings(config))
    case 'timestamped':
      return coverageOfTemplates(timestampedHmac(config))
    case 'ghost':
      return coverageOfTemplates(ghostHmac(config))
    case 'webflow':
      return coverageOfTemplates(webflowHmac(config))
    case 'rsa':
      return () => ({})
    case 'standard-webhooks': {
      const names = ['id', 'timestamp'].map((name) => `${config.header_prefix}-${name}`)
      return ({ headers }) => ({ at: timeOf(headers[names[1]!], 's'), headers: names })
    }
    case 'contentful':
      return ({ headers }) => ({
        at: timeOf(headers['x-contentful-timestamp'], 'ms'),
        headers: signedNames(headers['x-contentful-signed-headers'] ?? ''),
        url: true,
      })
    case 'hubspot':
      if (config.version === 'v3') return coverageOfTemplates(hubspotHmac(config))
      return () => (config.version === 'v1' ? {} : { url: true })
    case 'hygraph':
      return ({ headers }) => ({ at: timeOf(memberOf(headers[config.header], 't'), 'ms') })
    case 'jwt':
      return (_delivery, body) => ({ at: issuedAt(body) })
    case 'module': {
      // The time is in the verdict: a preview, which verifies nothing, has none.
      const { covers } = config.verifier
      const proof = covers === 'everything' ? null : fixedProof(covers)
      return () => proof
    }
    case 'header':
    case 'basic':
    case 'path':
    case 'query':
    case 'body':
    case 'none':
      return () => null
  }
}

/** Schemes by which anybody who has seen one webhook can send any other. */
export const tokenSchemes: ReadonlySet<string> = new Set(['header', 'basic', 'path', 'query', 'body'])

/** The member of `a=1, b=2`. */
function memberOf(value: string | undefined, name: string): string | undefined {
  const parts = (value ?? '').split(',').map((part) => part.trim())
  return parts.find((part) => part.startsWith(`${name}=`))?.slice(name.length + 1)
}

function timeOf(text: string | undefined, unit: TimestampUnit): number | undefined {
  return text === undefined ? undefined : (readTimestamp(text, unit) ?? undefined)
}

/** The last moment that a date can hold. */
const latestSec = 8.64e12

function issuedAt(jwt: Buffer): number | undefined {
  const [, payload = ''] = jwt.toString('latin1').split('.')
  const iat = readObject(Buffer.from(payload, 'base64url'))?.['iat']
  return typeof iat === 'number' && iat >= 0 && iat <= latestSec ? iat * 1000 : undefined
}
