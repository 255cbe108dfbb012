import type { Proof } from '../../domain/proof.ts'
import type { HeaderNames } from '../../mapping/mapper.ts'
import { isSecretHeader, usualHeaders } from '../../mapping/webhook/kept-headers.ts'

type Headers = Readonly<Record<string, string>>

/** The headers to keep with an event. */
export type StorableHeaders = (headers: Headers, proof: Proof | null) => Record<string, string>

/** What only the connection to the sender was about. */
const connectionNames = new Set(['connection', 'keep-alive', 'transfer-encoding', 'te', 'upgrade', 'expect'])

/**
 * Keeps the usual headers, those that the mapper reads, and those that the proof covers. If the mapper may read any, all
 * are kept. What is secret, proves authenticity or is about the connection never is.
 */
export function createStorableHeaders(read: HeaderNames, proofHeaders: readonly string[]): StorableHeaders {
  const isStorable = (name: string) => {
    return !isSecretHeader(name) && !connectionNames.has(name) && !proofHeaders.includes(name)
  }
  if (read === 'all') return keepAll(isStorable)
  const names = [...new Set([...usualHeaders, ...read])].filter(isStorable)
  return function storableHeaders(headers, proof) {
    const kept = pick(headers, names)
    const covered = proof?.headers
    return covered ? { ...kept, ...pick(headers, covered.filter(isStorable)) } : kept
  }
}

function pick(headers: Headers, names: readonly string[]): Record<string, string> {
  const kept: Record<string, string> = {}
  for (const name of names) {
    const value = headers[name]
    if (value !== undefined && Object.hasOwn(headers, name)) kept[name] = value
  }
  return kept
}

const maxVerdicts = 1_000

function keepAll(isStorable: (name: string) => boolean): StorableHeaders {
  // Senders use the same few names over and over: the verdict on each is worked out once.
  const verdicts = new Map<string, boolean>()
  function verdictOn(name: string): boolean {
    const known = verdicts.get(name)
    if (known !== undefined) return known
    const verdict = isStorable(name)
    if (verdicts.size < maxVerdicts) verdicts.set(name, verdict)
    return verdict
  }
  return (headers) => pick(headers, Object.keys(headers).filter(verdictOn))
}
