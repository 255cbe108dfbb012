import { isObject } from '../../json/kind.ts'

type Row = Readonly<Record<string, unknown>>

/** Where the systems put a record's translations: rows that each name their locale. */
const rowNames = ['localizations', 'translations']
const rowLocaleNames = ['locale', 'languages_code', 'language', 'languages_id']
const maxDepth = 8

/**
 * A record for each of its locales: the record with the values of that locale in their fields, and `_locale`. A record
 * without localized values comes alone and without `_locale`. `locales` are those that count; left out, it is all that
 * the record names. Localized are
 *
 * - fields that are maps from locale to value, one of them in `locales` (DatoCMS);
 * - fields that are lists of Sanity's plugin internationalized-array, at any depth;
 * - rows of translations, laid over the record (Hygraph `localizations`, Directus `translations`).
 */
export function recordsByLocale(record: Row, locales: readonly string[] | null): readonly Row[] {
  const among = locales === null ? '*' : locales.join(' ')
  const known = made.get(record)
  if (known?.among === among) return known.records
  const records = takeApart(record, locales)
  made.set(record, { among, records })
  return records
}

/** A mapper asks several times for the locales of one record: what is there, and what is not there any more. */
const made = new WeakMap<Row, { readonly among: string; readonly records: readonly Row[] }>()

function takeApart(record: Row, locales: readonly string[] | null): readonly Row[] {
  const rows = rowsOf(record)
  const found = new Set<string>(rows.map(([locale]) => locale))
  for (const value of Object.values(record)) collectLocales(value, locales, found)
  if (found.size === 0) return [record]
  const wanted = locales === null ? [...found] : locales.filter((locale) => found.has(locale))
  return wanted.map((locale) => {
    const values = Object.entries(record)
      .filter(([name]) => rows.length === 0 || !rowNames.includes(name))
      .map(([name, value]) => [name, valueIn(value, locale, locales)] as const)
      .filter(([, value]) => value !== undefined)
    const row = rows.find(([name]) => name === locale)?.[1] ?? {}
    return { ...Object.fromEntries(values), ...ownOf(row, record), _locale: locale }
  })
}

/** The translations that a record holds as rows, each with its locale. */
function rowsOf(record: Row): (readonly [string, Row])[] {
  const rows = rowNames.map((name) => record[name]).find((value) => Array.isArray(value) && value.length > 0)
  if (!Array.isArray(rows)) return []
  const named = rows.map((row) => [isObject(row) ? localeOfRow(row) : undefined, row] as const)
  return named.every(([locale]) => locale !== undefined) ? (named as unknown as (readonly [string, Row])[]) : []
}

/** `de`, or of an expanded relation to a table of languages its code. */
function localeOfRow(row: Row): string | undefined {
  for (const name of rowLocaleNames) {
    const value = row[name]
    const locale = isObject(value) ? value['code'] : value
    if (typeof locale === 'string' && locale !== '') return locale
  }
  return undefined
}

/** What a translation says itself: not its own id, not which record it translates, not its locale. */
function ownOf(row: Row, { id }: Row): Row {
  const isOwn = ([name, value]: [string, unknown]) =>
    !rowLocaleNames.includes(name) && (id === undefined || (name !== 'id' && !(name.endsWith('_id') && value === id)))
  return Object.fromEntries(Object.entries(row).filter(isOwn))
}

const languageTag = /^[a-z]{2,3}([-_][a-z0-9]{2,8})*$/i

/** Whether a field is a map from locale to value: every key can be a language, and one of them is known to be. */
function isMap(value: unknown, locales: readonly string[] | null): value is Row {
  if (locales === null || !isObject(value)) return false
  const names = Object.keys(value)
  return names.some((name) => locales.includes(name)) && names.every((name) => languageTag.test(name))
}

/** Entries of sanity-plugin-internationalized-array: the locale is `language`, before version 5 it is `_key`. */
function isEntries(value: unknown): value is readonly Row[] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((entry) => isObject(entry) && String(entry['_type']).startsWith('internationalizedArray'))
  )
}

function localeOfEntry({ language, _key: key }: Row): unknown {
  return language ?? key
}

function collectLocales(value: unknown, locales: readonly string[] | null, found: Set<string>, depth = 0): void {
  if (isEntries(value)) {
    for (const entry of value) found.add(String(localeOfEntry(entry)))
  } else if (depth === 0 && isMap(value, locales)) {
    for (const locale of Object.keys(value)) found.add(locale)
  } else if (depth < maxDepth && typeof value === 'object' && value !== null) {
    for (const member of Object.values(value)) collectLocales(member, locales, found, depth + 1)
  }
}

function valueIn(value: unknown, locale: string, locales: readonly string[] | null, depth = 0): unknown {
  if (isEntries(value)) return value.find((entry) => localeOfEntry(entry) === locale)?.['value']
  if (depth === 0 && isMap(value, locales)) return value[locale] ?? undefined
  if (depth >= maxDepth) return value
  if (Array.isArray(value)) return value.map((entry) => valueIn(entry, locale, locales, depth + 1))
  if (!isObject(value)) return value
  const members = Object.entries(value).map(([name, member]) => [name, valueIn(member, locale, locales, depth + 1)])
  return Object.fromEntries(members.filter(([, member]) => member !== undefined))
}

/**
 * A record whose fields are all maps from locale to value (Contentful), once for each of its locales: with the values of
 * that locale, in their place those of the fallback, and `_locale`. A locale without any value of its own is none.
 */
export function recordsByMaps(record: Row, locales: readonly string[] | null, fallback: string): Row[] {
  const fields = Object.entries(record).filter((entry): entry is [string, Row] => isObject(entry[1]))
  const found = new Set(fields.flatMap(([, values]) => Object.keys(values).filter((name) => isValue(values[name]))))
  const wanted = locales === null ? [...found] : locales.filter((locale) => found.has(locale))
  return wanted.map((locale) => {
    const values = fields
      .map(([name, map]) => [name, isValue(map[locale]) ? map[locale] : map[fallback]] as const)
      .filter(([, value]) => isValue(value))
    return { ...Object.fromEntries(values), _locale: locale }
  })
}

function isValue(value: unknown): boolean {
  return value !== undefined && value !== null
}
