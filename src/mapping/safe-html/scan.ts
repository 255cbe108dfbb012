import { isClobberingName, withSafeIds } from './names.ts'
import { isAllowedAttribute, isTrackingPixel, lacksNoopener, tags, urlAttributes } from './policy.ts'
import { safeStyle } from './style.ts'

/**
 * Whether HTML is sure to hold nothing that has to be cleaned, found in one pass without parsing: every `<` starts a tag
 * that is written out plainly and is allowed with all it says. A no is not a verdict, it asks for a parser.
 */
export function isPlainlySafe(html: string): boolean {
  for (let at = html.indexOf('<'); at !== -1; at = html.indexOf('<', at)) {
    at = endOfTag(html, at)
    if (at === -1) return false
  }
  return true
}

const tagStart = /<(\/?)([\w:-]+)/y
const attribute = /[ \n\t\r\f]+([\w:-]+)(?:="([^"<]*)"|='([^'<]*)')?/y
const tagEnd = /[ \n\t\r\f]*\/?>/y

function matchAt(pattern: RegExp, html: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at
  return pattern.exec(html)
}

/** Where a tag ends that starts here; -1 if it is not a plain one, or not allowed as it stands. */
function endOfTag(html: string, start: number): number {
  const [head = '', slash, name = ''] = matchAt(tagStart, html, start) ?? []
  const tag = name.toLowerCase()
  let at = start + head.length
  if (tag === 'iframe' || !tags.has(tag)) return -1 // an `iframe` holds text to the parser, and whose it is decides
  if (slash) return html[at] === '>' ? at + 1 : -1
  const judged: Record<string, string> = {}
  for (;;) {
    const found = matchAt(attribute, html, at)
    if (found === null) break
    const key = found[1]!.toLowerCase()
    const value = found[2] ?? found[3] ?? ''
    if (!isPlainAttribute(key, value)) return -1
    if ((judgedTogether[tag] ?? names).includes(key)) {
      if (/&(?!amp;)/.test(value)) return -1 // they have to stand there as they are
      judged[key] ??= value // the first one counts
    }
    at += found[0].length
  }
  const end = matchAt(tagEnd, html, at)
  return end === null || !isPlainElement(tag, judged) ? -1 : at + end[0].length
}

/** Attributes that are judged together with others of their element. */
const names = ['id', 'name']
const judgedTogether: Readonly<Record<string, readonly string[]>> = {
  a: [...names, 'target', 'rel'],
  img: [...names, 'src', 'data-src', 'width', 'height', 'style'],
}

function isPlainElement(tag: string, judged: Readonly<Record<string, string>>): boolean {
  if (tag === 'img' && isTrackingPixel(judged)) return false
  return !lacksNoopener(tag, judged) && !isClobberingName(tag, judged)
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
