import type { FastifyInstance, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { bulkParams, readBulk } from '../../src/api/bulk.ts'
import { ok } from '../../src/api/envelope.ts'
import { defined, pageParams, present, presentPage, readInput, splitPage, timeParam } from '../../src/api/present.ts'
import { RelayError } from '../../src/domain/errors.ts'
import { runBulk } from '../../src/http/bulk.ts'
import { chooseToRelease, chooseToRemove } from '../../src/stages/operate/choose-items.ts'
import { moveBetween } from '../../src/stages/operate/move.ts'
import { purgeOf } from '../../src/stages/upkeep/unconfigured.ts'
import type { ItemDetail } from '../../src/store/contract/store.ts'

const itemFilter = {
  destination: z.string().optional(),
  source: z.string().optional(),
  type: z.string().optional(),
  id: z.string().optional(),
  since: timeParam.optional(),
  until: timeParam.optional(),
}
/** Whether the version that is known is forgotten. */
const resetParam = { reset_version: z.boolean().default(false) }
const itemQuery = z.strictObject({
  ...itemFilter,
  status: z.enum(['pending', 'delivered', 'dead']).optional(),
  held: z
    .enum(['true', 'false'])
    .transform((text) => text === 'true')
    .optional(),
  group_by: z.enum(['error']).optional(),
  ...pageParams,
})
const redeliverBody = z.strictObject({
  ...itemFilter,
  status: z.enum(['pending', 'delivered', 'dead']).optional(),
  held: z.boolean().optional(),
  ...resetParam,
  ...bulkParams,
})
const redeliverOneBody = z.strictObject(resetParam)
const removeBody = z.strictObject({ hold: z.boolean().default(false) })
const purgeBody = z.strictObject({ ...itemFilter, status: z.literal('dead').optional(), ...bulkParams })
const moveBody = z.strictObject({
  from: z.string().min(1),
  to: z.string().min(1),
  source: z.string().optional(),
  type: z.string().optional(),
  id: z.string().optional(),
  status: z.enum(['pending', 'delivered', 'dead']).optional(),
  since: timeParam.optional(),
  until: timeParam.optional(),
  ...bulkParams,
})
/** What tells items of one id apart. */
const whichQuery = z.strictObject({ destination: z.string().optional(), type: z.string().optional() })

/** Items: list, look into (desired, delivered, last error, attempts), redeliver, move, give up, take away, release. */
export async function items(app: FastifyInstance): Promise<void> {
  const { store } = app.relay

  app.get('/items', { config: { holdsNoContent: true } }, async (request) => {
    const { group_by: groupBy, ...query } = readInput(itemQuery, request.query, 'query')
    const { filter, page } = splitPage(query)
    if (groupBy !== undefined) {
      return presentPage({ rows: await store.groupItemErrors(filter, page.limit), next: null }, request)
    }
    const { rows, next } = await store.listItems(filter, page)
    return presentPage(
      { rows: rows.map(({ attempts, ...row }) => ({ ...row, failedAttempts: attempts })), next },
      request,
    )
  })

  app.get<{ Params: { id: string } }>('/items/:id', async (request) => {
    const item = await one(request.params.id, request.query)
    const attempts = await store.listAttempts({ itemSeq: item.seq }, { limit: 50 })
    return ok({ ...presentItem(item), attempts: attempts.rows.map(present) }, request.id)
  })

  app.post('/items/redeliver', async (request, reply) => {
    const { filter, limit, dryRun, resetVersion } = readBulk(redeliverBody, request.body)
    const at = app.relay.now()
    const answer = await runBulk('items.redelivered', {
      dryRun,
      filter: { ...filter, ...(resetVersion && { resetVersion }) },
      choose: () => store.chooseItems(resetVersion ? 'reset' : 'redeliver', filter, limit, at),
      run: () => (resetVersion ? store.resetItems(filter, limit, at) : store.redeliverItems(filter, limit, at)),
      request,
    })
    if (!dryRun) app.relay.wake()
    return reply.code(dryRun ? 200 : 202).send(answer)
  })

  app.post('/items/purge', async (request) => {
    const { filter, limit, dryRun } = readBulk(purgeBody, request.body)
    return runBulk('items.purged', {
      dryRun,
      filter,
      ...purgeOf(store, app.relay.config, filter, limit, app.relay.now()),
      request,
    })
  })

  app.post('/items/move', async (request, reply) => {
    const { from, to, limit, dry_run: dryRun, ...given } = readInput(moveBody, request.body, 'body')
    const move = { from, to, filter: defined(given), limit, dryRun, at: app.relay.now() }
    const moved = await moveBetween(store, app.relay.config, move)
    if (dryRun) return ok({ dry_run: true, ...moved }, request.id)
    const { id: requestId, ip, server } = request
    server.logger.info({ what: 'items.moved', from, to, ...moved, filter: move.filter, ip, requestId }, 'bulk.done')
    app.relay.wake()
    return reply.code(202).send(ok({ dry_run: false, ...moved }, request.id))
  })

  app.post<{ Params: { id: string } }>('/items/:id/redeliver', async (request, reply) => {
    const { destination, type, id } = await one(request.params.id, request.query)
    const { reset_version: resetVersion } = readInput(redeliverOneBody, request.body, 'body')
    const key = { destination, type, id }
    if (resetVersion) await store.resetItems(key, 1, app.relay.now())
    else await store.redeliverItems(key, 1, app.relay.now())
    app.relay.wake()
    const answer = { ...key, status: 'pending', ...(resetVersion && { reset_version: true }) }
    return reply.code(202).send(ok(answer, request.id))
  })

  const deps = { store, destinations: [...app.relay.destinations.keys()] }
  const meantBy = (request: FastifyRequest<{ Params: { id: string } }>) => ({
    id: request.params.id,
    ...defined(readInput(whichQuery, request.query, 'query')),
  })

  app.post<{ Params: { id: string } }>('/items/:id/remove', async (request, reply) => {
    const { hold } = readInput(removeBody, request.body, 'body')
    const keys = await chooseToRemove(meantBy(request), deps)
    const at = app.relay.now()
    for (const key of keys) await store.removeItem({ ...key, hold }, at)
    app.relay.wake()
    return reply.code(202).send(ok({ removed: keys, hold }, request.id))
  })

  app.post<{ Params: { id: string } }>('/items/:id/release', async (request, reply) => {
    readInput(z.strictObject({}), request.body, 'body')
    const keys = await chooseToRelease(meantBy(request), deps)
    const at = app.relay.now()
    const released: Record<string, unknown>[] = []
    for (const key of keys) {
      const result = await store.releaseItem(key, at)
      if (result !== null) released.push({ ...key, ...present(result) })
    }
    app.relay.wake()
    return reply.code(202).send(ok({ released }, request.id))
  })

  async function one(id: string, query: unknown): Promise<ItemDetail> {
    const found = await store.getItems({ id, ...defined(readInput(whichQuery, query, 'query')) })
    const [item, ...others] = found
    if (!item) throw new RelayError('not_found', `no item '${id.slice(0, 256)}'`)
    if (others.length === 0) return item
    const choices = found.map(({ destination, type }) => ({ destination, type }))
    throw new RelayError('conflict', `several items are called '${id}': add ?destination= and ?type=`, {
      details: { choices },
    })
  }
}

function presentItem({
  body,
  known: _,
  noted,
  attempts: failedAttempts,
  ...item
}: ItemDetail): Record<string, unknown> {
  const { desired_kind, ...row } = present(item)
  return {
    ...row,
    failed_attempts: failedAttempts,
    desired: { kind: desired_kind, item: body === null ? null : JSON.parse(body) },
    ...(item.held && { noted: noted === null ? null : present(noted) }),
  }
}
