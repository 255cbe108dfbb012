import { hash } from 'node:crypto'
import { z } from 'zod'

/** The item types that the ingest API knows. There is no `article`: articles are `post`. */
export const sourceTypes = [
  'page',
  'post',
  'product',
  'category',
  'collection',
  'faq',
  'review',
  'event',
  'location',
  'profile',
  'doc',
  'media',
  'custom',
] as const
export type SourceType = (typeof sourceTypes)[number]

const jsonObject = z.record(z.string(), z.unknown())

function isHttpUrl(value: string): boolean {
  const url = URL.parse(value)
  return url !== null && (url.protocol === 'https:' || url.protocol === 'http:')
}

const httpUrl = z.string().refine(isHttpUrl, { error: 'must be an absolute http(s) url' })

/** One piece of content as the ingest API takes it (contract 0.3.0). Strict: further top-level fields are refused. */
export const ingestItemSchema = z
  .strictObject({
    type: z.enum(sourceTypes),
    id: z.string().min(1).max(256),
    url: httpUrl,
    canonical_url: httpUrl.optional(),
    title: z.string().max(1024).optional(),
    language: z
      .string()
      .regex(/^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$/, { error: 'must be a BCP-47 language tag' })
      .optional(),
    updated_at: z
      .string()
      .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/, { error: 'must be RFC 3339 in UTC, ending in Z' })
      .optional(),
    html: z.string().optional(),
    text: z.string().optional(),
    json: jsonObject.optional(),
    attributes: jsonObject.optional(),
    checksum: z.string().regex(/^sha256:[0-9a-f]{64}$/, { error: 'must be sha256: and 64 hex digits' }),
  })
  .refine((item) => item.html !== undefined || item.text !== undefined || item.json !== undefined, {
    error: 'one of html, text and json is required',
  })

export type IngestItem = z.infer<typeof ingestItemSchema>

/** JSON with the keys sorted at every depth and no white space; what `undefined` would drop is dropped. */
export function canonicalJson(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  let text = ''
  if (Array.isArray(value)) {
    for (const entry of value) text += `${text === '' ? '' : ','}${canonicalJson(entry)}`
    return `[${text}]`
  }
  const record = value as Record<string, unknown>
  for (const key of Object.keys(record).sort()) {
    if (record[key] !== undefined) text += `${text === '' ? '' : ','}${quoted(key)}${canonicalJson(record[key])}`
  }
  return `{${text}}`
}

// The same few keys come over and over.
const quotedKeys = new Map<string, string>()
const maxQuotedKeys = 1_000

function quoted(key: string): string {
  const known = quotedKeys.get(key)
  if (known !== undefined) return known
  const text = `${JSON.stringify(key)}:`
  if (quotedKeys.size < maxQuotedKeys && key.length <= 64) quotedKeys.set(key, text)
  return text
}

type Content = Partial<Pick<IngestItem, 'html' | 'text' | 'json'>> & Pick<IngestItem, 'url'> & { readonly type: string }

/**
 * The checksum of an item's content: SHA-256 over the canonical JSON of `{type, url, html, text, json}`, an absent
 * field as `null`. `updated_at` is not part of it, so an unchanged record keeps its checksum.
 */
export function checksumOf({ type, url, html = undefined, text = undefined, json = undefined }: Content): string {
  const content = canonicalJson({ type, url, html: html ?? null, text: text ?? null, json: json ?? null })
  return `sha256:${hash('sha256', content, 'hex')}`
}
