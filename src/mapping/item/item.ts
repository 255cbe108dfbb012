import type { Change } from '../../domain/change.ts'
import { messageOf, RelayError } from '../../domain/errors.ts'
import { checksumOf, type IngestItem, ingestItemSchema } from '../../domain/ingest-item.ts'
import { wellFormed } from '../../domain/well-formed.ts'
import type { Issue } from '../../mistakes/issue.ts'
import { issuesOf } from '../definition/issues.ts'
import { textOfHtml } from '../functions/html-text.ts'
import { functions } from '../functions/table.ts'
import type { Draft, DraftFields, ItemRules } from '../mapper.ts'
import { pruned } from './prune.ts'

/**
 * A draft as a change for one destination: text from html, language, time, absolute urls on the destination's host,
 * checksum, and the schema of the ingest API. Throws RelayError `invalid` that names record, item, field and cause.
 */
export function completeDraft(draft: Draft, rules: ItemRules): Change {
  if (draft.kind === 'delete') {
    const { type, id, version, certain } = draft
    return { kind: 'delete', type, id, version, certain }
  }
  const issues: Issue[] = []
  const item = itemOf(draft.fields, rules, issues)
  const checked = ingestItemSchema.safeParse(item)
  const known = new Set(issues.map(({ path }) => path))
  if (!checked.success) issues.push(...issuesOf(checked.error).filter(({ path }) => !known.has(path)))
  if (issues.length > 0) throw itemError(draft.record, draft.fields.id, issues)
  return { kind: 'upsert', item: item as IngestItem, version: draft.version }
}

function itemError(record: string, id: string, issues: readonly Issue[]): RelayError {
  const causes = issues.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`)).join('; ')
  const details = { record, id, issues: issues.map(({ path, message }) => ({ path, message })) }
  return new RelayError('invalid', `record '${record}', item '${id}': ${causes}`, { details })
}

/** The item with its keys in one order. What could not be read is left as it is, with an issue. */
function itemOf(fields: DraftFields, rules: ItemRules, issues: Issue[]): Record<string, unknown> {
  const { type, id } = fields
  const url = readUrl(fields.url, 'url', issues) ?? ''
  if (url !== '') checkHost(url, rules, issues)
  const html = filled(fields.html)
  const text = filled(fields.text) ?? (html === undefined ? undefined : filled(textOfHtml(html)))
  const json = pruned(fields.json)
  const item = {
    type,
    id,
    url,
    canonical_url: readUrl(fields.canonical_url, 'canonical_url', issues),
    title: filled(fields.title)?.trim(),
    language: readBy('bcp47', fields.language, 'language', issues) ?? rules.defaultLanguage,
    updated_at: readBy('utc', fields.updated_at, 'updated_at', issues),
    html,
    text,
    json,
    attributes: pruned(fields.attributes),
    checksum: checksumOf({ type, url, ...(html && { html }), ...(text && { text }), ...(json && { json }) }),
  }
  return Object.fromEntries(Object.entries(item).filter(([, value]) => value !== undefined))
}

function filled(text: string | undefined): string | undefined {
  const whole = text === undefined ? '' : wellFormed(text)
  return whole.trim() === '' ? undefined : whole
}

/** A value as the function of that name reads it, which expressions can use, too. */
function readBy(name: 'bcp47' | 'utc', text: string | undefined, path: string, issues: Issue[]): string | undefined {
  try {
    return (functions[name] as (text: string | undefined) => string | undefined)(text)
  } catch (error) {
    issues.push({ path, message: messageOf(error) })
    return undefined
  }
}

/** A url in its normal form: what is not ASCII is encoded, a default port is left out. */
function readUrl(text: string | undefined, path: string, issues: Issue[]): string | undefined {
  if (text === undefined || text.trim() === '') {
    if (path === 'url') issues.push({ path, message: 'is missing' })
    return undefined
  }
  const url = URL.parse(wellFormed(text).trim())
  if (url === null || !/^https?:$/.test(url.protocol)) {
    issues.push({ path, message: `'${text.slice(0, 200)}' is not an absolute http(s) url` })
    return undefined
  }
  if (url.username !== '' || url.password !== '')
    issues.push({ path, message: 'must not hold a user name or password' })
  if (/\/(null|undefined|NaN|%5Bobject%20Object%5D)\/?$/.test(url.pathname)) {
    issues.push({ path, message: `'${url.pathname.slice(0, 200)}' ends in nothing: the record has no slug` })
  }
  return url.href
}

function checkHost(text: string, { siteDomain, aliases = [] }: ItemRules, issues: Issue[]): void {
  if (siteDomain === null) return
  const { host, protocol } = new URL(text)
  const hostOf = (domain: string) => URL.parse(`${protocol}//${domain}`)?.host ?? domain.toLowerCase()
  const expected = hostOf(siteDomain)
  if (host === expected || aliases.some((alias) => hostOf(alias) === host)) return
  const bare = (name: string) => name.replace(/^www\./, '')
  const hint = bare(host) === bare(expected) ? ' (with and without www. are two hosts)' : ''
  issues.push({
    path: 'url',
    message: `host '${host}' is not the destination's site_domain '${expected}'${aliases.length > 0 ? `, nor one of its aliases ${aliases.join(', ')}` : ''}${hint}`,
  })
}
