import { messageOf, RelayError } from '../domain/errors.ts'
import type { InboundRequest, Verified } from '../domain/inbound-request.ts'
import type { CheckedRequest, OwnCoverage, OwnVerifier } from '../domain/own-verifier.ts'
import type { Proof } from '../domain/proof.ts'
import { createBlanking } from './blank-secrets.ts'
import type { ModuleVerifyConfig } from './schema.ts'
import { blanked } from './scheme.ts'
import type { Verdict, Verifier } from './verdict.ts'

/** Longer, a sender would be gone. Milliseconds. */
const patience = 5_000

/** The verifier of a module. It fails closed: only what says so in form is proven. */
export function createModuleVerifier(
  config: ModuleVerifyConfig,
  secrets: readonly string[],
  limitMs = patience,
): Verifier {
  const { verifier, vars } = config
  const { headers, covers } = verifier
  const kept = new Set([...config.kept, ...(covers === 'everything' ? [] : (covers.headers ?? []))])
  const proofHeaders = headers.filter((name) => !kept.has(name))
  const blank = createBlanking(config, secrets, { proofHeaders, isBodySigned: covers !== 'everything' })

  function refused(reason: string, isMismatch = false): Verdict {
    const open = secrets.reduce((text, secret) => text.replaceAll(secret, blanked), reason)
    return { ok: false, reason: open.replace(/\s+/g, ' ').slice(0, 300), isMismatch }
  }
  const failed = (error: unknown) => refused(`verify of the mapper threw: ${messageOf(error)}`)

  function verdictOf(given: unknown, delivery: InboundRequest): Verdict {
    const { proven, at, reason } = (given ?? {}) as { proven?: unknown; at?: unknown; reason?: unknown }
    if (proven === false) return refused(typeof reason === 'string' ? reason : 'the webhook is not proven', true)
    if (proven !== true) return refused('verify of the mapper gave neither a proof nor a refusal')
    const proof = proofOf(covers, at)
    if (proof === undefined) return refused('verify of the mapper gave no `at`, though it covers the time')
    return { ok: true, delivery: blank(delivery) as Verified, proof }
  }

  return {
    scheme: 'module',
    proofHeaders,
    verify(delivery, nowMs, body = delivery.body) {
      let given: unknown
      try {
        given = verifier.check(requestOf(delivery, body, { headers, secrets, vars: structuredClone(vars), now: nowMs }))
      } catch (error) {
        return failed(error)
      }
      if (!isThenable(given)) return verdictOf(given, delivery)
      return within(given, limitMs).then((settled) => verdictOf(settled, delivery), failed)
    },
  }
}

/** What a proof covers, with its time if it has one; undefined if it should have one. */
export function proofOf(covers: OwnVerifier['covers'], at: unknown): Proof | null | undefined {
  if (covers === 'everything') return null
  if (!covers.time) return fixedProof(covers)
  return typeof at === 'number' && Math.abs(at) <= latest ? { ...fixedProof(covers), at } : undefined
}

/** The last moment that a date can hold. Unix milliseconds. */
const latest = 8.64e15

/** What every proof covers, whatever its time. */
export function fixedProof({ headers = [], url = false, time = false }: OwnCoverage): Proof {
  return { ...(headers.length > 0 && { headers }), ...(url && { url }), ...(time && { at: undefined }) }
}

function requestOf(
  { method, path, query, headers }: InboundRequest,
  body: Buffer,
  {
    headers: names,
    ...own
  }: Pick<CheckedRequest, 'secrets' | 'vars' | 'now'> & { readonly headers: readonly string[] },
): CheckedRequest {
  const shown: Record<string, string> = {}
  for (const name of names) if (Object.hasOwn(headers, name)) shown[name] = headers[name]!
  const url = query === '' ? path : `${path}?${query}`
  // A copy: what it does to the bytes is not done to those that are kept.
  return { ...own, secrets: [...own.secrets], body: Buffer.from(body), headers: shown, method, url }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
}

async function within(given: PromiseLike<unknown>, limitMs: number): Promise<unknown> {
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new RelayError('unavailable', `it took longer than ${limitMs} ms`)), limitMs)
  try {
    return await Promise.race([given, promise])
  } finally {
    clearTimeout(timer)
  }
}
