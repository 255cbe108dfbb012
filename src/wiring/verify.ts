import type { SourceConfig } from '../config/schema.ts'
import { isObject } from '../json/kind.ts'
import { readVars } from '../mapping/definition/vars.ts'
import { type Definition, isModule } from '../mapping/library/bind.ts'
import { usualHeaders } from '../mapping/webhook/kept-headers.ts'
import type { Finding } from '../mistakes/issue.ts'
import { findingsOf, plainWords } from '../mistakes/schema-mistakes.ts'
import { type VerifyConfig, verifySchema } from '../verify/verifier.ts'

/**
 * How a source verifies: what the source says, over what its mapper says if both mean the same scheme. Mistakes go
 * into `findings`. Fails closed: if neither says anything, that is a mistake. `url` is where the CMS sends, if that is known.
 */
export function verifyConfigOf(
  source: SourceConfig,
  fromMapper: Readonly<Record<string, unknown>> | undefined,
  path: string,
  findings: Finding[],
  definition?: Definition,
  url?: string,
): VerifyConfig | null {
  const { verify } = source
  if (verify === 'none') return { scheme: 'none' }
  const { secret: _secret, ...own } = verify ?? {}
  const isSameScheme = own.scheme === undefined || own.scheme === fromMapper?.['scheme']
  const combined: Record<string, unknown> = isSameScheme ? { ...fromMapper, ...own } : own
  // A source that says how far a time may be off need not say again where it is.
  const [theirs, ours] = [fromMapper?.['timestamp'], own['timestamp']]
  if (isSameScheme && isObject(theirs) && isObject(ours)) combined['timestamp'] = { ...theirs, ...ours }
  if (combined['scheme'] === undefined) {
    findings.push({
      path: `${path}.verify`,
      message: 'the mapper names no scheme: say how webhooks are verified, or none',
    })
    return null
  }
  if (combined['scheme'] === 'module' && definition !== undefined) {
    const byCode = moduleVerifyOf(definition, source.vars)
    const settings = Object.keys(own).filter((key) => key !== 'scheme')
    if (byCode !== null && settings.length > 0) {
      const message = `mapper '${source.mapper}' verifies by code, which has no settings: name a scheme to take its place`
      findings.push({ path: `${path}.verify.${settings[0]}`, message })
      return null
    }
    if (byCode !== null) return byCode
  }
  if (url !== undefined && mayCoverUrl(combined['scheme'])) combined['public_url'] ??= url
  const result = verifySchema.safeParse(combined, { error: plainWords })
  if (result.success) return result.data
  for (const finding of findingsOf(result.error, [])) {
    const key = finding.path.split(/[.[]/, 1)[0] ?? ''
    const isOfMapper = isSameScheme && fromMapper?.[key] !== undefined && own[key] === undefined
    const message = isOfMapper ? `${finding.message} (mapper '${source.mapper}' says it)` : finding.message
    const meant = finding.meant === undefined ? {} : { meant: `${path}.verify.${finding.meant}` }
    findings.push({ ...finding, ...meant, path: `${path}.verify.${finding.path}`, message })
  }
  return null
}

/** Whether a scheme has a `public_url`, since the sender may sign where it sends. */
export function mayCoverUrl(scheme: unknown): boolean {
  return scheme === 'hubspot' || scheme === 'contentful' || scheme === 'hmac'
}

/** How a mapper verifies by code; null if it does not. */
export function moduleVerifyOf(definition: Definition, given: Readonly<Record<string, unknown>>): VerifyConfig | null {
  if (!isModule(definition) || definition.verifier === undefined) return null
  // What is wrong with them is said where the mapper is bound.
  const vars = readVars({ mapper: definition.name, declared: definition.vars, given, issues: [], prefix: '' })
  return { scheme: 'module', verifier: definition.verifier, vars, kept: [...usualHeaders, ...definition.headers] }
}
