import type { Finding, Issue, Span } from './issue.ts'
import { mayBeSecret } from './secret-names.ts'
import type { YamlFile } from './yaml-file.ts'

/** What is known of the values of a file besides their places. */
export interface Background {
  readonly file: YamlFile | null
  /** What the paths mean, with everything filled in. */
  readonly document: unknown
  /** Where a value came from, if not from the file alone: `${NAME}`; null if it stands there. */
  sourceOf(path: string): string | null
  /** Whether that is outside of the file altogether. */
  isOutside(path: string): boolean
}

/** A finding with its place and the value that is wrong, unless that is or may be a secret. */
export function tell(finding: Finding, background: Background, hidden: readonly Span[]): Issue {
  const { path } = finding
  if (finding.file !== undefined) return finding
  const message = messageWithValue(finding, background)
  const { file } = background
  if (file === null || background.isOutside(path)) return { path, message }
  const span = file.spanOf(path, finding.isOfKey || finding.isOfShape)
  if (span === null) return { path, message, file: file.name }
  const value = valueAt(background.document, path)
  const offset =
    finding.offset === undefined || typeof value !== 'string' ? null : file.offsetOf(path, value, finding.offset)
  const marked = offset === null ? span : { start: offset, end: offset + 1 }
  return { path, message, ...file.placeOf(marked, hidden) }
}

function messageWithValue(
  { path, message, discreet, isOfKey, isMissing, isOfShape }: Finding,
  background: Background,
): string {
  if (isOfKey || isMissing) return message
  const source = background.sourceOf(path)
  if (source !== null) return `(value of ${source}): ${discreet ?? message}`
  if (mayBeSecret(path) || isOfShape) return discreet ?? message
  if (discreet !== undefined) return message
  const shown = shownValue(valueAt(background.document, path))
  return shown === null ? message : `${shown}: ${message}`
}

const longestShown = 60

/** A number or a text as a message names it; null for anything else. */
function shownValue(value: unknown): string | null {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (typeof value !== 'string' || value === '') return null
  const line = value
    .replace(/\s+/g, ' ')
    .replace(/(:\/\/)[^/@\s]*@/g, '$1***@')
    .replace(/\?.*$/, (query) => (value.includes('://') ? '?***' : query))
  return line.length > longestShown ? `${line.slice(0, longestShown)}…` : line
}

/** What stands at a path, whose keys may hold dots. */
function valueAt(document: unknown, path: string): unknown {
  if (path === '') return document
  if (Array.isArray(document)) {
    const [all, index] = /^\[(\d+)\]\.?/.exec(path) ?? []
    return all === undefined ? undefined : valueAt(document[Number(index)], path.slice(all.length))
  }
  if (typeof document !== 'object' || document === null) return undefined
  for (const { index: end } of path.matchAll(/[.[]|$/g)) {
    const key = path.slice(0, end)
    if (!Object.hasOwn(document, key)) continue
    const value = (document as Readonly<Record<string, unknown>>)[key]
    const found = end === path.length ? value : valueAt(value, path.slice(path[end] === '.' ? end + 1 : end))
    if (found !== undefined) return found
  }
  return undefined
}
