import { isClobberingName, withSafeIds } from './names.ts'
import { isAllowedAttribute, isTrackingPixel, lacksNoopener, tags, urlAttributes } from './policy.ts'
import { safeStyle } from './style.ts'

/**
 * Whether HTML is sure to hold nothing that has to be cleaned, found in one pass without parsing: every `<` starts a tag
 * that is written out plainly and is allowed with all it says. A no is no verdict, it asks for a parser.
 */
export function isPlainlySafe(html: string): boolean {
  let at = html.indexOf('<')
  while (at !== -1) {
    const end = html.charCodeAt(at + 1) === slash ? endOfClosing(html, at + 2) : endOfOpening(html, at + 1)
    if (end === -1) return false
    at = html.indexOf('<', end)
  }
  return true
}

const slash = 0x2f
const greater = 0x3e
const equals = 0x3d
const quote = 0x22
const apostrophe = 0x27

/** Where a closing tag ends whose name starts here; -1 where it is no plain one. */
function endOfClosing(html: string, at: number): number {
  const end = endOfWord(html, at)
  return isPlainTag(html.slice(at, end).toLowerCase()) && html.charCodeAt(end) === greater ? end + 1 : -1
}

/** Where an opening tag ends whose name starts here; -1 where it is no plain one, or is not allowed as it stands. */
function endOfOpening(html: string, at: number): number {
  let next = endOfWord(html, at)
  const tag = html.slice(at, next).toLowerCase()
  if (!isPlainTag(tag)) return -1
  let noted: Noted | null = null
  for (;;) {
    const start = endOfSpace(html, next)
    const end = endOfTag(html, start)
    if (end !== -1) return noted === null || isPlainElement(tag, noted) ? end : -1
    const nameEnd = endOfWord(html, start)
    if (start === next || nameEnd === start) return -1
    const close = endOfValue(html, nameEnd)
    if (close === -1) return -1
    const key = html.slice(start, nameEnd).toLowerCase()
    const value = close === nameEnd ? '' : html.slice(nameEnd + 2, close - 1)
    if (!isPlainAttribute(key, value)) return -1
    if (isNoted(tag, key)) {
      if (value.includes('&') && value.replaceAll('&amp;', '').includes('&')) return -1
      noted ??= newNoted()
      noted[key] ??= value // the first one counts
    }
    next = close
  }
}

/** Past `>` or `/>`; -1 where neither is here. */
function endOfTag(html: string, at: number): number {
  const code = html.charCodeAt(at)
  if (code === greater) return at + 1
  return code === slash && html.charCodeAt(at + 1) === greater ? at + 2 : -1
}

/** Past `="…"` or `='…'`; here where there is no value; -1 where one is written otherwise, or holds a `<`. */
function endOfValue(html: string, at: number): number {
  if (html.charCodeAt(at) !== equals) return at
  const code = html.charCodeAt(at + 1)
  if (code !== quote && code !== apostrophe) return -1
  const end = html.indexOf(code === quote ? '"' : "'", at + 2)
  return end === -1 || html.slice(at, end).includes('<') ? -1 : end + 1
}

/** Past letters, digits, and what else is in the names of attributes. */
function endOfWord(html: string, at: number): number {
  let end = at
  while (isOfWord(html.charCodeAt(end))) end++
  return end
}

function isOfWord(code: number): boolean {
  return (
    (code >= 0x61 && code <= 0x7a) || // a-z
    (code >= 0x41 && code <= 0x5a) || // A-Z
    (code >= 0x30 && code <= 0x3a) || // 0-9 and :
    code === 0x2d || // -
    code === 0x5f // _
  )
}

function endOfSpace(html: string, at: number): number {
  let end = at
  for (let code = html.charCodeAt(end); isSpace(code); code = html.charCodeAt(end)) end++
  return end
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x09 || code === 0x0d || code === 0x0c
}

/** Attributes that are judged together with others of their element: they have to stand there as they are. */
type Noted = Record<
  'src' | 'data-src' | 'width' | 'height' | 'style' | 'id' | 'name' | 'target' | 'rel',
  string | undefined
>

function newNoted(): Noted {
  return {
    src: undefined,
    'data-src': undefined,
    width: undefined,
    height: undefined,
    style: undefined,
    id: undefined,
    name: undefined,
    target: undefined,
    rel: undefined,
  }
}

function isNoted(tag: string, key: string): key is keyof Noted {
  switch (key) {
    case 'id':
    case 'name':
      return true
    case 'target':
    case 'rel':
      return tag === 'a'
    case 'src':
    case 'data-src':
    case 'width':
    case 'height':
    case 'style':
      return tag === 'img'
    default:
      return false
  }
}

function isPlainElement(tag: string, noted: Noted): boolean {
  if (tag === 'img' && isTrackingPixel(noted)) return false
  return !lacksNoopener(tag, noted) && !isClobberingName(tag, noted)
}

/** An `iframe` holds text to the parser, and whose it is decides. */
function isPlainTag(tag: string): boolean {
  return tag !== 'iframe' && tags.has(tag)
}

function isPlainAttribute(name: string, value: string): boolean {
  if (!isAllowedAttribute(name)) return false
  if (name === 'style') return !value.includes('&') && safeStyle(value) === value
  if (withSafeIds(name, value) !== value) return false
  if (urlAttributes.has(name)) return plainUrl.test(value)
  return name !== 'srcset' || plainSrcset.test(value)
}

/**
 * A url whose scheme is written out, or that has none: before the first `/`, `?` or `#` of a relative one there is no
 * colon, and no entity that could be one. Nothing in it that a browser would skip.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: browsers skip them within a scheme.
const plainUrl = /^(?:(?:https?:\/\/|mailto:|tel:)[^\x00-\x1f\\]*|[^\x00-\x20:&\\/?#]*(?:[/?#][^\x00-\x1f\\]*)?)$/i
const plainSrcset = /^(?:https?:\/\/|\/)[^\s,&\\]+(?: \d+[wx])?(?:, ?(?:https?:\/\/|\/)[^\s,&\\]+(?: \d+[wx])?)*$/i
