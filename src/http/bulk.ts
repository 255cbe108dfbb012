import type { FastifyRequest } from 'fastify'
import { type OkEnvelope, ok } from '../api/envelope.ts'
import type { Chosen } from '../store/contract/store.ts'

export interface Bulk {
  readonly dryRun: boolean
  readonly filter: object
  readonly choose: () => Promise<Chosen<unknown>>
  readonly run: () => Promise<number>
  readonly request: FastifyRequest
}

/**
 * Does it, or says for how many it would be done; `admin.done` tells either. `what` is such as `events.purged`; answers `{<done>: n}`, with
 * `matching` where nothing was done.
 */
export async function runBulk(what: `${string}.${string}`, bulk: Bulk): Promise<OkEnvelope> {
  const { dryRun, filter, choose, run, request } = bulk
  const done = what.slice(what.indexOf('.') + 1)
  const told = { what, filter: shortened(filter), dryRun }
  if (!dryRun) {
    const count = await run()
    request.act = { ...told, count }
    return ok({ dry_run: false, [done]: count }, request.id)
  }
  const { matching, ids } = await choose()
  request.act = { ...told, count: ids.length }
  return ok({ dry_run: true, [done]: ids.length, matching }, request.id)
}

/** Long lists as their length: ids may be ten thousand. */
function shortened(filter: object): object {
  return Object.fromEntries(
    Object.entries(filter).map(([name, value]) => [name, Array.isArray(value) ? value.length : value]),
  )
}
