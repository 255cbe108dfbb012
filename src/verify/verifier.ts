import { RelayError } from '../domain/errors.ts'
import type { InboundRequest, Verified } from '../domain/inbound-request.ts'
import { createBasicScheme } from './basic.ts'
import { createBlanking } from './blank-secrets.ts'
import { createBodyScheme } from './body.ts'
import { createContentfulScheme } from './contentful.ts'
import { createCoverage, tokenSchemes } from './coverage.ts'
import { createGhostScheme } from './ghost.ts'
import { createHeaderScheme } from './header.ts'
import { createHmacScheme } from './hmac.ts'
import { createHubspotScheme } from './hubspot.ts'
import { createHygraphScheme } from './hygraph.ts'
import { createJwtScheme } from './jwt.ts'
import { createModuleVerifier } from './module.ts'
import { createPathScheme } from './path.ts'
import { createQueryScheme } from './query.ts'
import { createRsaScheme } from './rsa.ts'
import { type SchemeConfig, type VerifyConfig, verifySchema } from './schema.ts'
import type { Refusal, Scheme, Signing } from './scheme.ts'
import { createStandardWebhooksScheme } from './standard-webhooks.ts'
import { createTimestampedScheme } from './timestamped.ts'
import type { Verdict, Verifier } from './verdict.ts'
import { createWebflowScheme } from './webflow.ts'

export { type Verdict, type Verifier, type VerifyConfig, verifySchema }

/** Makes the verifier of a source. Fails closed: every scheme but `none` needs a secret or a public key. */
export function createVerifier(config: VerifyConfig, secrets: readonly string[]): Verifier {
  checkSecrets(config, secrets)
  if (config.scheme === 'module') return createModuleVerifier(config, secrets)
  const scheme = schemeOf(config, secrets)
  const coverageOf = createCoverage(config)
  const blank = createBlanking(config, secrets, {
    proofHeaders: scheme.proofHeaders,
    isBodySigned: !tokenSchemes.has(config.scheme),
  })

  function verdictOf(refusal: Refusal, delivery: InboundRequest, body: Buffer): Verdict {
    if (typeof refusal === 'string') return { ok: false, reason: refusal, isMismatch: false }
    if (refusal !== null) return { ok: false, reason: refusal.mismatch, isMismatch: true }
    const verified = blank(scheme.blank?.(delivery, body) ?? delivery) as Verified
    return { ok: true, delivery: verified, proof: coverageOf(delivery, body) }
  }

  return {
    scheme: scheme.name,
    proofHeaders: scheme.proofHeaders,
    verify(delivery, nowMs, body = delivery.body) {
      const refusal = scheme.check(delivery, body, nowMs)
      return refusal instanceof Promise
        ? refusal.then((settled) => verdictOf(settled, delivery, body))
        : verdictOf(refusal, delivery, body)
    },
  }
}

/** Makes the side of the sender: it signs as the CMS would, with the first secret. What it throws says why it can't. */
export function createSigner(
  config: VerifyConfig,
  secrets: readonly string[],
): (delivery: InboundRequest, signing: Signing) => InboundRequest {
  checkSecrets(config, secrets)
  if (config.scheme === 'module') throw new RelayError('invalid', 'only the CMS can sign: the mapper verifies by code')
  return schemeOf(config, secrets).sign
}

function checkSecrets(config: VerifyConfig, secrets: readonly string[]): void {
  const { scheme } = config
  const isPublic = scheme === 'rsa' || scheme === 'jwt'
  if (isPublic && secrets.length > 0) {
    throw new RelayError('invalid', `verify scheme '${scheme}' takes no secret, only a public_key`)
  }
  const isFree = config.scheme === 'module' && config.verifier.needsSecret === false
  const needsNone =
    isFree || isPublic || scheme === 'none' || (scheme === 'standard-webhooks' && config.public_key !== undefined)
  if (!needsNone && secrets.length === 0) {
    throw new RelayError('invalid', `verify scheme '${scheme}' needs a secret (write verify: none to accept anyone)`)
  }
  if (secrets.some((secret) => !/\S/.test(secret))) throw new RelayError('invalid', 'a secret must not be blank')
}

type SchemeName = SchemeConfig['scheme']
type CreateScheme<Name extends SchemeName> = (
  config: Extract<SchemeConfig, { scheme: Name }>,
  secrets: readonly string[],
) => Scheme

const schemes: { readonly [Name in SchemeName]: CreateScheme<Name> } = {
  hmac: createHmacScheme,
  timestamped: createTimestampedScheme,
  'standard-webhooks': createStandardWebhooksScheme,
  header: createHeaderScheme,
  basic: createBasicScheme,
  path: createPathScheme,
  query: createQueryScheme,
  body: createBodyScheme,
  rsa: createRsaScheme,
  jwt: createJwtScheme,
  contentful: createContentfulScheme,
  ghost: createGhostScheme,
  hubspot: createHubspotScheme,
  hygraph: createHygraphScheme,
  webflow: createWebflowScheme,
  none: () => ({ name: 'none', proofHeaders: [], check: () => null, sign: (delivery) => delivery }),
}

function schemeOf<Name extends SchemeName>(
  config: Extract<SchemeConfig, { scheme: Name }>,
  secrets: readonly string[],
): Scheme {
  return (schemes[config.scheme as Name] as CreateScheme<Name>)(config, secrets)
}
