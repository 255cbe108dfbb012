import { createHash } from 'node:crypto'

/** What of an item its checksum covers. */
export interface Content {
  readonly type: string
  readonly url: string
  readonly html?: string
  readonly text?: string
  readonly json?: unknown
}

/**
 * The checksum of an item's content as the ingest contract says it. On purpose none of the relay's own code: what that gets wrong,
 * the relay and its sandbox would get wrong alike.
 */
export function checksumOf({ type, url, html, text, json }: Content): string {
  const content = { type, url, html: html ?? null, text: text ?? null, json: json ?? null }
  const canonical = JSON.stringify(content, (_key, value: unknown) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
    return Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)))
  })
  return `sha256:${createHash('sha256').update(canonical).digest('hex')}`
}
