import { isNewer } from '../../domain/item-order.ts'
import type { Version } from '../../domain/version.ts'
import type { ItemFilter, Moved, MoveTo, Target } from '../contract/store.ts'
import { type Database, prepare } from './database.ts'
import { itemConditions, whereOf } from './lists.ts'

interface MovingItem {
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
  readonly url: string | null
  /** Whether its event can be mapped again. */
  readonly isKept: number
}

interface KnownThere {
  readonly seq: number
  readonly version: Version | null
  readonly place: number
  readonly held: number
  readonly batch: number | null
  readonly deliveredKind: string | null
  readonly deliveredChecksum: string | null
  readonly deliveredAt: number | null
}

/** Items that go to another place: to another destination, or with their destination to another website. */
export function createMove(database: Database) {
  const columns = `items.seq, type, id, items.source, items.status, kind, version, coalesce(place, event_seq) as place, event_seq as eventSeq,
    (select json_extract(body, '$.url') from item_bodies b where b.seq = items.seq) as url,
    exists (select 1 from events e where e.seq = items.event_seq) as isKept`
  const selectThere = prepare<KnownThere>(
    database,
    `select seq, version, coalesce(place, event_seq) as place, held, batch_seq as batch, delivered_kind as deliveredKind,
       delivered_checksum as deliveredChecksum, delivered_at as deliveredAt
     from items where id = ? and type = ? and destination = ?`,
  )
  const dropHistory = prepare(database, 'delete from batch_items where item_seq = ?')
  const dropItem = prepare(database, 'delete from items where seq = ?')
  const carry = prepare(database, 'update items set destination = ? where seq = ?')
  const know = prepare(
    database,
    'update items set delivered_kind = ?, delivered_checksum = ?, delivered_at = ? where seq = ?',
  )
  const makeDue = prepare(
    database,
    `update items set status = 'pending', due_at = :at, attempts = 0, error = null, tried_ms = 0, tried_at = null,
       pending_since = :at, received_at = coalesce(received_at, :at)
     where seq = :seq`,
  )
  const doubt = prepare(
    database,
    `update items set delivered_kind = iif(delivered_kind is null, null, 'unknown'), delivered_checksum = null where seq = ?`,
  )
  const rest = prepare(
    database,
    `update items set status = 'delivered', due_at = null, pending_since = null, received_at = null, error = :error where seq = :seq`,
  )
  const bury = prepare(
    database,
    `update items set status = 'dead', due_at = null, pending_since = null, received_at = null, error = :error where seq = :seq`,
  )
  const mapAgain = prepare(
    database,
    `update events set status = 'pending', reason = null, error = null, settled_at = null, replays = replays + 1
     where seq = ? and status not in ('pending', 'waiting')`,
  )

  function forget(seq: number): void {
    dropHistory.run(seq)
    dropItem.run(seq)
  }

  /** A url of another site would be refused: it comes out right where its event is mapped again. */
  function isElsewhere({ url }: MovingItem, { hosts }: MoveTo): boolean {
    const host = url === null ? undefined : URL.parse(url)?.host
    return host !== undefined && !hosts.includes(host)
  }

  function canMapAgain(item: MovingItem, { sources }: MoveTo): boolean {
    return item.isKept === 1 && sources.includes(item.source)
  }

  /** Both sides may know it: the newer one wins, as if its change had come to that destination. */
  function moveOne(item: MovingItem, to: MoveTo, at: number): keyof Moved {
    const there = selectThere.get(item.id, item.type, to.destination)
    if (there && (there.batch !== null || there.held === 1)) return 'busy'
    if (there && isNewer(there, item)) {
      forget(item.seq)
      return 'superseded'
    }
    if (item.kind === 'upsert' && isElsewhere(item, to)) {
      if (!canMapAgain(item, to)) return 'left'
      mapAgain.run(item.eventSeq)
      forget(item.seq)
      return 'mapped_again'
    }
    if (there) forget(there.seq)
    carry.run(to.destination, item.seq)
    // A removal that was delivered is known there as it was here; all else is sent.
    const isOver =
      item.kind === 'delete' && item.status === 'delivered' && (there?.deliveredKind ?? 'delete') === 'delete'
    if (isOver) return 'moved'
    know.run(there?.deliveredKind ?? null, there?.deliveredChecksum ?? null, there?.deliveredAt ?? null, item.seq)
    makeDue.run({ seq: item.seq, at })
    return 'moved'
  }

  function moveItems(
    filter: ItemFilter,
    to: MoveTo,
    limit: number,
    after: number,
    at: number,
  ): Moved & { last: number } {
    const conditions = [
      ...itemConditions(filter),
      { sql: 'batch_seq is null', values: [] },
      { sql: 'items.seq > ?', values: [after] },
    ]
    const select = prepare<MovingItem>(
      database,
      `select ${columns} from items${whereOf(conditions)} order by items.seq limit ?`,
    )
    const counts = { moved: 0, superseded: 0, mapped_again: 0, left: 0, busy: 0, last: 0 }
    const work = () => {
      for (const item of select.all(...conditions.flatMap(({ values }) => values), limit)) {
        counts[moveOne(item, to, at)] += 1
        counts.last = item.seq
      }
    }
    if (!to.dryRun) database.transact('synced', work)
    else undone(database, work)
    return counts
  }

  const selectOf = prepare<MovingItem>(
    database,
    `select ${columns} from items where destination = ? and items.seq > ? and batch_seq is null order by items.seq limit ?`,
  )

  function resendItems(to: MoveTo, limit: number, after: number, at: number): Moved & { last: number } {
    const counts = { moved: 0, superseded: 0, mapped_again: 0, left: 0, busy: 0, last: 0 }
    database.transact('synced', () => {
      for (const item of selectOf.all(to.destination, after, limit)) {
        counts.last = item.seq
        if (item.kind === 'delete') continue // what was removed is not there, or waits to be removed
        doubt.run(item.seq)
        if (!isElsewhere(item, to)) {
          makeDue.run({ seq: item.seq, at })
          counts.moved += 1
        } else if (canMapAgain(item, to)) {
          mapAgain.run(item.eventSeq)
          rest.run({ seq: item.seq, error: 'the destination has another site_domain: its event is mapped again' })
          counts.mapped_again += 1
        } else {
          bury.run({ seq: item.seq, error: elsewhere(item, to) })
          counts.left += 1
        }
      }
    })
    return counts
  }

  const selectTargets = prepare<{ destination: string; target: string }>(
    database,
    'select destination, target from destination_targets',
  )
  const putTarget = prepare(
    database,
    'insert into destination_targets (destination, target) values (?, ?) on conflict do update set target = excluded.target',
  )

  function readTargets(): ReadonlyMap<string, Target> {
    return new Map(selectTargets.all().map(({ destination, target }) => [destination, JSON.parse(target)]))
  }

  function writeTarget(destination: string, target: Target): void {
    database.transact('synced', () => putTarget.run(destination, JSON.stringify(target)))
  }

  return { moveItems, resendItems, readTargets, writeTarget }
}

function elsewhere({ url, isKept }: MovingItem, { hosts }: MoveTo): string {
  const host = URL.parse(url ?? '')?.host
  const why = isKept === 1 ? 'its source does not send to this destination' : 'its event is no longer kept'
  return `its url is on '${host}', which is none of the destination's hosts (${hosts.join(', ')}), and ${why}: save it in the CMS again, or add the host to aliases`
}

/** Does it and takes it back: what would come of it is known to the last item. */
function undone({ transact }: Database, work: () => void): void {
  const back = new Error('rolled back')
  try {
    transact('unsynced', () => {
      work()
      throw back
    })
  } catch (error) {
    if (error !== back) throw error
  }
}
