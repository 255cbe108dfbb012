import { eventIdOf } from '../../domain/event-id.ts'
import type { ItemFilter, ItemSummary, Page, Paged } from '../contract/store.ts'
import { itemConditions, itemsOf, whereOf } from './filters.ts'
import { behind, type Pages, pageEnd, pageOf } from './pages.ts'
import { type Dialect, plain, type Query, queryOf, sql } from './sql.ts'

const columns = plain(`seq, destination, source, type, id, status, kind as "desiredKind", version, held,
  case when place > 0 then 1 else 0 end as removed, checksum, delivered_kind as "deliveredKind",
  delivered_checksum as "deliveredChecksum", delivered_at as "deliveredAt", changed_at as "changedAt", due_at as "dueAt",
  attempts, error, event_seq as "eventSeq",
  (select batches.id from batches where batches.seq = items.batch_seq) as "batchId"`)

type ItemRow = Omit<ItemSummary, 'eventId' | 'held' | 'removed'> & {
  readonly eventSeq: number
  readonly held: number
  readonly removed: number
}

/** So many items of one id are shown. */
const ofOneId = 20

/** Items for people. */
export function createItemQueries(dialect: Dialect) {
  const pages: Pages<ItemRow> = {
    columns: ['changed_at', 'seq'],
    keyOf: ({ changedAt, seq }) => [changedAt, seq],
  }
  return {
    /** Last changed first. */
    list(filter: ItemFilter, page: Page): Query<Paged<ItemSummary>> {
      const where = whereOf([...itemConditions(filter, dialect), ...behind(pages, page)])
      const statement = sql`select ${columns} from ${itemsOf(filter, dialect)}${where}${pageEnd(pages, page)}`
      return queryOf(dialect, statement, (rows: Iterable<ItemRow>) => pageOf(rows, pages, page, itemSummaryOf))
    },
    /** Every item with an id. */
    find(filter: Pick<ItemFilter, 'id' | 'type' | 'destination'>): Query<readonly ItemSummary[]> {
      const where = whereOf(itemConditions(filter, dialect))
      const statement = sql`select ${columns} from items${where} order by destination, type limit ${ofOneId}`
      return queryOf(dialect, statement, (rows: Iterable<ItemRow>) => Array.from(rows, itemSummaryOf))
    },
  }
}

function itemSummaryOf({ eventSeq, ...row }: ItemRow): ItemSummary {
  const removed = row.removed === 1
  return { ...row, held: row.held === 1, removed, eventId: removed ? null : eventIdOf(eventSeq) }
}
