import { z } from 'zod'
import type { EventDetail, EventSummary, Fetch } from '../store/contract/store.ts'
import { count, text, textOrNull, time, timeOf, timeOrNull } from './fields.ts'
import { defined } from './input.ts'
import { fieldsOf } from './resource.ts'

export const eventStatus = z.enum(['pending', 'waiting', 'processed', 'skipped', 'failed'])

const event = fieldsOf<EventSummary>()({
  id: [text, ({ id }) => id],
  source: [text, ({ source }) => source],
  delivery_id: [textOrNull.describe('What the sender calls the delivery.'), ({ deliveryId }) => deliveryId],
  topic: [textOrNull, ({ topic }) => topic],
  status: [eventStatus, ({ status }) => status],
  reason: [textOrNull.describe('Why it was skipped.'), ({ reason }) => reason],
  error: [textOrNull.describe('Why it failed, or was asked for in vain.'), ({ error }) => error],
  mapper: [textOrNull, ({ mapper }) => mapper],
  mapper_version: [textOrNull.describe('Which definition mapped it.'), ({ mapperVersion }) => mapperVersion],
  received_at: [time, ({ receivedAt }) => timeOf(receivedAt)],
  settled_at: [time.nullable(), ({ settledAt }) => timeOrNull(settledAt)],
  replays: [count, ({ replays }) => replays],
  bytes: [count.describe('Size of the body.'), ({ bytes }) => bytes],
})
export const presentEvent = event.present
export const eventSchema = z
  .strictObject(event.shape)
  .meta({ id: 'Event', description: 'A webhook that was accepted, and what came of it.' })

const fetch = fieldsOf<Fetch>()({
  at: [time, ({ at }) => timeOf(at)],
  duration_ms: [z.number(), ({ durationMs }) => durationMs],
  method: [text, ({ method }) => method],
  url: [text.describe('Below the base url of the source, without credentials.'), ({ url }) => url],
  status: [z.int().nullable().describe('HTTP status; null if there was no answer.'), ({ status }) => status],
  outcome: [text, ({ outcome }) => outcome],
  error: [textOrNull, ({ error }) => error],
})
const fetchSchema = z
  .strictObject(fetch.shape)
  .meta({ id: 'Fetch', description: "An execution: one request to the CMS's API." })

const eventDetail = fieldsOf<EventDetail>()({
  method: [text, ({ method }) => method],
  path: [text, ({ path }) => path],
  query: [text, ({ query }) => query],
  headers: [z.record(z.string(), z.string()).describe('As received, less what is secret.'), ({ headers }) => headers],
  proof: [
    z
      .strictObject({ at: z.number().optional(), headers: z.array(text).optional(), url: z.boolean().optional() })
      .nullable()
      .describe('What of it is proven besides the body; null: all of it is believed. `at` is in unix milliseconds.'),
    ({ proof }) => {
      const { at, headers, url } = proof ?? {}
      return proof && defined({ at, headers: headers && [...headers], url })
    },
  ],
  due_at: [time.nullable().describe('When the API of its CMS is asked next.'), ({ dueAt }) => timeOrNull(dueAt)],
  fetches: [z.array(fetchSchema).describe('The last 100, newest first.'), ({ fetches }) => fetches.map(fetch.present)],
})
export const eventDetailSchema = z
  .strictObject({
    ...event.shape,
    ...eventDetail.shape,
    body: text.optional().describe('The body, if it is UTF-8.'),
    body_base64: text.optional().describe('The body, if it is not.'),
  })
  .meta({ id: 'EventDetail', description: 'An event with its request.' })

/** The body as text if it is UTF-8, else as base64. */
export function presentEventDetail(detail: EventDetail): z.output<typeof eventDetailSchema> {
  const body = detail.body.toString('utf8')
  const isText = Buffer.from(body, 'utf8').equals(detail.body)
  const shown = isText ? { body } : { body_base64: detail.body.toString('base64') }
  return { ...event.present(detail), ...eventDetail.present(detail), ...shown }
}

export const acceptedSchema = z.strictObject({
  event_id: textOrNull.describe('Of a duplicate, the id of the first; of a ping, null.'),
  status: z.enum(['accepted', 'duplicate', 'ping']),
})

export const replayedSchema = z.strictObject({ event_id: text, status: z.literal('pending') })
