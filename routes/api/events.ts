import { z } from 'zod'
import { bulkParams, bulkSchema } from '../../src/api/bulk.ts'
import { eventErrorsSchema, presentEventErrors, presentRefusals, refusalsSchema } from '../../src/api/errors.ts'
import {
  eventDetailSchema,
  eventSchema,
  eventStatus,
  presentEvent,
  presentEventDetail,
  replayedSchema,
} from '../../src/api/events.ts'
import { defined, pageParams, periodParams, presentPage, splitPage } from '../../src/api/input.ts'
import { eventPreviewSchema, presentEventPreview } from '../../src/api/previews.ts'
import { RelayError } from '../../src/domain/errors.ts'
import { runBulk } from '../../src/http/bulk.ts'
import { type Route, route } from '../../src/http/route.ts'
import type { Relay } from '../../src/relay.ts'
import { createPreviewEvent } from '../../src/stages/operate/preview-event.ts'
import type { EventFilter } from '../../src/store/contract/store.ts'

const eventFilter = { source: z.string().optional(), topic: z.string().optional(), ...periodParams }
const eventQuery = z.strictObject({
  ...eventFilter,
  status: eventStatus.optional(),
  group_by: z.enum(['error']).optional().describe('Causes of errors, the most frequent first, in place of events.'),
  ...pageParams,
})
const eventBulk = z.strictObject({
  ...eventFilter,
  ids: z.array(z.string()).min(1).max(10_000).optional(),
  status: z.enum(['processed', 'skipped', 'failed']).optional(),
  ...bulkParams,
})

/** Events: list, look into, preview, replay, purge. */
export function events(relay: Relay): readonly Route[] {
  const { store } = relay

  /** Webhooks that were refused have neither status nor topic. */
  async function groupErrors({ status, topic, ...filter }: EventFilter, limit: number) {
    const events = await store.groupEventErrors({ ...filter, ...defined({ status, topic }) }, limit)
    const ofEvents = events.map(presentEventErrors)
    if (status !== undefined || topic !== undefined) return ofEvents
    // The list is read though nothing can be written.
    await relay.refusals.step().catch((error: unknown) => relay.emit({ kind: 'step.failed', loop: 'refusals', error }))
    const refused = await store.groupRefusals(filter, limit)
    return [...ofEvents, ...refused.map(presentRefusals)]
      .sort((a, b) => b.count - a.count || (b.last_at > a.last_at ? 1 : b.last_at < a.last_at ? -1 : 0))
      .slice(0, limit)
  }

  return [
    route({
      method: 'GET',
      path: '/api/v1/events',
      name: 'listEvents',
      tag: 'events',
      role: 'viewer',
      summary: 'Webhooks that were accepted, newest first, or their errors by cause',
      query: eventQuery,
      answer: z.array(z.union([eventSchema, eventErrorsSchema, refusalsSchema])),
      holdsNoContent: true,
      async handle({ query: { group_by: groupBy, ...query } }) {
        if (groupBy === undefined) return presentPage(query, store.listEvents, presentEvent)
        const { filter, page } = splitPage(query)
        return { data: await groupErrors(filter, page.limit) }
      },
    }),
    route({
      method: 'GET',
      path: '/api/v1/events/:id',
      name: 'getEvent',
      tag: 'events',
      role: 'viewer',
      summary: 'One event, with its request',
      answer: eventDetailSchema,
      errors: [404],
      async handle({ params: { id } }) {
        const event = await store.getEvent(id)
        if (!event) throw unknownEvent(id)
        return { data: presentEventDetail(event) }
      },
    }),
    route({
      method: 'POST',
      path: '/api/v1/events/:id/preview',
      name: 'previewEvent',
      tag: 'events',
      role: 'viewer',
      summary: 'What a replay of one event would change; nothing is kept, fetched or sent',
      answer: eventPreviewSchema,
      errors: [404, 409],
      async handle({ params: { id } }) {
        const previewEvent = createPreviewEvent({ ...relay, bodyLimit: relay.config.server.body_limit })
        return { data: presentEventPreview(await previewEvent(id)) }
      },
    }),
    route({
      method: 'POST',
      path: '/api/v1/events/:id/replay',
      name: 'replayEvent',
      tag: 'events',
      role: 'operator',
      summary: 'Put one settled or waiting event through the mapper again',
      answer: replayedSchema,
      statuses: [202],
      errors: [404],
      async handle({ params: { id } }) {
        const replayed = await store.replayEvents({ ids: [id] }, 1)
        if (replayed === 0) throw unknownEvent(id)
        relay.wake()
        return { data: { event_id: id, status: 'pending' as const } }
      },
    }),
    route({
      method: 'POST',
      path: '/api/v1/events/replay',
      name: 'replayEvents',
      tag: 'events',
      role: 'operator',
      summary: 'Put all events that match through the mapper again, the oldest first',
      body: eventBulk,
      answer: bulkSchema('replayed'),
      statuses: [202, 200],
      handle: (asked) =>
        runBulk(
          'events.replayed',
          asked,
          ({ filter, limit }) => ({
            choose: () => store.chooseEvents('replay', filter, limit),
            run: () => store.replayEvents(filter, limit),
          }),
          relay.wake,
        ),
    }),
    route({
      method: 'POST',
      path: '/api/v1/events/purge',
      name: 'purgeEvents',
      tag: 'events',
      role: 'admin',
      summary: 'Delete settled events that match, the oldest first; their delivery ids are forgotten',
      body: eventBulk,
      answer: bulkSchema('purged'),
      handle: (asked) =>
        runBulk('events.purged', asked, ({ filter, limit }) => ({
          choose: () => store.chooseEvents('purge', filter, limit),
          run: () => store.purgeEvents(filter, limit),
        })),
    }),
  ]
}

function unknownEvent(id: string): RelayError {
  return new RelayError('not_found', `no settled event '${id.slice(0, 64)}'`)
}
