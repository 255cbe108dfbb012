import { readJson } from '../../json/read.ts'
import { textOfHtml } from '../functions/html-text.ts'
import { referenceOf } from '../guess/shapes.ts'
import { escapeHtml, htmlOfText, wrapped } from './element.ts'
import { type Format, isNode, type Node, nodeAt } from './format.ts'
import { isProse, roleOf } from './prose.ts'

/** How a format reads what it has no rule for. */
export interface Reading {
  /** HTML of rich text of the same format that stands in a node; undefined for anything else. */
  readonly nested?: (value: object) => string | undefined
  /** Lists of children that are written already, each with its HTML. */
  readonly written?: ReadonlyMap<unknown, string>
  /** Whether text is HTML in this format, whatever it looks like. */
  readonly isHtml?: boolean
  /** The value that counts in the place of another: of one in several languages the default. */
  readonly resolve?: (value: object) => unknown
}

interface Piece {
  readonly texts: readonly string[]
  readonly html: string
}

/** HTML of the prose in a tree of any shape, in the order of the source. What is prose is said in prose.ts. */
export function htmlOfAnyTree(tree: unknown, reading: Reading = {}): string {
  return piecesOf(tree, '', reading, 0)
    .map(({ html }) => html)
    .join('')
}

/** The prose in a tree of any shape, by paragraphs, cells of a row together. */
export function paragraphsOf(tree: unknown): string[] {
  return piecesOf(tree, '', {}, 0).flatMap(({ texts }) => texts)
}

/** The prose in a node that stands within a line of text. */
export function htmlOfInline(node: unknown, reading: Reading = {}): string {
  const { nested: _nested, ...plain } = reading
  const texts = piecesOf(node, '', plain, 0).flatMap((piece) =>
    plain.isHtml ? [piece.html] : piece.texts.map(escapeHtml),
  )
  return texts.join(' ')
}

/** How deep the walk goes by recursion; below that it gives the plain texts. */
const maxDepth = 300

function piecesOf(given: unknown, name: string, reading: Reading, depth: number): Piece[] {
  if (typeof given === 'string') return textPieces(given, name, reading, depth)
  if (typeof given !== 'object' || given === null) return []
  const inner = reading.written?.get(given)
  if (inner !== undefined) return inner === '' ? [] : [{ texts: [strippedOf(inner)], html: inner }]
  if (depth > maxDepth) return deepPieces(given, name)
  const value = reading.resolve === undefined ? given : reading.resolve(given)
  if (value !== given) return piecesOf(value, name, reading, depth + 1)
  const html = depth === 0 ? undefined : reading.nested?.(given)
  if (html !== undefined) return html === '' ? [] : [{ texts: [strippedOf(html)], html }]
  if (!Array.isArray(given)) return nodePieces(given as Node, name, reading, depth)
  if (isLine(given, name)) return pieceOf(lineOf(given))
  return tablePieces(given, name, reading) ?? given.flatMap((entry) => piecesOf(entry, name, reading, depth + 1))
}

function pieceOf(line: string): Piece[] {
  const text = line.trim()
  return text === '' ? [] : [{ texts: [text], html: wrapped(escapeHtml(text), ['p']) }]
}

/** A node's members, each in its place. One that says what another has said already (text beside its HTML) is left out. */
function nodePieces(node: Node, name: string, reading: Reading, depth: number): Piece[] {
  if (depth > 0 && isOfAnotherRecord(node)) return []
  const own = spanText(node, false)
  if (own !== undefined) return pieceOf(own)
  const said = new Set<string>()
  const pieces: Piece[] = []
  for (const [key, member] of Object.entries(node)) {
    if (typeof member === 'object' && roleOf(key) === 'internal') continue
    const found = piecesOf(member, nameWithin(key, name), reading, depth + 1)
    if (found.length === 0) continue
    const text = found
      .flatMap(({ texts }) => texts)
      .join(' ')
      .replace(/\s+/g, ' ')
      .trim()
    if (said.has(text)) continue
    said.add(text)
    pieces.push(...found)
  }
  return pieces
}

/** A member that only wraps (`{value: …}`), or is a column of a row, has the name of what is around it. */
function nameWithin(key: string, around: string): string {
  if (roleOf(around) !== 'text' || roleOf(key) !== 'open') return key
  return wrappers.has(key) || ['rows', 'row', 'cells', 'cell', 'tbody'].includes(around) ? around : key
}

const wrappers = new Set(['value', 'values', 'data', 'default', 'raw', 'plain'])

/** Whether a record of its own stands here: whether that may leave is its own matter. */
function isOfAnotherRecord(node: Node): boolean {
  return referenceOf(node) !== null || 'full_slug' in node || /^drafts\./.test(String(node['_id'] ?? ''))
}

function textPieces(value: string, name: string, reading: Reading, depth: number): Piece[] {
  if (roleOf(name) === 'internal') return []
  const json = jsonIn(value)
  if (json !== undefined) return depth > maxDepth ? [] : piecesOf(json, name, reading, depth + 1)
  if (name !== 'code' && (reading.isHtml ? /[<&]/.test(value) : isHtml(value, name))) {
    const text = textOfHtml(value)
    if (!isProse(name, text)) return []
    return [{ texts: text.split(/\n{2,}/), html: hasBlocks(value) ? value : wrapped(value, ['p']) }]
  }
  if (!isProse(name, value)) return []
  const texts = value
    .split(/\n\s*\n/)
    .filter((part) => part.trim() !== '')
    .map((part) => part.trim())
  return [{ texts, html: texts.map((text) => wrapped(htmlOfText(text), ['p'])).join('') }]
}

/** A list or object that a text holds as JSON. */
function jsonIn(value: string): object | undefined {
  if (!/^\s*(?:\{\s*["}]|\[\s*["{[\]\d])/.test(value) || !/[}\]]\s*$/.test(value)) return undefined
  try {
    const json = readJson(value)
    return typeof json === 'object' && json !== null ? json : undefined
  } catch {
    return undefined // text in brackets
  }
}

/** Text that is HTML from its first to its last sign, or that its name says is HTML. */
function isHtml(value: string, name = ''): boolean {
  if (/(?:html|markup)$/i.test(name) && /<[a-z]/i.test(value)) return true
  return (
    /^\s*<(?:p|div|h[1-6]|[uod]l|table|blockquote|section|article|figure)(?:\s[^<>]*)?>/i.test(value) &&
    /<\/[a-z][a-z0-9]*\s*>\s*$/i.test(value.slice(-100))
  )
}

function hasBlocks(html: string): boolean {
  return /<(?:p|div|h[1-6]|[uod]l|table|blockquote|section|article|figure|pre)[\s>]/i.test(html)
}

/** What the HTML that we have written says, to compare it with. */
function strippedOf(html: string): string {
  const text = html.replace(/<[^<>]*>/g, ' ')
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&')
    .replace(/\s+/g, ' ')
    .trim()
}

const spanKinds = new Set(['text', 'span', 'TEXT', 'extended-text', 'code-highlight'])

/** The text of a node that is a stretch of a line: `{type: "text", text}`, and with `isBare` also `{text, bold}`. */
function spanText(node: Node, isBare: boolean): string | undefined {
  const { text, value } = node
  const kind = node['nodeType'] ?? node['type'] ?? node['_type']
  if (kind === undefined ? !isBare : !spanKinds.has(String(kind))) return undefined
  if (typeof text === 'string') return text
  if (kind === undefined) return undefined
  if (typeof value === 'string') return value
  const data = nodeAt(node, 'textData')['text']
  return typeof data === 'string' ? data : undefined
}

const childNames = new Set(['children', 'content', 'nodes'])

function isLine(list: readonly unknown[], name: string): boolean {
  return list.some((entry) => isNode(entry) && spanText(entry, childNames.has(name)) !== undefined)
}

/** The text of a list with stretches of a line, at any depth below it. Walks without recursion. */
function lineOf(list: readonly unknown[]): string {
  let line = ''
  const waiting: { readonly value: unknown; readonly name: string }[] = [{ value: list, name: 'children' }]
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { value, name } = next
    if (typeof value === 'string') {
      if (!isProse(name, value)) continue
      line += name === 'text' || name === 'code' || line === '' || /\s$/.test(line) ? value : ` ${value}`
    } else if (Array.isArray(value)) {
      for (let at = value.length - 1; at >= 0; at--) waiting.push({ value: value[at], name })
    } else if (isNode(value)) {
      const own = spanText(value, true)
      if (own !== undefined) line += own
      else if (!isOfAnotherRecord(value)) waiting.push(...membersOf(value))
    }
  }
  return line
}

/** What is to be looked into of a node, the last one first. */
function membersOf(node: Node): { readonly value: unknown; readonly name: string }[] {
  const entries = Object.entries(node).filter(
    ([name, value]) => typeof value !== 'object' || roleOf(name) !== 'internal',
  )
  return entries.map(([name, value]) => ({ value, name })).reverse()
}

/** Too deep for recursion: its texts one by one, those of a line together. */
function deepPieces(tree: object, around: string): Piece[] {
  const pieces: Piece[] = []
  const waiting: { readonly value: unknown; readonly name: string }[] = [{ value: tree, name: around }]
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { value, name } = next
    if (typeof value === 'string') {
      if (isProse(name, value)) pieces.push(...pieceOf(value))
    } else if (Array.isArray(value)) {
      if (isLine(value, name)) pieces.push(...pieceOf(lineOf(value)))
      else for (let at = value.length - 1; at >= 0; at--) waiting.push({ value: value[at], name })
    } else if (isNode(value)) {
      const own = spanText(value, false)
      if (own !== undefined) pieces.push(...pieceOf(own))
      else if (!isOfAnotherRecord(value)) waiting.push(...membersOf(value))
    }
  }
  return pieces
}

/**
 * A list of rows as a table: lists of cells, or nodes with nothing but a list of cells. Undefined for any other list, and
 * for one of settings: a cell is prose, or the name says that these are rows.
 */
function tablePieces(list: readonly unknown[], name: string, reading: Reading): Piece[] | undefined {
  if (list.length === 0 || roleOf(name) === 'setting') return undefined
  const rows: (readonly unknown[])[] = []
  for (const entry of list) {
    const cells = Array.isArray(entry) ? entry : isNode(entry) ? cellsIn(entry) : undefined
    if (cells === undefined || !cells.every(isCell)) return undefined
    rows.push(cells)
  }
  const cells = rows.flat()
  const isNamed = roleOf(name) === 'text' && cells.some((cell) => /\p{L}/u.test(cellText(cell)))
  if (!rows.some((row) => row.length > 1) && !isNamed) return undefined
  if (!isNamed && !cells.some((cell) => isProse('', cellText(cell)))) return undefined
  const texts: string[] = []
  let html = ''
  for (const row of rows) {
    const pieces = row.map((cell) => cellPiece(cell, reading))
    texts.push(
      pieces
        .map(({ texts }) => texts.join(' '))
        .join(' ')
        .trim(),
    )
    html += wrapped(pieces.map((piece) => wrapped(piece.html, ['td'])).join(''), ['tr'])
  }
  return [{ texts: texts.filter((text) => text !== ''), html: wrapped(html, ['table']) }]
}

/** The cells of a row: its one list, if it says nothing beside. */
function cellsIn(row: Node): readonly unknown[] | undefined {
  let cells: readonly unknown[] | undefined
  for (const [name, member] of Object.entries(row)) {
    if (typeof member === 'string' ? isProse(name, member) : isNode(member)) return undefined
    if (!Array.isArray(member) || roleOf(name) === 'internal') continue
    if (cells !== undefined || !rowNames.has(name.toLowerCase())) return undefined
    cells = member
  }
  return cells
}

const rowNames = new Set(['cells', 'cell', 'columns', 'cols', 'values', 'row', 'data', 'body', 'content', 'td', 'th'])

/** A value, or a node that only wraps one. */
function isCell(cell: unknown): boolean {
  if (typeof cell !== 'object' || cell === null) return true
  if (Array.isArray(cell) || isOfAnotherRecord(cell as Node)) return false
  const members = Object.entries(cell).filter(([name]) => mayBeCell(name))
  return members.length <= 1 && members.every(([, member]) => typeof member !== 'object' || member === null)
}

function mayBeCell(name: string): boolean {
  return roleOf(name) !== 'internal' && roleOf(name) !== 'setting'
}

function cellText(cell: unknown): string {
  if (typeof cell === 'string' || typeof cell === 'number') return String(cell)
  if (!isNode(cell)) return ''
  const [, value] = Object.entries(cell).find(([name]) => mayBeCell(name)) ?? []
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}

function cellPiece(cell: unknown, reading: Reading): Piece {
  const text = cellText(cell).trim()
  if (reading.isHtml || isHtml(text)) return { texts: [textOfHtml(text)], html: text }
  return { texts: [text], html: htmlOfText(text) }
}

/** Any tree, or plain text: paragraphs, and nothing else. */
export const text: Format = {
  shape: 'text or any tree',
  accepts: (value) => typeof value === 'string' || (typeof value === 'object' && value !== null),
  render: (value) =>
    typeof value === 'string'
      ? value
          .split(/\n\s*\n/)
          .filter((part) => part.trim() !== '')
          .map((part) => `<p>${escapeHtml(part.trim()).replace(/\r?\n/g, '<br />')}</p>`)
          .join('')
      : paragraphsOf(value)
          .map((paragraph) => wrapped(escapeHtml(paragraph), ['p']))
          .join(''),
}
