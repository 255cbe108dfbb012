import type { FastifyRequest } from 'fastify'
import { type BulkInput, bulkOf, presentBulk } from '../api/bulk.ts'
import type { Chosen } from '../store/contract/store.ts'

interface BulkSteps {
  readonly choose: () => Promise<Chosen<unknown>>
  readonly run: () => Promise<number>
}

/**
 * Does what a body asks for, or says for how many it would be done; `admin.done` tells either. `what` is such as `events.purged`,
 * `wake` is called once it is done.
 */
export async function runBulk<Done extends string, Body extends BulkInput>(
  what: `${string}.${Done}`,
  { body, request }: { readonly body: Body; readonly request: FastifyRequest },
  stepsOf: (asked: ReturnType<typeof bulkOf<Body>>) => BulkSteps,
  wake: () => void = () => {},
) {
  const asked = bulkOf(body)
  const { filter, dryRun, resetVersion } = asked
  const { choose, run } = stepsOf(asked)
  const done = what.slice(what.indexOf('.') + 1) as Done
  const act = { what, filter: { ...shortened(filter), ...(resetVersion && { resetVersion }) }, dryRun }
  if (dryRun) {
    const { matching, ids } = await choose()
    request.act = { ...act, count: ids.length }
    return { data: presentBulk(done, ids.length, matching), status: 200 }
  }
  const count = await run()
  request.act = { ...act, count }
  wake()
  return { data: presentBulk(done, count) }
}

/** Long lists as their length: ids may be ten thousand. */
function shortened(filter: object): object {
  return Object.fromEntries(
    Object.entries(filter).map(([name, value]) => [name, Array.isArray(value) ? value.length : value]),
  )
}
