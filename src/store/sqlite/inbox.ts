import { type Database, prepare } from './database.ts'
import { createDeliveries, deliveryHashOf, type EventPosition } from './deliveries.ts'
import type { Lane } from './lane.ts'
import { deliveryKeyOf, type PackedEvents, selectPacked, unpackEvents } from './pack.ts'
import { createTallied, type Tally } from './rollups.ts'
import { createSeen, type SeenOptions } from './seen.ts'
import { createWaiting } from './waiting.ts'

export interface InboxOptions {
  /** How many deliveries stay out of the index at most. */
  readonly tailMax?: number
  /** With more events in the inbox than this, accepting spreads out twice as many as have come. */
  readonly usualMax?: number
  readonly seen?: SeenOptions
}

interface InboxRow {
  readonly first_seq: number
  readonly count: number
  readonly rows: string
  readonly bodies: Uint8Array
}

/** Where events and inbox stand: `newest` is the last seq given out; all up to `last` have come out of the inbox, and some after it. */
interface Position extends EventPosition {
  readonly newest: number
}

/** One transaction spreads out no more bytes of bodies than this and a row: nobody waits long for it, and its log stays small. */
const spreadMaxBytes = 8 * 1024 * 1024

/**
 * Accepted events are kept as they come, many in one row, and spread out into `events` when they are claimed, counted
 * among or looked at: accepting is then one insert for a whole commit, and what waits for mapping is sorted in without haste.
 *
 *     events  1 …………… last ][ inbox: a row for each source in a commit ] newest
 *                           ▲ rows of a source may come out before older ones of another, when it is its turn
 */
export function createInbox(database: Database, { tailMax, usualMax = 200_000, seen: seenOptions }: InboxOptions = {}) {
  const deliveries = createDeliveries(database, tailMax)
  const seen = createSeen(database, seenOptions)
  /** The events in the inbox: read again from there after a restart. */
  const waiting = createWaiting()
  let known = 0 // the newest event that `waiting`, or else `deliveries`, knows
  let position: Position | null = null // as of `version`, and of what was done here since
  let version = 0

  const selectPosition = prepare<Position>(
    database,
    `select last, indexed, max(last, newest, coalesce(
       (select first_seq + count - 1 from inbox order by first_seq desc limit 1), 0)) as newest
     from event_position`,
  )
  const movePosition = prepare(database, 'update event_position set last = ?, indexed = ?, newest = ?')
  const insertRow = prepare(
    database,
    'insert into inbox (first_seq, count, priority, source, received_at, rows, bodies) values (?, ?, ?, ?, ?, ?, ?)',
  )
  const selectRows = prepare<Pick<InboxRow, 'first_seq' | 'rows'>>(
    database,
    'select first_seq, rows from inbox where first_seq > ? order by first_seq',
  )
  const selectFirst = prepare<InboxRow>(
    database,
    'select first_seq, count, rows, bodies from inbox order by first_seq limit 1',
  )
  const selectFirstOf = prepare<InboxRow>(
    database,
    `select first_seq, count, rows, bodies from inbox
     where priority = :priority and source = :source order by first_seq limit 1`,
  )
  const selectMixed = prepare(database, "select 1 from inbox where priority = 0 and source = '' limit 1")
  const selectLeft = prepare<{ first: number | null }>(database, 'select min(first_seq) as first from inbox')
  const selectAny = prepare(database, 'select 1 from inbox limit 1')
  const deleteRow = prepare(database, 'delete from inbox where first_seq = ?')
  const insertEvent = prepare(
    database,
    `insert into events (seq, source, delivery_id, delivery_hash, topic, received_at, bytes, tenant, priority, as_of)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  const insertBody = prepare(
    database,
    'insert into event_bodies (seq, method, path, query, headers, body, proof) values (?, ?, ?, ?, ?, ?, ?)',
  )

  const tallied = createTallied(database)
  const noteSource = prepare(database, 'insert or ignore into sources (id, name, created_at) values (?, ?, ?)')
  const knownSources = new Set<string>()

  /** Catches up with what is on disk: after a start, and with what another process has accepted or spread out. */
  function catchUp(): Position {
    const current = database.version()
    if (position !== null && version === current) return position
    position = selectPosition.get()!
    version = current
    deliveries.catchUp(position)
    waiting.dropUpTo(position.last) // first: a delivery that is gone from `events` may have come again
    if (known !== position.newest) {
      for (const { first_seq: first, rows } of selectRows.iterate(Math.max(known, position.last))) {
        for (const [index, { source, deliveryId }] of unpackEvents(rows, noBytes).entries()) {
          if (deliveryId === null) continue
          const key = deliveryKeyOf(source, deliveryId)
          seen.note(key)
          waiting.add(first + index, key)
        }
      }
      known = position.newest
    }
    return position
  }

  /** After a rollback: what memory says may not be so. */
  function forget(): void {
    deliveries.forget()
    waiting.clear()
    known = 0
    position = null
    knownSources.clear()
  }

  function guarded<T>(durability: 'synced' | 'unsynced', work: () => T): T {
    try {
      return database.transact(durability, work)
    } catch (error) {
      forget()
      throw error
    }
  }

  /** Keeps the events of one commit. Answers the seq of each; that of the first one, negated, for a delivery seen before. */
  function acceptAll(lanes: readonly PackedEvents[]): readonly number[] {
    const count = lanes.reduce((sum, { keys }) => sum + keys.length, 0)
    let newestBefore = 0
    const answers = guarded('synced', () => {
      const { newest, last } = catchUp()
      newestBefore = newest
      if (newest - last > usualMax) spreadOut(count * 2)
      const isComplete = seen.learn(newest, waiting, count)
      const answers: number[] = []
      for (const packed of lanes) {
        const seqs = acceptLane(packed, isComplete)
        for (const [index, seq] of seqs.entries()) answers[packed.places ? packed.places[index]! : index] = seq
      }
      return answers
    })
    seen.moved(newestBefore, known) // only now: what is rolled back, others may be given
    return answers
  }

  /** `isComplete`: every delivery of before is noted, so one that is not is new for sure. */
  function acceptLane(packed: PackedEvents, isComplete: boolean): readonly number[] {
    const { keys } = packed
    const current = catchUp()
    const { newest } = current
    const isNew = keys.map((key) => key !== null && !seen.note(key) && isComplete)
    const earlier = deliveries.find(
      keys.filter((key, index): key is string => !isNew[index] && key !== null && waiting.find(key) === undefined),
    )
    let seq = newest
    const answers = keys.map((key, index) => {
      const first = key === null || isNew[index] ? undefined : (waiting.find(key) ?? earlier.get(key))
      if (first !== undefined) return -first
      seq += 1
      if (key !== null) waiting.add(seq, key)
      return seq
    })
    if (seq === newest) return answers
    known = seq
    position = { ...current, newest: seq }
    const isKept = (index: number) => answers[index]! > 0
    const fresh = seq - newest === answers.length ? packed : selectPacked(packed, isKept)
    const { priority, source, receivedAt, rows, bodies } = fresh
    insertRow.run(newest + 1, seq - newest, priority, source, receivedAt, rows, bodies)
    return answers
  }

  /**
   * Moves the oldest rows of the inbox, or of a lane in it, into `events`: `limit` events or a few more, fewer large ones. Only inside of
   * a transaction.
   */
  function spreadOut(limit: number, lane?: Lane): number {
    const before = catchUp()
    return tallied((tally) => spreadCounted(before, limit, lane, tally))
  }

  function firstRow(lane: Lane | undefined): InboxRow | undefined {
    if (lane === undefined || isMixed()) return selectFirst.get()
    return selectFirstOf.get({ priority: lane.priority, source: lane.source })
  }

  function spreadCounted(before: Position, limit: number, lane: Lane | undefined, tally: Tally): number {
    let count = 0
    let bytes = 0
    const isRoom = () => count < limit && bytes < spreadMaxBytes
    for (let row = firstRow(lane); row && isRoom(); row = isRoom() ? firstRow(lane) : undefined) {
      deleteRow.run(row.first_seq)
      let seq = row.first_seq - 1
      for (const event of unpackEvents(row.rows, row.bodies)) {
        seq += 1
        const { source, deliveryId, topic, receivedAt, method, path, query, headers, body, proof = null } = event
        const { tenant = null, priority = 0, asOf = null } = event
        const hash = deliveryId === null ? null : deliveryHashOf(deliveryKeyOf(source, deliveryId))
        insertEvent.run(seq, source, deliveryId, hash, topic, receivedAt, body.byteLength, tenant, priority, asOf)
        insertBody.run(seq, method, path, query, JSON.stringify(headers), body, proof && JSON.stringify(proof))
        if (hash !== null) deliveries.add(hash, seq)
        tally.count('accepted', receivedAt, source)
        if (!knownSources.has(source)) {
          noteSource.run(`file:${source}`, source, receivedAt)
          knownSources.add(source)
        }
      }
      count += row.count
      bytes += row.bodies.byteLength
    }
    if (count === 0) return 0
    const indexed = Math.max(deliveries.mergeSome(count) ?? 0, before.indexed)
    const left = selectLeft.get()!.first
    const last = left === null ? before.newest : left - 1
    movePosition.run(last, indexed, before.newest)
    position = { ...before, last, indexed }
    deliveries.reached(last)
    waiting.dropUpTo(last) // what is in `events` is for the index of deliveries to know
    return count
  }

  /** The same in a transaction of its own; answers how many events it moved. */
  function spread(limit: number): number {
    if (isEmpty()) return 0 // an idle relay takes no write lock
    return guarded('unsynced', () => spreadOut(limit))
  }

  /** Whether there are rows of an older relay, whose order is that of all sources together. */
  function isMixed(): boolean {
    return selectMixed.get() !== undefined
  }

  function isEmpty(): boolean {
    return selectAny.get() === undefined
  }

  return { acceptAll, spread, spreadOut, isMixed, isEmpty, guarded }
}

export type Inbox = ReturnType<typeof createInbox>

const noBytes = new Uint8Array()
