import type { SourceConfig } from '../config/schema.ts'
import type { Issue } from '../config/substitute.ts'
import { type VerifyConfig, verifySchema } from '../verify/verifier.ts'

/**
 * How a source verifies: what the source says, over what its mapper says if both mean the same scheme. Mistakes go
 * into `issues`. Fails closed: if neither says anything, that is a mistake.
 */
export function verifyConfigOf(
  source: SourceConfig,
  fromMapper: Readonly<Record<string, unknown>> | undefined,
  path: string,
  issues: Issue[],
): VerifyConfig | null {
  const { verify } = source
  if (verify === 'none') return { scheme: 'none' }
  const { secret: _secret, ...own } = verify ?? {}
  const isSameScheme = own.scheme === undefined || own.scheme === fromMapper?.['scheme']
  const combined = isSameScheme ? { ...fromMapper, ...own } : own
  if (combined['scheme'] === undefined) {
    issues.push({
      path: `${path}.verify`,
      message: 'the mapper names no scheme: say how webhooks are verified, or none',
    })
    return null
  }
  const result = verifySchema.safeParse(combined)
  if (result.success) return result.data
  for (const issue of result.error.issues) {
    const key = String(issue.path[0])
    const isOfMapper = isSameScheme && fromMapper?.[key] !== undefined && own[key] === undefined
    const message = isOfMapper ? `${issue.message} (mapper '${source.mapper}' says it)` : issue.message
    issues.push({ path: [path, 'verify', ...issue.path.map(String)].join('.'), message })
  }
  return null
}
