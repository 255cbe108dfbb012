import { nearestName } from '../../domain/nearest-name.ts'
import { isObject } from '../../json/kind.ts'
import { jsonIn, listIn } from '../../json/text-form.ts'
import type { Finding } from '../../mistakes/issue.ts'
import { nameWords } from '../../mistakes/schema-mistakes.ts'
import type { VarDefinition } from './definition.ts'

export interface VarsOptions {
  readonly mapper: string
  readonly declared: Readonly<Record<string, VarDefinition>>
  readonly given: Readonly<Record<string, unknown>>
  readonly issues: Finding[]
  readonly prefix: string
}

/** The vars of a source, checked against what its mapper asks for, with the defaults filled in. */
export function readVars({ mapper, declared, given, issues, prefix }: VarsOptions): Record<string, unknown> {
  const vars: Record<string, unknown> = {}
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(declared, name)) continue
    const known = Object.keys(declared)
    const near = nearestName(name, known)
    const message = nameWords(`mapper '${mapper}' has no such var`, name, known)
    issues.push({
      path: `${prefix}vars.${name}`,
      message,
      isOfKey: true,
      ...(near !== null && { meant: `${prefix}vars.${near}` }),
    })
  }
  for (const [name, definition] of Object.entries(declared)) {
    const path = `${prefix}vars.${name}`
    const value = switchOf(given[name], definition) ?? definition.default
    const isEmpty = value === '' && !definition.required && definition.format === undefined
    if (value === undefined || value === null || (value === '' && !isEmpty)) {
      const why = definition.description === undefined ? '' : `: ${definition.description}`
      if (definition.required) issues.push({ path, message: `mapper '${mapper}' requires it${why}`, isMissing: true })
      continue
    }
    if (typeof definition.default === 'boolean' && typeof value !== 'boolean') {
      issues.push({ path, message: 'must be true or false' })
      continue
    }
    const read = formats[definition.format ?? 'any'](value)
    if (read === null) issues.push({ path, message: expected[definition.format ?? 'any'] })
    else vars[name] = read
  }
  return vars
}

/**
 * Vars whose values are text, as variables and command lines give it, in the form that the mapper wants: a list or a map is JSON, a list
 * also entries with commas between them.
 */
export function varsFromVariables(
  given: Readonly<Record<string, unknown>>,
  declared: Readonly<Record<string, VarDefinition>>,
  isText: (name: string) => boolean,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => {
      const definition = Object.hasOwn(declared, name) ? declared[name] : undefined
      return [name, definition && typeof value === 'string' && isText(name) ? formOf(value, definition) : value]
    }),
  )
}

function formOf(text: string, { format, default: preset }: VarDefinition): unknown {
  const wantsList = format === 'list' || Array.isArray(preset)
  if (!wantsList && format !== 'map' && !isObject(preset)) return wordOf(text, preset)
  const entryPreset: unknown = Array.isArray(preset) ? preset[0] : undefined
  return jsonIn(text) ?? (wantsList ? listIn(text).map((entry) => wordOf(entry, entryPreset)) : text)
}

/** The texts true and false are switches, if the mapper takes one. */
function switchOf(value: unknown, { default: preset }: VarDefinition): unknown {
  return typeof preset === 'boolean' && typeof value === 'string' && value !== '' ? wordOf(value, preset) : value
}

/** What is a switch or a number by its default is one as text, too. */
function wordOf(text: string, preset: unknown): unknown {
  if (typeof preset === 'boolean') return /^(true|1)$/i.test(text) ? true : /^(false|0)$/i.test(text) ? false : text
  return typeof preset === 'number' && text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : text
}

const expected = {
  any: '',
  origin: 'must be an absolute http(s) url, such as https://example.com',
  currency: 'must be a currency code of three letters, such as EUR',
  list: 'must be a list, such as [en, de]',
  map: 'must be a map, such as { key: value }; in a variable as JSON',
}

const formats = {
  any: (value: unknown) => value,
  /** Without slashes at its end, so that an expression can go on with one. */
  origin(value: unknown) {
    const url = typeof value === 'string' ? URL.parse(value) : null
    if (url === null || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '') return null
    return url.href.replace(/\/+$/, '')
  },
  list(value: unknown) {
    if (typeof value === 'object') return Array.isArray(value) ? value : null
    return [value]
  },
  map: (value: unknown) => (isObject(value) ? value : null),
  currency: (value: unknown) => (typeof value === 'string' && /^[a-z]{3}$/i.test(value) ? value.toUpperCase() : null),
}
