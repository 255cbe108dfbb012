import type { FastifyRequest } from 'fastify'
import { presentBulk } from '../api/bulk.ts'
import type { Chosen } from '../store/contract/store.ts'

export interface Bulk {
  readonly dryRun: boolean
  readonly filter: object
  readonly choose: () => Promise<Chosen<unknown>>
  readonly run: () => Promise<number>
  readonly request: FastifyRequest
}

/** Does it, or says for how many it would be done; `admin.done` tells either. `what` is such as `events.purged`. */
export async function runBulk<Done extends string>(what: `${string}.${Done}`, bulk: Bulk) {
  const { dryRun, filter, choose, run, request } = bulk
  const done = what.slice(what.indexOf('.') + 1) as Done
  const act = { what, filter: shortened(filter), dryRun }
  if (!dryRun) {
    const count = await run()
    request.act = { ...act, count }
    return presentBulk(done, count)
  }
  const { matching, ids } = await choose()
  request.act = { ...act, count: ids.length }
  return presentBulk(done, ids.length, matching)
}

/** Long lists as their length: ids may be ten thousand. */
function shortened(filter: object): object {
  return Object.fromEntries(
    Object.entries(filter).map(([name, value]) => [name, Array.isArray(value) ? value.length : value]),
  )
}
