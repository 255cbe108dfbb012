import { createRequire } from 'node:module'
import type { Attributes, IOptions } from 'sanitize-html'
import { isTooDeep, textOfHtml } from '../functions/html-text.ts'
import { isClobberingName, withSafeIds } from './names.ts'
import {
  emptied,
  isAllowedAttribute,
  isKnownEmbed,
  isTrackingPixel,
  lacksNoopener,
  tags,
  urlAttributes,
  urlSchemes,
} from './policy.ts'
import { isPlainlySafe } from './scan.ts'
import { safeStyle } from './style.ts'

/**
 * HTML that is safe to hand on: no scripts, event handlers, forms, comments, tracking pixels, styles that load or lay
 * something over the page, ids that scripts take for something else, attributes that scripts act on, urls that are not
 * http(s), mailto or tel, and no frames but players of known hosts. What holds none of these is given back as it is.
 * Nested deeper than a parser can take in time, it is its text.
 */
export function safeHtml(html: string): string {
  if (isPlainlySafe(html)) return html
  if (isTooDeep(html)) return `<p>${escaped(textOfHtml(html))}</p>`
  return loadLibrary()(html, options)
}

const require = createRequire(import.meta.url)

/** Reading the package costs a tenth of a second, so it is read when it is needed. */
export const loadLibrary = () => require('sanitize-html') as typeof import('sanitize-html')

/** The attributes of an element that goes with all that is in it. */
const gone: Attributes = {}

export const options: IOptions = {
  allowedTags: [...tags],
  allowedAttributes: false, // `filtered` has seen to them
  nonTextTags: [...emptied],
  allowedSchemes: [...urlSchemes],
  allowedSchemesAppliedToAttributes: [...urlAttributes],
  allowProtocolRelative: true,
  parseStyleAttributes: false,
  selfClosing: ['img', 'br', 'hr', 'col', 'source', 'track', 'wbr'],
  transformTags: {
    '*': (tagName, attributes) => {
      const goes =
        (tagName === 'img' && (isTrackingPixel(attributes) || isData(attributes['src']))) ||
        (tagName === 'iframe' && !isKnownEmbed(attributes['src']))
      return { tagName, attribs: goes ? gone : filtered(tagName, attributes) }
    },
  },
  exclusiveFilter: ({ attribs }) => attribs === gone,
}

function isData(src: string | undefined): boolean {
  return src !== undefined && /^\s*data\s*:/i.test(src)
}

function filtered(tag: string, attributes: Attributes): Attributes {
  const kept: Attributes = {}
  for (const [name, value] of Object.entries(attributes)) {
    const safe = isAllowedAttribute(name) ? safeValue(name, value) : undefined
    if (safe !== undefined) kept[name] = safe
  }
  if (isClobberingName(tag, attributes)) delete kept['name']
  if (lacksNoopener(tag, kept)) kept['rel'] = `${kept['rel'] ?? ''} noopener`.trim()
  return kept
}

function safeValue(name: string, value: string): string | undefined {
  if (name === 'style') return safeStyle(value)
  if (name === 'srcset' && !isSrcset(value)) return undefined
  return withSafeIds(name, value)
}

/** Whether the library can read it: what it can't read, it writes to the console. */
function isSrcset(value: string): boolean {
  const candidates = value.trim().split(/,\s+|(?<=\s[\d.]+[wx]),/)
  return candidates.every((candidate) => /^\S*[^\s,](?:\s+(?:[1-9]\d*w|\d+(?:\.\d+)?x))?$/.test(candidate))
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
