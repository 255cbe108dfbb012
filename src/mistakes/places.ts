import { type Document, isAlias, isCollection, isMap, isPair, isScalar, isSeq, type Node, type Pair } from 'yaml'
import type { Span } from './issue.ts'

/** Where a part of a document stands: the deepest that is there of what the path names. `isOfKey`: its key. Null for an empty document. */
export function spanOf(document: Document, path: string, isOfKey = false): Span | null {
  const { pair, node, rest } = deepest(document, document.contents, path, null)
  // What is missing in a map is missing under the key that the map has.
  const key = pair && isScalar(pair.key) ? pair.key : null
  const chosen =
    (isOfKey ||
      (rest !== '' && !isScalar(node)) ||
      (isScalar(node) && node.value === null && spanIn(node).end <= spanIn(node).start)) &&
    key
      ? key
      : (node ?? key)
  return chosen === null ? null : spanIn(chosen)
}

interface Found {
  /** The pair whose value it is; null in a list and at the top. */
  readonly pair: Pair | null
  readonly node: Node | null
  /** What of the path is not there. */
  readonly rest: string
}

/** A key may hold dots and brackets: of the ways to read a path the one that leads furthest counts. */
function deepest(document: Document, node: Node | null, path: string, pair: Pair | null): Found {
  let best: Found = { pair, node, rest: path }
  if (path === '' || node === null) return best
  const inner = isAlias(node) ? (node.resolve(document) ?? null) : node
  const look = (found: Found) => {
    if (found.rest.length < best.rest.length) best = found
  }
  if (isMap(inner)) {
    for (const one of inner.items) {
      const rest = restBehind(path, isScalar(one.key) ? String(one.key.value) : null)
      if (rest !== null) look(deepest(document, one.value as Node | null, rest, one))
    }
  } else if (isSeq(inner)) {
    const [all = '', index] = /^\[(\d+)\]/.exec(path) ?? []
    const entry = index === undefined ? undefined : inner.items[Number(index)]
    if (entry !== undefined)
      look(
        deepest(
          document,
          isPair(entry) ? null : (entry as Node),
          path.slice(all.length).replace(/^\./, ''),
          isPair(entry) ? entry : null,
        ),
      )
  }
  return best
}

/** What of a path comes behind its first key; null if that is another one. */
function restBehind(path: string, key: string | null): string | null {
  if (key === null || !path.startsWith(key)) return null
  const rest = path.slice(key.length)
  if (rest === '' || rest.startsWith('[')) return rest
  return rest.startsWith('.') ? rest.slice(1) : null
}

/** A collection is marked by its first character. */
function spanIn(node: Node): Span {
  const [start, end] = node.range ?? [0, 0]
  return isCollection(node) ? { start, end: start + 1 } : { start, end }
}

/** All that a document has under a path, for what must not be shown. */
export function wholeSpanOf(document: Document, path: string): Span | null {
  const { node, rest } = deepest(document, document.contents, path, null)
  if (node === null || rest !== '') return null
  const [start, end] = node.range ?? [0, 0]
  return { start, end }
}

/** All that a document has at the paths that are asked for, in one walk; of an alias also what it stands for. */
export function spansWhere(document: Document, isWanted: (path: string) => boolean): readonly Span[] {
  const spans: Span[] = []
  const add = (node: Node) => {
    const [start, end] = node.range ?? [0, 0]
    spans.push({ start, end })
  }
  function walk(node: unknown, path: string): void {
    if (isMap(node)) {
      for (const { key, value } of node.items) {
        const name = isScalar(key) ? String(key.value) : ''
        walk(value, path === '' ? name : `${path}.${name}`)
      }
    } else if (isSeq(node)) {
      node.items.forEach((one, index) => {
        walk(one, `${path}[${index}]`)
      })
    } else if ((isScalar(node) || isAlias(node)) && isWanted(path)) {
      add(node)
      const meant = isAlias(node) ? node.resolve(document) : undefined
      if (meant) add(meant)
    }
  }
  walk(document.contents, '')
  return spans
}

/** Where in a text a character of a value stands: quotes, escapes, indentation and folded lines come between. */
export function offsetIn(source: string, { start, end }: Span, value: string, at: number): number {
  let from = /^[|>]/.test(source.slice(start, end)) ? source.indexOf('\n', start) + 1 : start
  for (const character of value.slice(0, at)) {
    if (/\s/.test(character)) continue
    const next = source.indexOf(character, from)
    if (next === -1 || next >= end) return start
    from = next + 1
  }
  while (from < end && /\s/.test(source.charAt(from))) from++
  const wanted = value.charAt(at).trim()
  const next = wanted === '' ? -1 : source.indexOf(wanted, from)
  return next === -1 || next >= end ? Math.max(start, Math.min(from, end - 1)) : next
}
