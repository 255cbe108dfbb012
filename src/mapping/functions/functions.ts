import { hash } from 'node:crypto'
import { sortableTime } from '../../domain/version.ts'
import { isObject } from '../../json/kind.ts'
import { htmlOfMarkdown, htmlOfRichText } from '../richtext/rich-text.ts'
import { safeHtml } from '../safe-html/clean.ts'
import { textOfHtml } from './html-text.ts'
import { recordsByLocale, recordsByMaps } from './locales.ts'

/** Something that a function cannot work with: names the function and, shortened, the value. */
class ArgumentError extends Error {}

function refuse(name: string, value: unknown, what: string): never {
  const shown = (JSON.stringify(value) ?? String(value)).slice(0, 60)
  throw new ArgumentError(`$${name}: ${shown} ${what}`)
}

/** Nothing in, nothing out: undefined, null and blank text. */
function isNothing(value: unknown): value is undefined | null {
  return value === undefined || value === null || (typeof value === 'string' && value.trim() === '')
}

function textIn(name: string, value: unknown): string {
  return typeof value === 'string' ? value : refuse(name, value, 'is not text')
}

/** An amount of money, as items hold it. */
export interface Price {
  readonly value: number
  readonly unit: 'currency'
  readonly currency: string
}

/**
 * `$price(value, currency, minorDigits?)`: a money value. Takes a number or decimal text, `.99` as well; with `minorDigits` the value
 * is in minor units (`$price(1999, "usd", 2)` is 19.99 USD). Nothing without a value. Throws if the value is not a
 * number (`1,299.00` is none: which sign groups differs by country) or the currency is not three letters.
 */
export function price(value: unknown, currency: unknown, minorDigits?: unknown): Price | undefined {
  if (isNothing(value)) return undefined
  const text = typeof value === 'number' ? String(value) : typeof value === 'string' ? value.trim() : ''
  if (!/^[+-]?(\d+(\.\d+)?|\.\d+)(e[+-]\d+)?$/.test(text)) refuse('price', value, 'is not a number')
  if (typeof currency !== 'string' || !/^[a-z]{3}$/i.test(currency.trim())) {
    refuse('price', currency, 'is not a currency of three letters')
  }
  const amount = isNothing(minorDigits) ? Number(text) : shifted(text, Number(minorDigits), minorDigits)
  if (!Number.isFinite(amount)) refuse('price', value, 'is out of range')
  return { value: amount, unit: 'currency', currency: currency.trim().toUpperCase() }
}

/** Moves the point in the text, so that 1999 with two digits is exactly 19.99. */
function shifted(text: string, digits: number, given: unknown): number {
  if (!Number.isInteger(digits) || digits < 0 || digits > 18) refuse('price', given, 'is not a count of minor digits')
  const [mantissa, exponent = '0'] = text.split('e')
  return Number(`${mantissa}e${Number(exponent) - digits}`)
}

/**
 * `$absolute(url, base)`: an absolute http(s) url. An absolute one stays as it is, any other is resolved against the
 * base; `//host/x` takes the base's scheme, or https. Nothing for nothing. Throws if no http(s) url comes of it.
 */
export function absolute(url: unknown, base?: unknown): string | undefined {
  if (isNothing(url)) return undefined
  const text = textIn('absolute', url).trim()
  const against = isNothing(base) ? (text.startsWith('//') ? 'https://localhost' : undefined) : textIn('absolute', base)
  const parsed = URL.parse(text, against?.trim())
  if (parsed === null) refuse('absolute', text, 'cannot be made an absolute url')
  if (parsed.protocol !== 'https:' && parsed.protocol !== 'http:') refuse('absolute', text, 'is not an http(s) url')
  return /^https?:\/\/[^/]/i.test(text) ? text : parsed.href
}

/**
 * `$bcp47(tag)`: a language tag in its canonical form: `en_US`, `en-us` and `en_US.UTF-8` are `en-US`, `zh_hant_tw` is
 * `zh-Hant-TW`. Nothing for nothing and for `*`. Throws if it is not a language tag.
 */
export function bcp47(tag: unknown): string | undefined {
  if (isNothing(tag)) return undefined
  const text = textIn('bcp47', tag).trim()
  if (text === '*') return undefined
  if (text.length > 100) return refuse('bcp47', text, 'is not a language tag')
  try {
    return Intl.getCanonicalLocales(text.replace(/[.@].*$/, '').replaceAll('_', '-'))[0]
  } catch {
    return refuse('bcp47', text, 'is not a language tag')
  }
}

const foldings: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  đ: 'd',
  ð: 'd',
  ł: 'l',
  þ: 'th',
  ı: 'i',
}

/**
 * `$slug(text)`: text as one part of a url: compatibility forms and accents folded, lower case, everything but letters
 * and digits (of any script) a hyphen. Takes text or a number; nothing if nothing is left.
 */
export function slug(value: unknown): string | undefined {
  if (isNothing(value)) return undefined
  const text = typeof value === 'number' ? String(value) : textIn('slug', value)
  const folded = text
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .toLowerCase()
    .replace(/[ßæœøđðłþı]/g, (letter) => foldings[letter]!)
    .normalize('NFC')
  return (
    folded
      .replace(/['’]/g, '')
      .replace(/[^\p{L}\p{M}\p{N}]+/gu, '-')
      .replace(/^-+|-+$/g, '') || undefined
  )
}

/**
 * `$markdown(text)`: HTML of GitHub flavoured markdown. HTML inside is kept as it is: an item's html is content that
 * its consumer has to treat as such, whether it was written as HTML or as markdown. Nothing for undefined and null.
 */
export function markdown(text: unknown): string | undefined {
  if (text === undefined || text === null) return undefined
  return htmlOfMarkdown(textIn('markdown', text))
}

/**
 * `$richtext(value, format, options?)`: HTML of a CMS's rich text, by the name of its format. `{"base": url}` in the
 * options makes relative urls absolute, `{"media": url}` those of images and files. `{"shortcodes": [names]}` and
 * `{"rendered": true}` are for WordPress. Nothing for nothing. Throws if the value has not the format's shape.
 */
export function richtext(value: unknown, format: unknown, options?: unknown): string | undefined {
  if (isNothing(value)) return undefined
  const { base, media, shortcodes, rendered } = isObject(options) ? options : {}
  const urlIn = (url: unknown) => (isNothing(url) ? undefined : textIn('richtext', url))
  return htmlOfRichText(value, textIn('richtext', format), {
    base: urlIn(base),
    media: urlIn(media),
    shortcodes: isNothing(shortcodes) ? undefined : namesIn(shortcodes),
    rendered: rendered === true,
  })
}

function namesIn(value: unknown): string[] {
  const names = Array.isArray(value) ? value : [value]
  return names.every((name) => typeof name === 'string')
    ? names
    : refuse('richtext', value, 'is not a list of shortcodes')
}

/** `$sanitize(html)`: HTML that is safe to hand on, as an item's html is made. Nothing for undefined and null. */
export function sanitize(html: unknown): string | undefined {
  if (html === undefined || html === null) return undefined
  return safeHtml(textIn('sanitize', html))
}

/** `$text(html)`: the plain text of HTML, made as an item's `text` is. Nothing for undefined and null. */
export function text(html: unknown): string | undefined {
  if (html === undefined || html === null) return undefined
  return textOfHtml(textIn('text', html))
}

/** `$sha256(text)`: lower-case hex of the hash of the text's UTF-8. Takes text or a number; nothing for nothing. */
export function sha256(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined
  return hash('sha256', typeof value === 'number' ? String(value) : textIn('sha256', value), 'hex')
}

/**
 * `$base64text(text)`: what base64 says, read as UTF-8 (`$base64decode` takes each byte for a character); line breaks in
 * it do not matter. Nothing for nothing. Throws if it is not base64 or no UTF-8.
 */
export function base64text(value: unknown): string | undefined {
  if (isNothing(value)) return undefined
  const packed = textIn('base64text', value).replace(/\s/g, '')
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(packed)) return refuse('base64text', value, 'is not base64')
  try {
    return utf8.decode(Buffer.from(packed, 'base64'))
  } catch {
    return refuse('base64text', value, 'is not text in UTF-8')
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

/**
 * `$utc(time)`: RFC 3339 in UTC, ending in Z. Takes ISO 8601 (also with a space; without a zone it is UTC), an e-mail
 * date (`Tue, 02 Jan 2024 03:04:05 +0100`), and unix time as number or digits: seconds, or from 10^11 on milliseconds.
 * Nothing for nothing, and for the empty time 0000-00-00 of MySQL. Throws if it is not a time.
 */
export function utc(time: unknown): string | undefined {
  if (isNothing(time)) return undefined
  if (typeof time === 'number') return utcOfUnix(time)
  const value = textIn('utc', time).trim()
  if (/^-?\d{9,}(\.\d+)?$/.test(value)) return utcOfUnix(Number(value))
  if (/^0000-00-00/.test(value)) return undefined
  const sortable = sortableTime(value)
  if (sortable !== null) return sortable.replace(/\.?0+Z$/, 'Z')
  if (/^[a-z]{3}, \d{1,2} [a-z]{3} \d{4} \d\d:\d\d(:\d\d)? (gmt|utc?|z|[+-]\d{4})$/i.test(value)) {
    return utcOfUnix(Date.parse(value), value)
  }
  return refuse('utc', value, 'is not a time')
}

function utcOfUnix(number: number, given: unknown = number): string {
  const ms = Math.abs(number) < 1e11 ? number * 1000 : number
  const date = new Date(ms)
  if (Number.isNaN(date.getTime())) refuse('utc', given, 'is not a time')
  return date.toISOString().replace(/\.?0+Z$/, 'Z')
}

/**
 * `$locales(record, locales?, fallback?)`: the record once for each of its locales, with the values of that locale and
 * `_locale`; a record without localized values alone. `locales` is a list of those that count. With a fallback each
 * field is a map of locales, and what a locale lacks is that of the fallback. Nothing for nothing.
 */
export function locales(
  record: unknown,
  among?: unknown,
  fallback?: unknown,
): readonly Readonly<Record<string, unknown>>[] | undefined {
  if (isNothing(record)) return undefined
  if (!isObject(record)) return refuse('locales', record, 'is not a record')
  const list = isNothing(among) ? null : Array.isArray(among) ? among : [among]
  if (list !== null && !list.every((locale) => typeof locale === 'string'))
    refuse('locales', among, 'is not a list of locales')
  return isNothing(fallback)
    ? [...recordsByLocale(record, list)]
    : recordsByMaps(record, list, textIn('locales', fallback))
}
