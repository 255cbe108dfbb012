import type { z } from 'zod'
import { RelayError } from '../../domain/errors.ts'
import { countText, type Finding, type Issue, issueText, pathText } from '../../mistakes/issue.ts'

/** All mistakes as one RelayError `invalid`: each in the message and, for machines, in `details.issues`. */
export function issuesError(what: string, issues: readonly Finding[]): RelayError {
  const lines = issues.map(issueText)
  return new RelayError('invalid', `${countText(issues)} in ${what}: ${lines.join('; ')}`, { details: { issues } })
}

/** What zod found, one issue for each unknown key. Paths read like `records[0].url`. */
export function issuesOf(error: z.ZodError): (Issue & { readonly at: readonly PropertyKey[] })[] {
  return error.issues.flatMap((issue) => {
    if (issue.code !== 'unrecognized_keys')
      return [{ path: pathText(issue.path), at: issue.path, message: issue.message }]
    return issue.keys.map((key) => {
      const at = [...issue.path, key]
      return { path: pathText(at), at, message: 'unknown key' }
    })
  })
}
