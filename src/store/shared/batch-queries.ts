import type { Attempt, AttemptFilter, BatchFilter, BatchSummary, Page, Paged } from '../contract/store.ts'
import { equal, oneOf, whereOf } from './filters.ts'
import { behind, type Pages, pageEnd, pageOf } from './pages.ts'
import { type Dialect, plain, type Query, queryOf, sql } from './sql.ts'

const statuses = ['claimed', 'open', 'done', 'split'] as const
const live = new Set<string | undefined>(['claimed', 'open'])

const batchColumns = plain(`seq, id, destination, kind, status, key, created_at as "createdAt", next_at as "nextAt",
  attempts, item_count as "itemCount", bytes, error`)

const attemptColumns =
  plain(`a.seq, b.id as "batchId", b.key, a.destination, a.at, a.duration_ms as "durationMs", a.status,
  a.outcome, a.error, a.request_id as "requestId", a.item_count as "itemCount"`)

interface Numbered {
  readonly seq: number
}

/** Batches and their attempts for people, the newest first. */
export function createBatchQueries(dialect: Dialect) {
  const keyOf = ({ seq }: Numbered) => [seq]
  const batchPages: Pages<Numbered> = { columns: ['seq'], keyOf }
  const attemptPages: Pages<Numbered> = { columns: ['a.seq'], keyOf }
  return {
    listBatches({ destination, status }: BatchFilter, page: Page): Query<Paged<BatchSummary>> {
      const where = whereOf([
        ...equal('destination', destination),
        ...oneOf('status', status, statuses),
        ...(live.has(status) ? [plain("status in ('claimed', 'open')")] : []), // of a partial index, word for word
        ...behind(batchPages, page),
      ])
      const statement = sql`select ${batchColumns} from batches${where}${pageEnd(batchPages, page)}`
      return queryOf(dialect, statement, (rows: Iterable<BatchSummary & Numbered>) =>
        pageOf(rows, batchPages, page, ({ seq: _, ...batch }: BatchSummary & Numbered) => batch),
      )
    },
    listAttempts({ destination, batchId, itemSeq }: AttemptFilter, page: Page): Query<Paged<Attempt>> {
      const where = whereOf([
        plain("a.kind = 'attempt'"),
        ...equal('a.destination', destination),
        ...equal('b.id', batchId),
        ...(itemSeq === undefined
          ? []
          : [sql`a.batch_seq in (select batch_seq from batch_items where item_seq = ${itemSeq})`]),
        ...behind(attemptPages, page),
      ])
      const statement = sql`select ${attemptColumns} from executions a join batches b on b.seq = a.batch_seq${where}${pageEnd(attemptPages, page)}`
      return queryOf(dialect, statement, (rows: Iterable<Omit<Attempt, 'id'> & Numbered>) =>
        pageOf(rows, attemptPages, page, ({ seq, ...attempt }: Omit<Attempt, 'id'> & Numbered) => ({
          ...attempt,
          id: `att_${seq}`,
        })),
      )
    },
  }
}
