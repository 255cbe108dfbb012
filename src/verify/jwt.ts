import type { KeyObject } from 'node:crypto'
import type { errors as JoseErrors } from 'jose'
import { z } from 'zod'
import { duration } from '../domain/units.ts'
import { mismatch, onlySenderSigns, type Refusal, type Scheme } from './scheme.ts'
import { publicKeys } from './settings.ts'

const keyTypes = { RS256: 'rsa', PS256: 'rsa', ES256: 'ec', EdDSA: 'ed25519' } as const

export const jwtSchema = z
  .strictObject({
    scheme: z.literal('jwt'),
    algorithm: z
      .enum(['RS256', 'PS256', 'ES256', 'EdDSA'])
      .default('RS256')
      .describe('The one algorithm that is accepted, whatever the JWT says of itself.'),
    public_key: publicKeys,
    tolerance: duration
      .prefault('1m')
      .describe('How far the clocks may differ where `exp`, `nbf` and `iat` are checked.'),
  })
  .refine(({ algorithm, public_key }) => public_key.every((key) => key.asymmetricKeyType === keyTypes[algorithm]), {
    path: ['public_key'],
    error: 'is of another kind than the algorithm needs',
  })
  .describe('The whole body is a signed JWT (Wix), checked with a public key; there is no secret. It must have `exp`.')

const wrongSignature = 'the signature of the JWT does not match'
/** The header names an algorithm and a key. It is read before the signature is checked, so a stranger chooses its length. */
const longestHeader = 4_096

/** A body that is a compact JWT. Source: https://dev.wix.com/docs/rest/articles/get-started/webhook-structure */
export function createJwtScheme({ algorithm, public_key, tolerance }: z.infer<typeof jwtSchema>): Scheme {
  async function judge(jwt: string, key: KeyObject, nowMs: number): Promise<Refusal> {
    const { errors, jwtVerify } = await import('jose') // read by the few who need it
    try {
      const { payload } = await jwtVerify(jwt, key, {
        algorithms: [algorithm],
        currentDate: new Date(nowMs),
        clockTolerance: tolerance / 1000,
        requiredClaims: ['exp'],
      })
      const { iat = 0 } = payload
      return iat * 1000 > nowMs + tolerance ? 'the timestamp iat of the JWT is in the future' : null
    } catch (error) {
      if (error instanceof errors.JOSEError) return reasonOf(error, algorithm, errors)
      throw error
    }
  }

  return {
    name: 'jwt',
    proofHeaders: [],
    async check(_delivery, body, nowMs) {
      const jwt = body.toString('latin1')
      if (!isCompact(jwt)) return mismatch('the body is not a JWT')
      const refusals = await Promise.all(public_key.map((key) => judge(jwt, key, nowMs)))
      if (refusals.includes(null)) return null
      return refusals.find((refusal) => refusal !== wrongSignature) ?? wrongSignature
    },
    sign: onlySenderSigns,
  }
}

/** Three parts, with a header that is no longer than headers are. */
function isCompact(jwt: string): boolean {
  const first = jwt.indexOf('.')
  const second = jwt.indexOf('.', first + 1)
  return first > 0 && first <= longestHeader && second > first && !jwt.includes('.', second + 1)
}

function reasonOf(
  error: InstanceType<typeof JoseErrors.JOSEError>,
  algorithm: string,
  errors: typeof JoseErrors,
): string {
  if (error instanceof errors.JOSEAlgNotAllowed) return `the algorithm of the JWT is not ${algorithm}`
  if (error instanceof errors.JWSSignatureVerificationFailed) return wrongSignature
  if (error instanceof errors.JWTExpired) return 'the JWT has expired by its timestamp exp'
  if (error instanceof errors.JWTClaimValidationFailed) return `the JWT is refused for its timestamp ${error.claim}`
  return 'the body is not a JWT'
}
