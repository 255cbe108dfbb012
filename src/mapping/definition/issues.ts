import type { z } from 'zod'
import { RelayError } from '../../domain/errors.ts'

/** One mistake in what a user wrote, and where it is. */
export interface Issue {
  readonly path: string
  readonly message: string
}

/** All mistakes as one RelayError `invalid`: each in the message and, for machines, in `details.issues`. */
export function issuesError(what: string, issues: readonly Issue[]): RelayError {
  const lines = issues.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`))
  const count = issues.length === 1 ? '1 mistake' : `${issues.length} mistakes`
  return new RelayError('invalid', `${count} in ${what}: ${lines.join('; ')}`, { details: { issues } })
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

export function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`
    return text === '' ? String(key) : `${text}.${String(key)}`
  }, '')
}
