import type { FastifyRequest } from 'fastify'
import { z } from 'zod'
import { RelayError } from '../domain/errors.ts'
import type { Chosen } from '../store/store.ts'
import { type OkEnvelope, ok } from './envelope.ts'
import { defined, readInput } from './present.ts'

/** The members of every body that asks for something to be done with all that match. */
export const bulkParams = {
  limit: z.number().int().min(1).max(10_000).default(10_000),
  dry_run: z.boolean().default(false),
}

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

type BulkInput = { readonly limit: number; readonly dry_run: boolean; readonly reset_version?: boolean }

/** What a body asks for: which ones, how many at most, and whether only to count. Never everything by accident. Throws RelayError `invalid`. */
export function readBulk<T extends BulkInput>(schema: z.ZodType<T>, body: unknown) {
  const { limit, dry_run: dryRun, reset_version: resetVersion = false, ...given } = readInput(schema, body, 'body')
  const filter = defined(given)
  if (Object.keys(filter).length > 0) return { filter, limit, dryRun, resetVersion }
  throw new RelayError('invalid', 'body: say which ones, by at least one filter')
}
