import { z } from 'zod'
import { RelayError } from '../domain/errors.ts'
import { defined, readInput } from './present.ts'

/** The members of every body that asks for something to be done with all that match. */
export const bulkParams = {
  limit: z.number().int().min(1).max(10_000).default(10_000),
  dry_run: z.boolean().default(false),
}

type BulkInput = { readonly limit: number; readonly dry_run: boolean; readonly reset_version?: boolean }

/** What a body asks for: which ones, how many at most, and whether only to count. Never everything by accident. Throws RelayError `invalid`. */
export function readBulk<T extends BulkInput>(schema: z.ZodType<T>, body: unknown) {
  const { limit, dry_run: dryRun, reset_version: resetVersion = false, ...given } = readInput(schema, body, 'body')
  const filter = defined(given)
  if (Object.keys(filter).length > 0) return { filter, limit, dryRun, resetVersion }
  throw new RelayError('invalid', 'body: say which ones, by at least one filter')
}
