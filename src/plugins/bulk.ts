import { z } from 'zod'
import { RelayError } from '../domain/errors.ts'
import type { Chosen } from '../store/store.ts'
import { type OkEnvelope, ok } from './envelope.ts'

/** The members of every body that asks for something to be done with all that match. */
export const bulkParams = {
  limit: z.number().int().min(1).max(10_000).default(10_000),
  dry_run: z.boolean().default(false),
}

export interface Bulk {
  readonly dryRun: boolean
  readonly choose: () => Promise<Chosen<unknown>>
  readonly run: () => Promise<number>
  readonly requestId: string
}

/** Does it, or says for how many it would be done. Answers `{<done>: n}`, with `matching` where nothing was done. */
export async function runBulk(done: string, { dryRun, choose, run, requestId }: Bulk): Promise<OkEnvelope> {
  if (!dryRun) return ok({ dry_run: false, [done]: await run() }, requestId)
  const { matching, ids } = await choose()
  return ok({ dry_run: true, [done]: ids.length, matching }, requestId)
}

/** Never everything by accident. Throws RelayError `invalid`. */
export function requireFilter(filter: object): void {
  if (Object.keys(filter).length > 0) return
  throw new RelayError('invalid', 'body: say which ones, by at least one filter')
}
