import { readFileSync, statSync } from 'node:fs'
import { relative, resolve, sep } from 'node:path'
import { type Document, LineCounter, parseDocument } from 'yaml'
import { messageOf } from '../domain/errors.ts'
import type { Excerpt, Issue, Span } from './issue.ts'
import { offsetIn, spanOf, spansWhere, wholeSpanOf } from './places.ts'
import { secretSpansIn } from './secret-names.ts'
import { findYamlMistake } from './yaml-mistakes.ts'

/** A YAML file that was read, and where each part of it stands. */
export interface YamlFile {
  /** As seen from where the relay was started. */
  readonly name: string
  readonly text: string
  /** What it says; null if it says nothing. */
  readonly content: unknown
  /** The part that a path names, or the nearest around it. `isOfKey`: the key, not what stands under it. */
  spanOf(path: string, isOfKey?: boolean): Span | null
  /** All that stands under a path; null if nothing does. */
  wholeSpanOf(path: string): Span | null
  /** All that stands at the paths that are asked for. */
  spansWhere(isWanted: (path: string) => boolean): readonly Span[]
  /** Where a character of the text at a path stands. */
  offsetOf(path: string, value: string, at: number): number | null
  /** Where a span begins, and its line with the hidden parts blanked. */
  placeOf(span: Span, hidden?: readonly Span[]): Required<Pick<Issue, 'file' | 'line' | 'column' | 'excerpt'>>
}

export type ReadYaml = { readonly ok: true; readonly yaml: YamlFile } | { readonly ok: false; readonly issue: Issue }

/** Reads a file; of one that is no YAML the first mistake, with its place and the cure. */
export function readYamlFile(path: string): ReadYaml {
  const name = shownFile(path)
  const read = readText(path)
  if (typeof read !== 'string') return { ok: false, issue: { path: '', file: name, ...read } }
  return parseYaml(read, name)
}

/** As `readYamlFile`, from the text of a file. */
export function parseYaml(text: string, name: string): ReadYaml {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  if (lines.lineStarts.length === 0) lines.addNewLine(0)
  const placeOf = (span: Span, hidden: readonly Span[] = []) => ({ file: name, ...placeIn(text, lines, span, hidden) })
  const mistake = findYamlMistake(text, document)
  if (mistake !== null) {
    const place = placeOf({ start: mistake.offset, end: mistake.offset + (mistake.length ?? 1) })
    return { ok: false, issue: { path: '', message: mistake.message, ...place } }
  }
  const content = contentOf(document)
  if (content instanceof Error) return { ok: false, issue: { path: '', message: messageOf(content), file: name } }
  const yaml: YamlFile = {
    ...{ name, text, content, placeOf },
    spanOf: (path, isOfKey) => spanOf(document, path, isOfKey),
    wholeSpanOf: (path) => wholeSpanOf(document, path),
    spansWhere: (isWanted) => spansWhere(document, isWanted),
    offsetOf(path, value, at) {
      const span = wholeSpanOf(document, path)
      return span && offsetIn(text, span, value, at)
    },
  }
  return { ok: true, yaml }
}

function contentOf(document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 })
  } catch (error) {
    return error
  }
}

/** The text of a file, or what is wrong with it. */
function readText(path: string): string | Pick<Issue, 'message' | 'line' | 'column'> {
  let bytes: Buffer
  try {
    if (statSync(path).isDirectory()) return { message: 'is a folder: name the file in it' }
    bytes = readFileSync(path)
  } catch (error) {
    return { message: unreadable(error) }
  }
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) {
    return { message: 'is written in UTF-16: save it as UTF-8', line: 1, column: 1 }
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes)
  } catch {
    const good = bytes.toString('utf8').split('\ufffd', 1)[0] ?? ''
    const line = good.split('\n')
    return {
      message: 'is not UTF-8 here: save the file as UTF-8',
      line: line.length,
      column: (line.at(-1)?.length ?? 0) + 1,
    }
  }
}

/** Why a file could not be read, and what to do about it. */
export function unreadable(error: unknown): string {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'ENOENT':
      return `there is no such ${(error as NodeJS.ErrnoException).syscall === 'scandir' ? 'folder' : 'file'}`
    case 'ENOTDIR':
      return 'is a file, and a folder is wanted'
    case 'EACCES':
    case 'EPERM':
      return 'cannot be read: the user that runs the relay may not read it'
    case 'EISDIR':
      return 'is a folder: name the file in it'
    default:
      return `cannot be read: ${messageOf(error)}`
  }
}

/** A file below the working directory by its way from there. */
export function shownFile(path: string): string {
  const whole = resolve(path)
  const short = relative(process.cwd(), whole)
  return short === '' || short.startsWith(`..${sep}`) || short === '..' ? whole : short
}

const widest = 160
const stars = '***'

function placeIn(text: string, lines: LineCounter, { start, end }: Span, hidden: readonly Span[]) {
  const { line, col } = lines.linePos(start)
  const lineStart = start - (col - 1)
  const newline = text.indexOf('\n', lineStart)
  const lineEnd = newline === -1 ? text.length : newline
  return { line, column: col, excerpt: excerptOf(text, { start, end }, { start: lineStart, end: lineEnd }, hidden) }
}

/** A line with the marked part. What is hidden gives way to three stars; of a long line the part around the mark stays. */
function excerptOf(text: string, mark: Span, line: Span, hidden: readonly Span[]): Excerpt {
  const marked = text.slice(mark.start, Math.min(mark.end, line.end))
  const length = Math.max(1, marked.trimEnd().length)
  const spans = [...hidden, ...secretSpansIn(text, line)].toSorted((a, b) => a.start - b.start)
  let shown = ''
  let start = mark.start - line.start
  let shownLength = length
  let at = line.start
  for (const span of spans) {
    const [from, to] = [Math.max(span.start, at), Math.min(span.end, line.end)]
    if (to <= from) continue
    shown += text.slice(at, from)
    if (to <= mark.start) start -= to - from - stars.length
    else if (from <= mark.start) [start, shownLength] = [shown.length, stars.length]
    shown += stars
    at = to
  }
  shown = (shown + text.slice(at, line.end)).replace(/\r$/, '').replaceAll('\t', ' ')
  const cut = start > widest - 40 ? start - 40 : 0
  return {
    text: (cut > 0 ? '…' : '') + shown.slice(cut, cut + widest),
    start: start - cut + (cut > 0 ? 1 : 0),
    length: shownLength,
  }
}
