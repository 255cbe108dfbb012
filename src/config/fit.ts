import type { z } from 'zod'
import { jsonIn, listIn } from '../json/text-form.ts'
import { isWithin, pathText } from '../mistakes/issue.ts'
import { plainWords } from '../mistakes/schema-mistakes.ts'
import { mayBeSecret } from '../mistakes/secret-names.ts'
import type { Reference } from './substitute.ts'

/**
 * Parses a document that was filled in. If a schema wants a list or a map, a value that came wholly from one reference may be JSON, or
 * entries with commas between them. A secret may be JSON alone: a comma may belong to it.
 */
export function parseFilled<Schema extends z.ZodType>(
  schema: Schema,
  filled: unknown,
  references: readonly Reference[],
) {
  const parse = (value: unknown) => schema.safeParse(value, { error: plainWords })
  let document = filled
  let result = parse(document)
  for (const { at, isWhole } of references) {
    const text = isWhole && !isFreeForm(at) ? memberAt(document, at) : undefined
    if (typeof text !== 'string') continue
    const path = pathText(at)
    const isWrong = () => issuesWithin(result, path).length > 0
    const wantsShape = issuesWithin(result, path).some((issue) => shapesWanted(issue).length > 0)
    const json = jsonIn(text)
    const list = isWrong() && !mayBeSecret(path) ? listIn(text) : null
    for (const reading of [json, json === null ? list : null]) {
      if (reading === null) continue
      const other = withMember(document, at, reading)
      const parsed = parse(other)
      // Text that fits as it is gives way only to what fits as well.
      if (issuesWithin(parsed, path).length === 0 || wantsShape) [document, result] = [other, parsed]
    }
  }
  return { document, result }
}

/** What only the mapper or the scheme knows the form of; it is read when these are known. */
function isFreeForm([section, , key, inner]: readonly PropertyKey[]): boolean {
  if (section !== 'sources' || inner === undefined) return false
  return key === 'vars' || key === 'models' || (key === 'verify' && inner !== 'secret' && inner !== 'public_key')
}

function issuesWithin(result: z.ZodSafeParseResult<unknown>, path: string): readonly z.core.$ZodIssue[] {
  return result.success ? [] : result.error.issues.filter((issue) => isWithin(pathText(issue.path), path))
}

function shapesWanted(issue: z.core.$ZodIssue): readonly string[] {
  if (issue.code === 'invalid_type') return /^(array|object|record)$/.test(issue.expected) ? [issue.expected] : []
  if (issue.code !== 'invalid_union') return []
  return issue.errors
    .flat()
    .filter(({ path }) => path.length === 0)
    .flatMap(shapesWanted)
}

function memberAt(document: unknown, at: readonly PropertyKey[]): unknown {
  return at.reduce<unknown>(
    (value, key) => (value as Readonly<Record<PropertyKey, unknown>> | undefined)?.[key],
    document,
  )
}

function withMember(document: unknown, [key, ...rest]: readonly PropertyKey[], value: unknown): unknown {
  if (key === undefined) return value
  const inner = withMember((document as Record<PropertyKey, unknown>)[key], rest, value)
  return Array.isArray(document) ? document.with(Number(key), inner) : { ...(document as object), [key]: inner }
}
