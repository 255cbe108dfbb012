import type { Moved, MoveTo, Target } from '../contract/store.ts'
import type { ChosenItems } from '../shared/choose.ts'
import {
  canMapAgain,
  createMoves,
  elsewhere,
  isElsewhere,
  judgeMove,
  type MovingItem,
  nothingMoved,
} from '../shared/moves.ts'
import { type Database, prepare } from './database.ts'
import { createRun, sqliteDialect } from './queries.ts'

/** Items that go to another place: to another destination, or with their destination to another website. */
export function createMove(database: Database) {
  const run = createRun(database)
  const moves = createMoves(sqliteDialect)
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

  function moveOne(item: MovingItem, to: MoveTo, at: number): keyof Moved {
    const there = run(moves.known(to.destination, item))
    const result = judgeMove(item, there, to)
    if (result === 'superseded') forget(item.seq)
    if (result === 'mapped_again') {
      mapAgain.run(item.eventSeq)
      forget(item.seq)
    }
    if (result !== 'moved') return result
    if (there) forget(there.seq)
    carry.run(to.destination, item.seq)
    // A removal that was delivered is known there as it was here; all else is sent.
    const isOver =
      item.kind === 'delete' && item.status === 'delivered' && (there?.deliveredKind ?? 'delete') === 'delete'
    if (isOver) return result
    know.run(there?.deliveredKind ?? null, there?.deliveredChecksum ?? null, there?.deliveredAt ?? null, item.seq)
    makeDue.run({ seq: item.seq, at })
    return result
  }

  function counted(filter: ChosenItems, work: (item: MovingItem) => keyof Moved | null): Moved {
    const counts = { ...nothingMoved }
    for (const item of run(moves.moving(filter))) {
      const result = work(item)
      if (result) counts[result] += 1
    }
    return counts
  }

  function moveItems(filter: ChosenItems, to: MoveTo, at: number): Moved {
    return database.transact('synced', () => counted(filter, (item) => moveOne(item, to, at)))
  }

  /** What would come of it. No item has a say in what comes of another. */
  function judgeMoves(filter: ChosenItems, to: MoveTo): Moved {
    return counted(filter, (item) => judgeMove(item, run(moves.known(to.destination, item)), to))
  }

  function resendOne(item: MovingItem, to: MoveTo, at: number): keyof Moved | null {
    if (item.kind === 'delete') return null // what was removed is not there, or waits to be removed
    doubt.run(item.seq)
    if (!isElsewhere(item, to)) {
      makeDue.run({ seq: item.seq, at })
      return 'moved'
    }
    if (canMapAgain(item, to)) {
      mapAgain.run(item.eventSeq)
      rest.run({ seq: item.seq, error: 'the destination has another site_domain: its event is mapped again' })
      return 'mapped_again'
    }
    bury.run({ seq: item.seq, error: elsewhere(item, to) })
    return 'left'
  }

  function resendItems(filter: ChosenItems, to: MoveTo, at: number): Moved {
    return database.transact('synced', () => counted(filter, (item) => resendOne(item, to, at)))
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

  return { moveItems, judgeMoves, resendItems, readTargets, writeTarget }
}
