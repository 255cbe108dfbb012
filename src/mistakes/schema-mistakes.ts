import type { z } from 'zod'
import { nearestName } from '../domain/nearest-name.ts'
import { type Finding, pathText } from './issue.ts'

type Words = z.core.$ZodErrorMap

/** For `safeParse`: what a schema says of its own accord, in words for people. */
export const plainWords: Words = (issue) => {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined ? 'is required' : shapeWords(issue.expected, issue.input)
    case 'unrecognized_keys':
      return namesIn(issue.inst).join(' ') // for `findingsOf`, which tells of each key
    case 'invalid_value':
      return issue.input === undefined ? 'is required' : choiceWords(issue.input, issue.values.map(String))
    case 'invalid_union':
      return 'discriminator' in issue && typeof issue.discriminator === 'string'
        ? branchWords(issue)
        : 'has a form that does not fit'
    case 'too_small':
      return tooSmall(issue.origin, Number(issue.minimum), issue.inclusive ?? true)
    case 'too_big':
      return `must ${issue.origin === 'number' || issue.origin === 'int' ? 'be at most' : 'have at most'} ${String(issue.maximum)}${unitOf(issue.origin)}`
    case 'invalid_format':
      return issue.format === 'url'
        ? 'must be an absolute url, such as https://example.com'
        : 'has another form than it must have'
    default:
      return undefined
  }
}

function tooSmall(origin: string, minimum: number, isInclusive: boolean): string {
  if (origin === 'string' && minimum === 1) return 'must not be empty'
  if (origin === 'array' && minimum === 1) return 'must have at least one entry'
  const what = origin === 'number' || origin === 'int' ? 'be' : 'have'
  return isInclusive ? `must ${what} at least ${minimum}${unitOf(origin)}` : `must be more than ${minimum}`
}

function unitOf(origin: string): string {
  return { string: ' characters', array: ' entries' }[origin] ?? ''
}

const shapes: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list, such as [one, two]',
  object: 'a map of settings',
  record: 'a map of settings',
}

/** What must stand there, what does, and how the one becomes the other. */
function shapeWords(expected: string, input: unknown): string {
  const must = `must be ${shapes[expected] ?? expected}`
  if (input === null) return `${must}, and nothing stands here`
  if (Array.isArray(input)) return `${must}, not a list`
  switch (typeof input) {
    case 'object':
      return `${must}, not a map`
    case 'string':
      return /^[\w.-]+:\S/.test(input) && !input.includes('://') && (expected === 'object' || expected === 'record')
        ? `${must}, not text: a space is missing behind the colon`
        : expected === 'string'
          ? must
          : `${must}, not text`
    case 'number':
    case 'boolean':
      return expected === 'string'
        ? `must be text, and this is ${typeof input === 'number' ? 'a number' : 'true or false'}: put it in quotes`
        : `${must}, not ${typeof input === 'number' ? 'a number' : 'true or false'}`
    default:
      return must
  }
}

/** Of a value that is none of those that there are. */
function choiceWords(input: unknown, known: readonly string[]): string {
  const near = typeof input === 'string' ? nearestName(input, known) : null
  if (near !== null) return `is not known here; did you mean ${near}?`
  return `must be ${known.length === 1 ? known[0] : `one of ${known.join(', ')}`}`
}

function branchWords(issue: z.core.$ZodRawIssue<z.core.$ZodIssueInvalidUnion>): string {
  const { discriminator = '', options = [] } = issue as { discriminator?: string; options?: readonly unknown[] }
  const input = (issue.input as Readonly<Record<string, unknown>> | undefined)?.[discriminator]
  return choiceWords(input, options.map(String))
}

/** Says of a name that is not known which one was meant, or which there are. */
export function nameWords(what: string, given: string, known: readonly string[]): string {
  const near = nearestName(given, known)
  return near === null ? `${what} (there is ${known.join(', ') || 'none'})` : `${what}; did you mean ${near}?`
}

/** The keys that a strict object knows. */
function namesIn(schema: unknown): readonly string[] {
  const { shape } = (schema as { _zod?: { def?: { shape?: object } } } | undefined)?._zod?.def ?? {}
  return Object.keys(shape ?? {})
}

/** What a schema that was asked with `plainWords` has found: each mistake at the value that it is about. */
export function findingsOf(error: z.core.$ZodError, at: readonly PropertyKey[] = []): readonly Finding[] {
  return error.issues.flatMap((issue) => findingsIn(issue, at))
}

function findingsIn(issue: z.core.$ZodIssue, at: readonly PropertyKey[]): readonly Finding[] {
  const path = [...at, ...issue.path]
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKey(path, key, issue.message.split(' ').filter(Boolean)))
    case 'invalid_key':
      return [{ path: pathText(path), message: issue.issues[0]?.message ?? issue.message, isOfKey: true }]
    case 'invalid_union': {
      const branch = nearestBranch(issue.errors)
      if (branch !== null) return branch.flatMap((one) => findingsIn(one, path))
      return [{ path: pathText(path), message: issue.message, ...missingIn(issue) }]
    }
    default: {
      const isShape = issue.code === 'invalid_type' && /^(object|record|array)$/.test(issue.expected)
      return [
        {
          path: pathText(path),
          message: issue.message,
          ...(isShape && { isOfShape: true }),
          ...missingIn(issue),
        },
      ]
    }
  }
}

function missingIn({ message }: z.core.$ZodIssue): Pick<Finding, 'isMissing'> {
  return message.startsWith('is required') ? { isMissing: true } : {}
}

function unknownKey(path: readonly PropertyKey[], key: string, known: readonly string[]): Finding {
  const near = nearestName(key, known)
  const own = pathText([...path, key])
  if (near !== null)
    return { path: own, message: `unknown key; did you mean ${near}?`, isOfKey: true, meant: pathText([...path, near]) }
  const cure = /^[\w-]+:./.test(key)
    ? ': a space is missing behind the colon'
    : known.length > 0
      ? ` (there is ${known.join(', ')})`
      : ''
  return { path: own, message: `unknown key${cure}`, isOfKey: true }
}

/** The only branch that what is given has the shape of: its mistakes are the ones to tell. */
function nearestBranch(branches: readonly (readonly z.core.$ZodIssue[])[]): readonly z.core.$ZodIssue[] | null {
  const fitting = branches.filter((issues) =>
    issues.every(({ path, code }) => path.length > 0 || code === 'unrecognized_keys'),
  )
  return fitting.length === 1 ? fitting[0]! : null
}
