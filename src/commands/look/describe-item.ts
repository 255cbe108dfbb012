import type { z } from 'zod'
import type { itemDetailSchema } from '../../api/items.ts'
import { shortTime } from '../shared/print-list.ts'
import { facts, section } from './facts.ts'

/** An item as the admin API shows it, and why it waits; null if it does not. */
export type ShownItem = z.output<typeof itemDetailSchema> & { readonly why_pending: string | null }

/** So many attempts are shown; `--json` has the last 50. */
const attemptsShown = 10

/** One item for people. */
export function describeItem(item: ShownItem): readonly string[] {
  const { id, type, destination, status, held, desired, noted, attempts } = item
  const content = desired.item
  const shown = attempts.slice(0, attemptsShown)
  return [
    `${type} ${id} at ${destination}  ${status}${held ? ', held' : ''}`,
    ...facts([
      ['why', item.why_pending],
      ['error', item.error],
      ['source', item.source + (item.sources.length > 1 ? ` (also told of by ${others(item)})` : '')],
      ['model', item.resource],
      ['locale', item.locale],
      ['version', item.version],
      ['changed', shortTime(item.changed_at)],
      ['event', item.removed ? 'none: an operator has removed it' : item.event_id],
      ['due', item.due_at && shortTime(item.due_at)],
      ['batch', item.batch_id],
      ['failed', item.failed_attempts > 0 ? `${item.failed_attempts} times for this item alone` : null],
    ]),
    ...section('desired', content === null ? ['  gone: a tombstone'] : facts(contentFacts(content, item.checksum))),
    ...section('delivered', facts(deliveredFacts(item))),
    ...section(
      'noted while it is held',
      noted ? facts([[noted.kind, `${noted.event_id}, ${shortTime(noted.changed_at)}`]]) : [],
    ),
    ...section(
      attempts.length > shown.length ? `attempts, the last ${shown.length} of ${attempts.length}` : 'attempts',
      shown.map((one) => {
        const answer = one.status === null ? 'no answer' : String(one.status)
        return `  ${shortTime(one.at)}  ${one.outcome}  ${answer}  ${Math.round(one.duration_ms)} ms  ${one.batch_id}${one.error === null ? '' : `  ${one.error}`}`
      }),
    ),
  ]
}

function others({ source, sources }: ShownItem): string {
  return sources.filter((one) => one !== source).join(', ')
}

function contentFacts(content: NonNullable<ShownItem['desired']['item']>, checksum: string | null) {
  return [
    ['title', content.title],
    ['url', content.url],
    ['language', content.language],
    ['updated', content.updated_at],
    ['checksum', checksum],
  ] as const
}

function deliveredFacts({
  delivered_kind: kind,
  delivered_at: at,
  delivered_checksum: checksum,
  checksum: wanted,
}: ShownItem) {
  if (kind === null) return [['what', 'nothing yet']] as const
  const isSame = checksum !== null && checksum === wanted
  return [
    ['what', { upsert: isSame ? 'as desired' : 'other content', delete: 'gone', unknown: 'not known' }[kind]],
    ['at', at && shortTime(at)],
    ['checksum', isSame ? null : checksum],
  ] as const
}
