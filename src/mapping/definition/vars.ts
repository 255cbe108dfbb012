import type { VarDefinition } from './definition.ts'
import type { Issue } from './issues.ts'

export interface VarsOptions {
  readonly mapper: string
  readonly declared: Readonly<Record<string, VarDefinition>>
  readonly given: Readonly<Record<string, unknown>>
  readonly issues: Issue[]
  readonly prefix: string
}

/** The vars of a source, checked against what its mapper asks for, with the defaults filled in. */
export function readVars({ mapper, declared, given, issues, prefix }: VarsOptions): Record<string, unknown> {
  const vars: Record<string, unknown> = {}
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(declared, name)) continue
    const known = Object.keys(declared).join(', ') || 'none'
    issues.push({ path: `${prefix}vars.${name}`, message: `mapper '${mapper}' has no such var (there is: ${known})` })
  }
  for (const [name, definition] of Object.entries(declared)) {
    const path = `${prefix}vars.${name}`
    const value = given[name] ?? definition.default
    const isEmpty = value === '' && !definition.required && definition.format === undefined
    if (value === undefined || value === null || (value === '' && !isEmpty)) {
      const why = definition.description === undefined ? '' : `: ${definition.description}`
      if (definition.required) issues.push({ path, message: `mapper '${mapper}' requires it${why}` })
      continue
    }
    const read = formats[definition.format ?? 'any'](value)
    if (read === null) issues.push({ path, message: expected[definition.format ?? 'any'] })
    else vars[name] = read
  }
  return vars
}

const expected = {
  any: '',
  origin: 'must be an absolute http(s) url, such as https://example.com',
  currency: 'must be a currency code of three letters, such as EUR',
  list: 'must be a list, such as [en, de]',
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
  currency: (value: unknown) => (typeof value === 'string' && /^[a-z]{3}$/i.test(value) ? value.toUpperCase() : null),
}
