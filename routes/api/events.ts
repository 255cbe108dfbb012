import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { RelayError } from '../../src/domain/errors.ts'
import { ok } from '../../src/plugins/envelope.ts'
import { pageParams, present, presentPage, readInput, splitPage, timeParam } from '../../src/plugins/present.ts'
import type { EventDetail } from '../../src/store/store.ts'

const eventQuery = z.strictObject({
  source: z.string().optional(),
  status: z.enum(['pending', 'waiting', 'processed', 'skipped', 'failed']).optional(),
  topic: z.string().optional(),
  since: timeParam.optional(),
  until: timeParam.optional(),
  ...pageParams,
})

/** Events: list, look into, replay. */
export async function events(app: FastifyInstance): Promise<void> {
  const { relay } = app

  app.get('/events', async (request) => {
    const { filter, page } = splitPage(readInput(eventQuery, request.query, 'query'))
    return presentPage(await relay.store.listEvents(filter, page), request)
  })

  app.get<{ Params: { id: string } }>('/events/:id', async (request) => {
    const event = await relay.store.getEvent(request.params.id)
    if (!event) throw unknownEvent(request.params.id)
    return ok(presentEvent(event), request.id)
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
