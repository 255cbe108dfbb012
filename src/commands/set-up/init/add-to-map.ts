import { isDeepStrictEqual } from 'node:util'
import { isMap, isScalar, parseDocument, type YAMLMap } from 'yaml'
import { RelayError } from '../../../domain/errors.ts'

/**
 * The text of a configuration with one entry more in a map of it, such as `sources`. Every other byte stays, comments included.
 * `block` is the map with the entry alone, as a file would have it. Throws RelayError `invalid` if the text can't be added to so.
 */
export function addToMap(text: string, key: string, block: string): string {
  const isWindows = text.includes('\r\n')
  const unix = isWindows ? text.replaceAll('\r\n', '\n') : text
  const lines = unix === '' || unix.endsWith('\n') ? unix : `${unix}\n`
  const result = spliced(lines, key, block)
  if (result !== null && isSum(lines, key, block, result)) return isWindows ? result.replaceAll('\n', '\r\n') : result
  throw new RelayError('invalid', `\`${key}\` is written in a way that nothing can be added to: do it by hand`)
}

function spliced(text: string, key: string, block: string): string | null {
  const document = parseDocument(text)
  if (document.errors.length > 0) return null
  const root = document.contents
  const body = block.slice(block.indexOf('\n') + 1)
  if (root !== null && !(isMap(root) && !root.flow)) return null
  const pair = root?.items.find((one) => isScalar(one.key) && one.key.value === key)
  if (!pair) return `${text}${text.trim() === '' ? '' : '\n'}${block}`
  const { value } = pair
  if (isMap(value) && !value.flow) return insertedInto(value, text, body)
  const isEmpty =
    value === null || (isScalar(value) && value.value === null) || (isMap(value) && value.items.length === 0)
  if (!isEmpty || !isScalar(pair.key)) return null
  // `sources:` alone, or `sources: {}`
  const end = endOfLine(text, pair.key.range![1])
  const line = text
    .slice(pair.key.range![1], end)
    .replace(/\s*\{\s*\}/, '')
    .trimEnd()
  return `${text.slice(0, pair.key.range![1])}${line}\n${body}${text.slice(end + 1)}`
}

function insertedInto(map: YAMLMap, text: string, body: string): string | null {
  const [first] = map.items
  const last = map.items.at(-1)
  if (!isScalar(first?.key) || !isScalar(last?.key)) return null
  const start = first.key.range![0]
  const indent = text.slice(text.lastIndexOf('\n', start - 1) + 1, start)
  if (!/^ +$/.test(indent)) return null
  const value = last.value as { readonly range?: readonly number[] | null } | null
  let end = endOfLine(text, Math.max((value?.range ?? last.key.range!)[1]! - 1, last.key.range![1]))
  // Comments that stand deeper than the names belong to the last entry.
  for (;;) {
    const next = text.slice(end + 1, endOfLine(text, end + 1))
    if (!new RegExp(`^${indent} +#`).test(next)) break
    end = endOfLine(text, end + 1)
  }
  const shifted = body.replace(/^ {2}( *\S)/gm, `${indent}$1`)
  return `${text.slice(0, end + 1)}\n${shifted}${text.slice(end + 1)}`
}

/** Where the line break is that ends the line of a place. */
function endOfLine(text: string, at: number): number {
  const end = text.indexOf('\n', at)
  return end === -1 ? text.length : end
}

/** Whether the result says what both say, and nothing else. */
function isSum(text: string, key: string, block: string, result: string): boolean {
  const document = parseDocument(result)
  if (document.errors.length > 0) return false
  const before = (parseDocument(text).toJS() ?? {}) as Record<string, unknown>
  const more = parseDocument(block).toJS() as Record<string, object>
  return isDeepStrictEqual(document.toJS(), { ...before, [key]: { ...(before[key] as object | null), ...more[key] } })
}
