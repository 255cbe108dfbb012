import type { VarDefinition } from '../../../mapping/definition/definition.ts'
import { readVars, varsFromVariables } from '../../../mapping/definition/vars.ts'
import type { Finding } from '../../../mistakes/issue.ts'

export type VarValue = { readonly value: unknown } | { readonly mistake: string }

/** What a person types for a var: as in a variable, and a map as `id=slug, id=slug` as well. */
export function readVarValue(text: string, name: string, declared: VarDefinition): VarValue {
  const given = isMap(declared) ? (pairsIn(text) ?? text.trim()) : text.trim()
  const all = { [name]: declared }
  const typed = varsFromVariables({ [name]: given }, all, () => true)
  const issues: Finding[] = []
  readVars({ mapper: '', declared: all, given: typed, issues, prefix: '' })
  const [issue] = issues
  if (!issue) return { value: typed[name] }
  return { mistake: isMap(declared) ? 'must be a map: id=slug, id=slug, or JSON' : issue.message }
}

/** How a var is typed, for the question; empty for a text. */
export function formOfVar(declared: VarDefinition): string {
  if (declared.format === 'list' || Array.isArray(declared.default)) return 'with commas'
  return isMap(declared) ? 'id=slug, with commas' : ''
}

function isMap({ format, default: preset }: VarDefinition): boolean {
  return format === 'map' || (typeof preset === 'object' && preset !== null && !Array.isArray(preset))
}

/** `a=b, c=d`; null if a part is no pair. */
function pairsIn(text: string): Record<string, string> | null {
  const pairs = text.split(',').map((part) => /^\s*([^={}]+?)\s*=\s*(.+?)\s*$/.exec(part))
  if (pairs.some((pair) => pair === null)) return null
  return Object.fromEntries(pairs.map((pair) => [pair![1]!, pair![2]!]))
}
