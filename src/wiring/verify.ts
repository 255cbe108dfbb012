import type { SourceConfig } from '../config/schema.ts'
import type { Finding } from '../mistakes/issue.ts'
import { findingsOf, plainWords } from '../mistakes/schema-mistakes.ts'
import { type VerifyConfig, verifySchema } from '../verify/verifier.ts'

/**
 * How a source verifies: what the source says, over what its mapper says if both mean the same scheme. Mistakes go
 * into `findings`. Fails closed: if neither says anything, that is a mistake.
 */
export function verifyConfigOf(
  source: SourceConfig,
  fromMapper: Readonly<Record<string, unknown>> | undefined,
  path: string,
  findings: Finding[],
): VerifyConfig | null {
  const { verify } = source
  if (verify === 'none') return { scheme: 'none' }
  const { secret: _secret, ...own } = verify ?? {}
  const isSameScheme = own.scheme === undefined || own.scheme === fromMapper?.['scheme']
  const combined = isSameScheme ? { ...fromMapper, ...own } : own
  if (combined['scheme'] === undefined) {
    findings.push({
      path: `${path}.verify`,
      message: 'the mapper names no scheme: say how webhooks are verified, or none',
    })
    return null
  }
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
