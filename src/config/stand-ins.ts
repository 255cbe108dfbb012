import { type Environment, substitute } from './substitute.ts'

/** Whether the caller uses a setting, by the keys that lead to it: `['sources', 'shop', 'secret']`. */
export type Uses = (path: SettingPath) => boolean

export type SettingPath = readonly (string | number)[]

/**
 * The document without what can't be filled in and is not used: a command that looks into the store needs no secret of a source.
 * An optional setting is left out; a required one gets a value that is nobody's.
 */
export function withStandIns(document: unknown, env: Environment, uses: Uses): unknown {
  // A variable that is set to nothing is no secret either.
  const filled = Object.fromEntries(Object.entries(env).filter(([, value]) => value))

  function spared(value: unknown, path: SettingPath): unknown {
    if (typeof value === 'string') return uses(path) || isFilled(value, filled) ? value : standInFor(path)
    if (Array.isArray(value)) return listOf(value.map((one, index) => spared(one, [...path, index])))
    if (typeof value !== 'object' || value === null) return value
    const entries = Object.entries(value).map(([key, one]) => [key, spared(one, [...path, key])] as const)
    return Object.fromEntries(entries.filter(([, one]) => one !== undefined))
  }

  return spared(document, [])
}

function isFilled(text: string, env: Environment): boolean {
  if (!text.includes('${')) return true
  const { document, findings } = substitute(text, env)
  return document !== '' && findings.length === 0
}

/** A list of which nothing is left says no more than none. */
function listOf(values: readonly unknown[]): unknown {
  const left = values.filter((value) => value !== undefined)
  return left.length > 0 || values.length === 0 ? left : undefined
}

/** What the schema requires, in the shape that it requires. `.invalid` is a domain that can't be. */
const standIns: Readonly<Record<string, string>> = {
  'destinations.token': 'unset.unset',
  'destinations.website_id': 'unset',
  'signals.url': 'https://unset.invalid/',
  'signals.secret': `whsec_${'A'.repeat(32)}`,
}

function standInFor([part, , key]: SettingPath): string | undefined {
  return standIns[`${part}.${key}`]
}
