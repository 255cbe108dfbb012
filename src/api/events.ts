import { z } from 'zod'
import type { EventDetail, EventSummary, Fetch } from '../store/contract/store.ts'
import { count, text, textOrNull, time, timeOf, timeOrNull } from './fields.ts'

export const eventStatus = z.enum(['pending', 'waiting', 'processed', 'skipped', 'failed'])

const eventFields = {
  id: text,
  source: text,
  delivery_id: textOrNull.describe('What the sender calls the delivery.'),
  topic: textOrNull,
  status: eventStatus,
  reason: textOrNull.describe('Why it was skipped.'),
  error: textOrNull.describe('Why it failed, or was asked for in vain.'),
  mapper: textOrNull,
  mapper_version: textOrNull.describe('Which definition mapped it.'),
  received_at: time,
  settled_at: time.nullable(),
  replays: count,
  bytes: count.describe('Size of the body.'),
}

export const eventSchema = z
  .strictObject(eventFields)
  .meta({ id: 'Event', description: 'A webhook that was accepted, and what came of it.' })

export function presentEvent(event: EventSummary): z.output<typeof eventSchema> {
  return {
    id: event.id,
    source: event.source,
    delivery_id: event.deliveryId,
    topic: event.topic,
    status: event.status,
    reason: event.reason,
    error: event.error,
    mapper: event.mapper,
    mapper_version: event.mapperVersion,
    received_at: timeOf(event.receivedAt),
    settled_at: timeOrNull(event.settledAt),
    replays: event.replays,
    bytes: event.bytes,
  }
}

export const fetchSchema = z
  .strictObject({
    at: time,
    duration_ms: z.number(),
    method: text,
    url: text.describe('Below the base url of the source, without credentials.'),
    status: z.int().nullable().describe('HTTP status; null if there was no answer.'),
    outcome: text,
    error: textOrNull,
  })
  .meta({ id: 'Fetch', description: "An execution: one request to the CMS's API." })

export function presentFetch(fetch: Fetch): z.output<typeof fetchSchema> {
  return {
    at: timeOf(fetch.at),
    duration_ms: fetch.durationMs,
    method: fetch.method,
    url: fetch.url,
    status: fetch.status,
    outcome: fetch.outcome,
    error: fetch.error,
  }
}

export const eventDetailSchema = z
  .strictObject({
    ...eventFields,
    method: text,
    path: text,
    query: text,
    headers: z.record(z.string(), z.string()).describe('As received, less what is secret.'),
    proof: z
      .strictObject({ at: z.number().optional(), headers: z.array(text).optional(), url: z.boolean().optional() })
      .nullable()
      .describe('What of it is proven besides the body; null: all of it is believed. `at` is in unix milliseconds.'),
    due_at: time.nullable().describe('When the API of its CMS is asked next.'),
    fetches: z.array(fetchSchema).describe('The last 100, newest first.'),
    body: text.optional().describe('The body, if it is UTF-8.'),
    body_base64: text.optional().describe('The body, if it is not.'),
  })
  .meta({ id: 'EventDetail', description: 'An event with its request.' })

/** The body as text if it is UTF-8, else as base64. */
export function presentEventDetail(event: EventDetail): z.output<typeof eventDetailSchema> {
  const body = event.body.toString('utf8')
  const isText = Buffer.from(body, 'utf8').equals(event.body)
  const { at, headers, url } = event.proof ?? {}
  return {
    ...presentEvent(event),
    method: event.method,
    path: event.path,
    query: event.query,
    headers: event.headers,
    proof: event.proof && {
      ...(at !== undefined && { at }),
      ...(headers && { headers: [...headers] }),
      ...(url !== undefined && { url }),
    },
    due_at: timeOrNull(event.dueAt),
    fetches: event.fetches.map(presentFetch),
    ...(isText ? { body } : { body_base64: event.body.toString('base64') }),
  }
}

export const acceptedSchema = z.strictObject({
  event_id: textOrNull.describe('Of a duplicate, the id of the first; of a ping, null.'),
  status: z.enum(['accepted', 'duplicate', 'ping']),
})

export const replayedSchema = z.strictObject({ event_id: text, status: z.literal('pending') })
