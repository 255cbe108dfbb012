import { isObject } from '../../json/kind.ts'
import { paragraphsOf } from '../richtext/text.ts'
import { isMedia, isPerson, isRichText, type Media, mediaOf, referenceOf } from './shapes.ts'

/** What is known when an item's fields are guessed from a record of a headless system. */
export interface GuessRules {
  /** Where pages live; a url is origin, slash and slug. */
  readonly origin: string | undefined
  /** Where relative urls of uploads start. */
  readonly mediaOrigin: string | undefined
  /** Names of fields that expressions have used, or that are bookkeeping. */
  readonly omit: ReadonlySet<string>
  /** Names that are left out at every depth. */
  readonly omitEverywhere: ReadonlySet<string>
  /** The only names that may go into json; null for no such limit. */
  readonly only: ReadonlySet<string> | null
  /** Text that is the id of another record, if the system writes references so; null if it does not. */
  readonly ids: RegExp | null
}

export interface Guess {
  readonly title?: string
  readonly url?: string
  readonly json: Record<string, unknown>
}

/** The fields that a title is guessed from. */
export const titleNames = ['title', 'name', 'headline']
const maxDepth = 8

/**
 * What a record says without anyone having mapped it: title, url, and the rest as json.fields (plain values),
 * json.relations (ids of other records), json.media (files) and json.seo. Other records give their ids only, because
 * whether they may leave is their own matter. People, e-mail addresses and credentials never come out.
 */
export function guess(record: unknown, rules: GuessRules): Guess {
  if (!isObject(record)) return { json: {} }
  const titleName = titleNames.find((name) => typeof record[name] === 'string' && record[name].trim() !== '')
  const slug = slugOf(record['slug'])
  const collected: Collected = { media: [] }
  const fields: Record<string, unknown> = {}
  const relations: Record<string, string[]> = {}
  let seo: unknown
  for (const [name, value] of Object.entries(record)) {
    if (name === titleName || name === 'slug' || rules.omit.has(name)) continue
    if (rules.only !== null && !rules.only.has(name)) continue
    const ids = relationOf(value, rules)
    if (ids !== null) relations[name] = ids
    else if (name.toLowerCase() === 'seo') seo = plain(value, name, rules, collected)
    else {
      const content = isPrivate(name, rules) ? undefined : plain(value, name, rules, collected)
      if (content !== undefined) fields[name] = content
    }
    if (ids !== null && isPrivate(name, rules)) delete relations[name]
  }
  const json = { fields, relations, media: collected.media, ...(seo !== undefined && { seo }) }
  return {
    ...(titleName !== undefined && { title: String(record[titleName]) }),
    ...(slug !== undefined && rules.origin !== undefined && { url: `${rules.origin}/${slug.replace(/^\/+/, '')}` }),
    json,
  }
}

interface Collected {
  readonly media: Media[]
}

/** A value without other records, files, people and bookkeeping; undefined if nothing is left. */
function plain(value: unknown, field: string, rules: GuessRules, collected: Collected, depth = 0): unknown {
  if (value === null || value === undefined || depth > maxDepth) return undefined
  if (typeof value === 'string') return isEmail(value) ? undefined : value
  if (Array.isArray(value)) {
    const entries = value.map((entry) => plain(entry, field, rules, collected, depth + 1))
    const kept = entries.filter((entry) => entry !== undefined)
    return kept.length > 0 ? kept : undefined
  }
  if (!isObject(value)) return value
  if (isPerson(value)) return undefined
  const media = mediaOf(value, field, rules.mediaOrigin)
  if (media !== null) {
    collected.media.push(media)
    return undefined
  }
  const id = referenceOf(value)
  if (id !== null) return id
  if (isRichText(value)) return paragraphsOf(value).join('\n\n') || undefined
  const result: Record<string, unknown> = {}
  for (const [name, member] of Object.entries(value)) {
    if (isPrivate(name, rules) || name === '__proto__') continue
    const content = plain(member, field, rules, collected, depth + 1)
    if (content !== undefined) result[name] = content
  }
  return Object.keys(result).length > 0 ? result : undefined
}

/** The ids of the record or records that a field refers to; null if it is something else. */
function relationOf(value: unknown, { ids: pattern }: GuessRules): string[] | null {
  const entries = Array.isArray(value) ? value : [value]
  if (entries.length === 0) return null
  const ids: string[] = []
  for (const entry of entries) {
    if (typeof entry === 'string' && pattern?.test(entry)) {
      ids.push(entry)
      continue
    }
    if (!isObject(entry) || isMedia(entry)) return null
    const id = referenceOf(entry)
    if (id === null) return null
    if (!isPerson(entry)) ids.push(id)
  }
  return ids
}

const privateName =
  /^((created|updated|modified|published)_?by|users?|user_(created|updated)|admin_user)$|password|(e-?mail(_?address)?|token|secret|api_?key)$/i

function isPrivate(name: string, { omitEverywhere }: GuessRules): boolean {
  return privateName.test(name) || omitEverywhere.has(name)
}

function isEmail(value: string): boolean {
  return value.length < 320 && /^(mailto:)?[^\s@<>]+@[^\s@<>]+\.[^\s@<>]+$/i.test(value.trim())
}

/** The slug as text: `hello`, or `{ current: hello }`. */
function slugOf(value: unknown): string | undefined {
  const slug = isObject(value) ? value['current'] : value
  return typeof slug === 'string' && slug.trim() !== '' ? slug : undefined
}

/**
 * The fields of a record that an expression uses: `body` and `seo` of `$markdown(body) & seo.title`. If the fields stand
 * below a path of the record, such as `data`, those of `data.body` as well.
 */
export function namesIn(expression: string, below?: string): string[] {
  const withoutText = expression.replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g, ' ')
  const path = below === undefined || !isPlainPath(below) ? '' : `(?:${below.replaceAll('.', '\\.')}\\.)?`
  return [...withoutText.matchAll(new RegExp(`(?<![.\\w$])${path}(?:\`([^\`]+)\`|([A-Za-z_]\\w*))`, 'g'))].map(
    ([, quoted, word]) => quoted ?? word ?? '',
  )
}

function isPlainPath(expression: string): boolean {
  return /^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*$/.test(expression)
}
