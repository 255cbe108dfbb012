import { eventIdOf } from '../../domain/event-id.ts'
import type { EventDetail, EventFilter, EventSummary, Page, Paged } from '../contract/store.ts'
import { untaggedId } from './delivery-tag.ts'
import { eventConditions, eventsOf, whereOf } from './filters.ts'
import { behind, type Pages, pageEnd, pageOf } from './pages.ts'
import { type Dialect, plain, type Query, queryOf, sql } from './sql.ts'

const columns = plain(`events.seq, source, delivery_id as "deliveryId", topic, status, reason, error, mapper,
  mapper_version as "mapperVersion", received_at as "receivedAt", settled_at as "settledAt", replays, bytes`)

type EventRow = Omit<EventSummary, 'id'> & { readonly seq: number }

type Content = Pick<EventDetail, 'method' | 'path' | 'query' | 'headers' | 'body' | 'proof'>
type ContentRow = Pick<Content, 'method' | 'path' | 'query' | 'body'> & {
  readonly headers: string
  readonly proof: string | null
}

/** Events for people. */
export function createEventQueries(dialect: Dialect) {
  const pages: Pages<EventRow> = {
    columns: ['received_at', 'seq'],
    keyOf: ({ receivedAt, seq }) => [receivedAt, seq],
  }
  return {
    /** Newest first. */
    list(filter: EventFilter, page: Page): Query<Paged<EventSummary>> {
      const where = whereOf([...eventConditions(filter, dialect), ...behind(pages, page)])
      const statement = sql`select ${columns} from ${eventsOf(filter, dialect)}${where}${pageEnd(pages, page)}`
      return queryOf(dialect, statement, (rows: Iterable<EventRow>) => pageOf(rows, pages, page, eventSummaryOf))
    },
    /** One event with what came in. */
    find(seq: number): Query<(EventSummary & Content) | null> {
      const statement = sql`select ${columns}, method, path, query, headers, body, proof
        from events join event_bodies on event_bodies.seq = events.seq where events.seq = ${seq}`
      return queryOf(dialect, statement, ([row]: Iterable<EventRow & ContentRow>) =>
        row ? { ...eventSummaryOf(row), ...contentOf(row) } : null,
      )
    },
  }
}

function eventSummaryOf(row: EventRow): EventSummary {
  const { source, topic, status, reason, error, mapper, mapperVersion, receivedAt, settledAt, replays, bytes } = row
  const [id, deliveryId] = [eventIdOf(row.seq), untaggedId(row.deliveryId)]
  return {
    ...{ id, source, deliveryId, topic, status, reason, error, mapper, mapperVersion, receivedAt, settledAt },
    ...{ replays, bytes },
  }
}

function contentOf({ method, path, query, headers, body, proof }: ContentRow): Content {
  const [readHeaders, readProof] = [JSON.parse(headers), proof === null ? null : JSON.parse(proof)]
  return { method, path, query, headers: readHeaders, body: Buffer.from(body), proof: readProof }
}
