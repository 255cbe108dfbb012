import { z } from 'zod'
import { RelayError } from '../domain/errors.ts'
import { count } from './fields.ts'
import { defined } from './input.ts'

/** The members of every body that asks for something to be done with all that match. */
export const bulkParams = {
  limit: z.int().min(1).max(10_000).default(10_000).describe('At most so many.'),
  dry_run: z.boolean().default(false).describe('Only count.'),
}

export type BulkInput = { readonly limit: number; readonly dry_run: boolean; readonly reset_version?: boolean }

/** What a body asks for: which ones, how many at most, and whether only to count. Never everything by accident. Throws RelayError `invalid`. */
export function bulkOf<T extends BulkInput>({
  limit,
  dry_run: dryRun,
  reset_version: resetVersion = false,
  ...given
}: T) {
  const filter = defined(given)
  if (Object.keys(filter).length > 0) return { filter, limit, dryRun, resetVersion }
  throw new RelayError('invalid', 'body: say which ones, by at least one filter')
}

type BulkAnswer<Done extends string> = { readonly dry_run: boolean; readonly matching?: number } & {
  readonly [D in Done]: number
}

/** What was done with how many: `done` is such as `purged`. */
export function bulkSchema<Done extends string>(done: Done): z.ZodType<BulkAnswer<Done>> {
  const matching = count.optional().describe('Of a dry run: how many match without the limit.')
  return z.strictObject({ dry_run: z.boolean(), [done]: count, matching }) as never
}

/** The count under the name of what was done; of a dry run how many match as well. */
export function presentBulk<Done extends string>(
  done: Done,
  number: number,
  matching: number | null = null,
): BulkAnswer<Done> {
  const isDry = matching !== null
  return { dry_run: isDry, [done]: number, ...(isDry && { matching }) } as BulkAnswer<Done>
}
