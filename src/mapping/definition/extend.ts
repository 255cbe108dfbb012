type Raw = Record<string, unknown>

/**
 * A mapper with another's changes laid over it (as JSON merge patch, RFC 7396, does it: maps are merged, null takes a
 * key away, anything else replaces). Records and pings are matched by name: `remove: true` takes one away, a new name
 * is added at the end. `verify` is replaced as a whole, because the settings of two schemes do not mix.
 */
export function extendMapper(base: Raw, patch: Raw): Raw {
  const { extends: _base, records, pings, verify, ...rest } = patch
  const merged = merge(base, rest) as Raw
  if (verify !== undefined) merged['verify'] = verify
  if (records !== undefined) merged['records'] = mergeNamed(base['records'], records)
  if (pings !== undefined) merged['pings'] = mergeNamed(base['pings'], pings)
  return merged
}

function mergeNamed(base: unknown, patch: unknown): Raw[] {
  const merged = new Map((base as Raw[] | undefined)?.map((entry) => [entry['name'], entry]))
  for (const { remove, ...entry } of patch as Raw[]) {
    const name = entry['name']
    if (remove === true) merged.delete(name)
    else merged.set(name, merge(merged.get(name) ?? {}, entry) as Raw)
  }
  return [...merged.values()]
}

function merge(base: unknown, patch: unknown): unknown {
  if (!isMap(patch)) return patch
  const merged: Raw = isMap(base) ? { ...base } : {}
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key]
    else merged[key] = merge(merged[key], value)
  }
  return merged
}

function isMap(value: unknown): value is Raw {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
