import { wellFormed } from '../../domain/well-formed.ts'

/**
 * JSON without what says nothing: null, empty maps and empty lists are left out of every map, so that a record has one
 * form and one checksum however it came. Entries of lists stay, so that positions keep their meaning.
 */
export function pruned(value: Record<string, unknown> | undefined): Record<string, unknown> | undefined {
  return value === undefined ? undefined : (prunedValue(value, 0) as Record<string, unknown> | undefined)
}

/** Deeper than this no content is; what is below is left out. */
const maxDepth = 64

function prunedValue(value: unknown, depth: number): unknown {
  if (depth > maxDepth) return undefined
  switch (typeof value) {
    case 'string':
      return wellFormed(value)
    case 'boolean':
      return value
    case 'number':
      return Number.isFinite(value) ? value : undefined
    case 'object':
      break
    default:
      return undefined // functions, undefined: nothing that JSON has
  }
  if (value === null) return undefined
  if (Array.isArray(value)) {
    return value.length === 0 ? undefined : value.map((entry) => prunedValue(entry, depth + 1) ?? null)
  }
  const result: Record<string, unknown> = {}
  for (const [name, member] of Object.entries(value)) {
    const key = wellFormed(name)
    const kept = key === '__proto__' ? undefined : prunedValue(member, depth + 1)
    if (kept !== undefined) result[key] = kept
  }
  return Object.keys(result).length === 0 ? undefined : result
}
