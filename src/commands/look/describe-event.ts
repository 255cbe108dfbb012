import type { z } from 'zod'
import type { eventDetailSchema } from '../../api/events.ts'
import type { itemSchema } from '../../api/items.ts'
import type { eventPreviewSchema } from '../../api/previews.ts'
import { shortTime } from '../shared/print-list.ts'
import { facts, section } from './facts.ts'

type Preview = z.output<typeof eventPreviewSchema>
type Item = z.output<typeof itemSchema>

/** An event as the admin API shows it, and what it is about. */
export type ShownEvent = z.output<typeof eventDetailSchema> & {
  /** What the mapper makes of it now; null if that can't be said, with the reason. */
  readonly preview: Preview | null
  readonly preview_error?: string
  readonly items: readonly Item[]
}

/** So much of a body is shown; `--json` has all of it. */
const bodyShown = 400

/** One event for people. */
export function describeEvent(event: ShownEvent): readonly string[] {
  const { id, status, source, topic, headers, fetches } = event
  const mapper = event.mapper === null ? null : `${event.mapper} ${event.mapper_version ?? ''}`.trimEnd()
  const request = `${event.method} ${event.path}${event.query ? `?${event.query}` : ''}`
  return [
    `${id}  ${status}`,
    ...facts([
      ['source', source],
      ['topic', topic],
      ['delivery id', event.delivery_id],
      ['received', shortTime(event.received_at)],
      ['settled', event.settled_at && shortTime(event.settled_at)],
      ['asked next', event.due_at && shortTime(event.due_at)],
      ['mapper', mapper],
      ['replays', event.replays > 0 ? String(event.replays) : null],
      ['reason', event.reason],
      ['error', event.error],
      ['request', `${request}, ${event.bytes} bytes`],
    ]),
    ...section('headers', facts(Object.entries(headers))),
    ...section('body', [`  ${bodyOf(event)}`]),
    ...section(
      'asked of the CMS',
      fetches.map(
        (one) =>
          `  ${shortTime(one.at)}  ${one.method} ${one.url}  ${one.outcome}${one.error === null ? '' : `: ${one.error}`}`,
      ),
    ),
    ...section('what the mapper makes of it now', madeOf(event)),
  ]
}

function bodyOf({ body, bytes }: ShownEvent): string {
  if (body === undefined) return `${bytes} bytes that are no text; --json has them as base64`
  if (body.length <= bodyShown) return body || '(empty)'
  return `${body.slice(0, bodyShown)}… (${body.length} characters; --json has all)`
}

function madeOf({ preview, preview_error: unknown, items }: ShownEvent): readonly string[] {
  if (preview === null) return [`  not known: ${unknown}`]
  const changes = preview.changes.map(({ destination, type, id, kind, result }) => {
    const item = items.find((one) => one.destination === destination && one.type === type && one.id === id)
    const state = item ? `${item.status}${item.error === null ? '' : `: ${item.error}`}` : 'not known'
    return `  ${kind} ${type} ${id} at ${destination}: ${meaning[result]}; the item is ${state}`
  })
  return [
    ...changes,
    ...(preview.skipped === null ? [] : [`  nothing: ${preview.skipped}`]),
    ...(preview.error === null ? [] : [`  fails: ${preview.error}`]),
  ]
}

/** What a replay would do. */
const meaning: Readonly<Record<Preview['changes'][number]['result'], string>> = {
  same: 'as it is wanted now',
  changed: 'a replay would change it',
  new: 'a replay would add it',
  stale: 'older than what is known',
}
