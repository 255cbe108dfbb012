import { isNewer } from '../../domain/item-order.ts'
import type { Version } from '../../domain/version.ts'
import type { Moved, MoveTo } from '../contract/store.ts'
import { type ChosenItems, itemsFor } from './choose.ts'
import { allOf } from './filters.ts'
import { type Dialect, plain, type Query, queryOf, sql } from './sql.ts'

/** An item that may go to another destination. */
export interface MovingItem {
  readonly seq: number
  readonly type: string
  readonly id: string
  readonly source: string
  readonly status: 'pending' | 'delivered' | 'dead'
  readonly kind: 'upsert' | 'delete'
  readonly version: Version | null
  /** In the order of events. */
  readonly place: number
  readonly eventSeq: number
  /** The host of its url. */
  readonly host: string | null
  /** Whether its event can be mapped again. */
  readonly isKept: boolean
}

/** What the other destination knows of the same item. */
export interface KnownThere {
  readonly seq: number
  readonly version: Version | null
  readonly place: number
  readonly held: number
  readonly batch: number | null
  readonly deliveredKind: string | null
  readonly deliveredChecksum: string | null
  readonly deliveredAt: number | null
}

type MovingRow = Omit<MovingItem, 'host' | 'isKept'> & { readonly body: string | null; readonly events: number }

export const nothingMoved: Moved = { moved: 0, superseded: 0, mapped_again: 0, left: 0, busy: 0 }

export function createMoves(dialect: Dialect) {
  const columns = plain(`seq, type, id, source, status, kind, version, coalesce(place, event_seq) as place,
    event_seq as "eventSeq", (select body from item_bodies where item_bodies.seq = items.seq) as body,
    (select count(*) from events where events.seq = items.event_seq) as events`)
  return {
    /** Those of the chosen that no batch holds. */
    moving: (filter: ChosenItems): Query<readonly MovingItem[]> => {
      const from = plain(dialect.byKey('items'))
      const statement = sql`select ${columns} from ${from} where ${allOf(itemsFor('move', filter, 0, dialect))} order by seq`
      return queryOf(dialect, statement, (rows: Iterable<MovingRow>) => Array.from(rows, movingItemOf))
    },
    known: (destination: string, { type, id }: MovingItem): Query<KnownThere | null> => {
      const statement = sql`
        select seq, version, coalesce(place, event_seq) as place, held, batch_seq as batch,
          delivered_kind as "deliveredKind", delivered_checksum as "deliveredChecksum", delivered_at as "deliveredAt"
        from items where id = ${id} and type = ${type} and destination = ${destination}`
      return queryOf(dialect, statement, ([row]: Iterable<KnownThere>) => row ?? null)
    },
  }
}

function movingItemOf({ body, events, ...row }: MovingRow): MovingItem {
  const url: unknown = body === null ? null : JSON.parse(body).url
  return { ...row, host: (typeof url === 'string' && URL.parse(url)?.host) || null, isKept: events > 0 }
}

/** What comes of moving an item. Both sides may know it: the newer one wins, as if its change had come to that destination. */
export function judgeMove(item: MovingItem, there: KnownThere | null, to: MoveTo): keyof Moved {
  if (there && (there.batch !== null || there.held === 1)) return 'busy'
  if (there && isNewer(there, item)) return 'superseded'
  if (item.kind === 'upsert' && isElsewhere(item, to)) return canMapAgain(item, to) ? 'mapped_again' : 'left'
  return 'moved'
}

/** A url of another site would be refused: it comes out right if its event is mapped again. */
export function isElsewhere({ host }: MovingItem, { hosts }: MoveTo): boolean {
  return host !== null && !hosts.includes(host)
}

export function canMapAgain({ isKept, source }: MovingItem, { sources }: MoveTo): boolean {
  return isKept && sources.includes(source)
}

/** Why an item can't be delivered to what its destination has become, and what helps. */
export function elsewhere({ host, isKept }: MovingItem, { hosts }: MoveTo): string {
  const why = isKept ? 'its source does not send to this destination' : 'its event is no longer kept'
  return `its url is on '${host}', which is none of the destination's hosts (${hosts.join(', ')}), and ${why}: save it in the CMS again, or add the host to aliases`
}
