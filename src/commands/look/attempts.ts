import { presentAttempt } from '../../api/batches.ts'
import { defined } from '../../api/input.ts'
import type { Attempt, AttemptFilter, Paged } from '../../store/contract/browsing.ts'
import type { Store } from '../../store/contract/store.ts'
import { expectKnown } from '../shared/expect-known.ts'
import type { CommandOptions } from '../shared/options.ts'
import { printList, shortTime } from '../shared/print-list.ts'
import { withStore } from '../shared/with-store.ts'

interface AttemptsOptions extends CommandOptions {
  readonly destination?: string
  readonly batch?: string
  readonly since?: number
  readonly failed: boolean
  readonly limit: number
}

/** Lists calls to the ingest API, the newest first: what came of each, and how long it took. */
export async function showAttempts({
  destination,
  batch,
  since,
  failed,
  limit,
  json,
  ...options
}: AttemptsOptions): Promise<void> {
  const { rows, hasMore } = await withStore(options, async (store, config) => {
    await expectKnown(store, config, defined({ destination }))
    const isMeant = ({ outcome }: Attempt) => !failed || outcome !== 'settled'
    return choose(store, defined({ destination, batchId: batch }), { since, limit, isMeant })
  })
  printList(json, {
    rows: rows.map(presentAttempt),
    head: ['AT', 'DESTINATION', 'OUTCOME', 'STATUS', 'MS', 'ITEMS', 'ERROR', 'BATCH'],
    cellsOf: (row) => [
      shortTime(row.at),
      row.destination,
      row.outcome,
      row.status,
      Math.round(row.duration_ms),
      row.item_count,
      row.error,
      row.batch_id,
    ],
    none: 'no attempts',
    hasMore,
  })
}

interface Choice {
  readonly since: number | undefined
  readonly limit: number
  readonly isMeant: (attempt: Attempt) => boolean
}

const pageSize = 500

/** Page by page from the newest on, until there are enough or they are too old: the store keeps attempts in their order. */
async function choose(store: Store, filter: AttemptFilter, { since, limit, isMeant }: Choice) {
  const rows: Attempt[] = []
  let cursor: string | null = null
  do {
    const page: Paged<Attempt> = await store.listAttempts(filter, {
      limit: pageSize,
      ...(cursor !== null && { cursor }),
    })
    const recent = since === undefined ? page.rows : page.rows.filter(({ at }) => at >= since)
    rows.push(...recent.filter(isMeant))
    cursor = recent.length < page.rows.length ? null : page.next
  } while (cursor !== null && rows.length <= limit)
  return { rows: rows.slice(0, limit), hasMore: rows.length > limit }
}
