import { createRequire } from 'node:module'
import { readJson } from '../../json/read.ts'
import { safeHtml } from '../safe-html/clean.ts'
import type { Format } from './format.ts'
import { htmlOfAnyTree, text } from './text.ts'
import { urlReader } from './url.ts'

/** The file that has a format, under its own name. */
const files: Readonly<Record<string, string>> = {
  contentful: 'contentful',
  portabletext: 'portabletext',
  storyblok: 'storyblok',
  prismic: 'prismic',
  dast: 'dast',
  lexical: 'lexical',
  slate: 'slate',
  contentstack: 'slate',
  hygraph: 'slate',
  blocks: 'blocks',
  builder: 'builder',
  editorjs: 'editorjs',
  ricos: 'ricos',
  markdown: 'markdown',
  wordpress: 'wordpress',
  text: 'text',
}

const require = createRequire(import.meta.url)
const read = new Map<string, Format>()

/**
 * A format by the name that a mapper gives it; undefined if there is none. Its file, with the library that it may
 * use, is read when it is first asked for: only users of a format pay for it.
 */
export function formatOf(name: string): Format | undefined {
  if (!Object.hasOwn(files, name)) return undefined
  const file = files[name]!
  const format = read.get(file) ?? (require(`./${file}.ts`) as Record<string, Format>)[file]!
  read.set(file, format)
  return format
}

/** HTML of GitHub flavoured markdown, its urls as they are. */
export function htmlOfMarkdown(text: string): string {
  const asWritten = (url: unknown) => String(url)
  return formatOf('markdown')!.render(text, { url: asWritten, file: asWritten })
}

export interface RichTextOptions {
  /** Where relative urls start; without it they stay relative. */
  readonly base?: string | undefined
  /** Where relative urls of images and other files start; without it, where all do. */
  readonly media?: string | undefined
  /** Shortcodes of WordPress whose content may leave; without it, those of WordPress itself. */
  readonly shortcodes?: readonly string[] | undefined
  /** Whether WordPress has rendered the HTML. */
  readonly rendered?: boolean | undefined
}

/** A value that is not of its format: names the format, its shape and what came instead. */
export class RichTextError extends Error {}

/**
 * Rich text of a CMS as HTML. Undefined for nothing and for what holds nothing. A tree may also come as JSON text. One
 * that its renderer can't take, that is nested too deep for one, or whose format is unknown, comes out as its text.
 * Throws RichTextError if the value has not the format's shape.
 */
export function htmlOfRichText(value: unknown, name: string, options: RichTextOptions = {}): string | undefined {
  const format = formatOf(name) ?? text
  if (isEmpty(value)) return undefined
  const tree = format.accepts(value) ? value : treeIn(value)
  if (isEmpty(tree)) return undefined
  if (!format.accepts(tree)) {
    throw new RichTextError(`$richtext: format '${name}' takes ${format.shape}, and ${kindOf(value)} came`)
  }
  const html = isTooDeep(tree) ? htmlOfAnyTree(tree) : rendered(format, tree, options)
  const result = format.isAuthored ? html : safeHtml(html)
  return result.trim() === '' ? undefined : result
}

/** Makes ready for a format that an expression names. Throws RichTextError if there is none of that name. */
export function prepareFormat(name: string): void {
  if (formatOf(name)) return
  throw new RichTextError(
    `$richtext: there is no format '${name.slice(0, 60)}' (there is ${Object.keys(files).join(', ')})`,
  )
}

function rendered(format: Format, tree: unknown, given: RichTextOptions): string {
  const { base, media = base, ...options } = given
  try {
    return format.render(tree, { url: urlReader(base), file: urlReader(media), options })
  } catch (error) {
    if (!format.mayThrow) throw error // ours take anything
    return htmlOfAnyTree(tree) // a tree that its library can't take: better its text than nothing
  }
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null) return true
  if (typeof value === 'string') return value.trim() === ''
  return typeof value === 'object' && Object.keys(value).length === 0
}

/** The tree that a text holds as JSON; anything else as it is. */
function treeIn(value: unknown): unknown {
  if (typeof value !== 'string' || !/^\s*[[{]/.test(value)) return value
  try {
    return readJson(value)
  } catch {
    return value // no tree: text that starts with a bracket
  }
}

const maxDepth = 400

/** Whether a tree is nested deeper than what follows it by recursion should have to go. */
function isTooDeep(tree: unknown): boolean {
  let level: unknown[] = [tree]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > maxDepth) return true
    level = level.flatMap((value) =>
      typeof value === 'object' && value !== null
        ? Object.values(value).filter((member) => typeof member === 'object' && member !== null)
        : [],
    )
  }
  return false
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object' && value !== null) {
    const keys = Object.keys(value).slice(0, 5).join(', ').slice(0, 80)
    return `an object with ${keys}`
  }
  return typeof value === 'string' ? 'text' : `a ${typeof value}`
}
