import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { bulkParams, readBulk } from '../../src/api/bulk.ts'
import { ok } from '../../src/api/envelope.ts'
import { defined, pageParams, present, presentPage, readInput, splitPage, timeParam } from '../../src/api/present.ts'
import { presentComparison } from '../../src/api/present-compare.ts'
import { RelayError } from '../../src/domain/errors.ts'
import { runBulk } from '../../src/http/bulk.ts'
import { createCompare } from '../../src/stages/operate/compare.ts'
import type { EventDetail, EventFilter } from '../../src/store/contract/store.ts'

const eventFilter = {
  source: z.string().optional(),
  topic: z.string().optional(),
  since: timeParam.optional(),
  until: timeParam.optional(),
}
const eventQuery = z.strictObject({
  ...eventFilter,
  status: z.enum(['pending', 'waiting', 'processed', 'skipped', 'failed']).optional(),
  group_by: z.enum(['error']).optional(),
  ...pageParams,
})
const eventBulk = z.strictObject({
  ...eventFilter,
  ids: z.array(z.string()).min(1).max(10_000).optional(),
  status: z.enum(['processed', 'skipped', 'failed']).optional(),
  ...bulkParams,
})

/** Events: list, look into, compare, replay, purge. */
export async function events(app: FastifyInstance): Promise<void> {
  const { relay } = app
  const compare = createCompare({ ...relay, bodyLimit: relay.config.server.body_limit })

  app.get('/events', { config: { holdsNoContent: true } }, async (request) => {
    const { group_by: groupBy, ...query } = readInput(eventQuery, request.query, 'query')
    const { filter, page } = splitPage(query)
    if (groupBy !== undefined) {
      const groups = await groupErrors(filter, page.limit)
      return presentPage({ rows: groups, next: null }, request)
    }
    return presentPage(await relay.store.listEvents(filter, page), request)
  })

  /** Webhooks that were refused have neither status nor topic. */
  async function groupErrors({ status, topic, ...filter }: EventFilter, limit: number) {
    const events = await relay.store.groupEventErrors({ ...filter, ...defined({ status, topic }) }, limit)
    if (status !== undefined || topic !== undefined) return events
    // The list is read though nothing can be written.
    await relay.refusals.step().catch((error: unknown) => relay.emit({ kind: 'step.failed', loop: 'refusals', error }))
    const refused = await relay.store.groupRefusals(filter, limit)
    return [...events, ...refused].sort((a, b) => b.count - a.count || b.lastAt - a.lastAt).slice(0, limit)
  }

  app.get<{ Params: { id: string } }>('/events/:id', async (request) => {
    const event = await relay.store.getEvent(request.params.id)
    if (!event) throw unknownEvent(request.params.id)
    return ok(presentEvent(event), request.id)
  })

  app.post<{ Params: { id: string } }>('/events/:id/preview', async (request) => {
    return ok(presentComparison(await compare(request.params.id)), request.id)
  })

  app.post('/events/replay', async (request, reply) => {
    const { filter, limit, dryRun } = readBulk(eventBulk, request.body)
    const answer = await runBulk('events.replayed', {
      dryRun,
      filter,
      choose: () => relay.store.chooseEvents('replay', filter, limit),
      run: () => relay.store.replayEvents(filter, limit),
      request,
    })
    if (!dryRun) relay.wake()
    return reply.code(dryRun ? 200 : 202).send(answer)
  })

  app.post('/events/purge', async (request) => {
    const { filter, limit, dryRun } = readBulk(eventBulk, request.body)
    return runBulk('events.purged', {
      dryRun,
      filter,
      choose: () => relay.store.chooseEvents('purge', filter, limit),
      run: () => relay.store.purgeEvents(filter, limit),
      request,
    })
  })

  app.post<{ Params: { id: string } }>('/events/:id/replay', async (request, reply) => {
    const { id } = request.params
    const replayed = await relay.store.replayEvents({ ids: [id] }, 1)
    if (replayed === 0) throw unknownEvent(id)
    relay.wake()
    return reply.code(202).send(ok({ event_id: id, status: 'pending' }, request.id))
  })
}

function unknownEvent(id: string): RelayError {
  return new RelayError('not_found', `no settled event '${id.slice(0, 64)}'`)
}

/** The body as text where it is UTF-8, else as base64. */
function presentEvent({ body, fetches, ...event }: EventDetail): Record<string, unknown> {
  const text = body.toString('utf8')
  const isText = Buffer.from(text, 'utf8').equals(body)
  return {
    ...present(event),
    fetches: fetches.map(present),
    ...(isText ? { body: text } : { body_base64: body.toString('base64') }),
  }
}
