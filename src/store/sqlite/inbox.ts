import { type Database, prepare } from './database.ts'
import { createDeliveries, deliveryHashOf, type EventPosition } from './deliveries.ts'
import { deliveryKeyOf, type PackedEvents, selectPacked, unpackEvents } from './pack.ts'
import { createTallied, type Tally } from './rollups.ts'
import { createSeen, type SeenOptions } from './seen.ts'
import { createWaiting } from './waiting.ts'

export interface InboxOptions {
  /** How many deliveries stay out of the index at most. */
  readonly tailMax?: number
  /** With more events in the inbox than this, whoever accepts spreads out as many as have come, twice over. */
  readonly usualMax?: number
  readonly seen?: SeenOptions
}

interface InboxRow {
  readonly first_seq: number
  readonly count: number
  readonly rows: string
  readonly bodies: Uint8Array
}

/** Where events and inbox stand: `newest` is the last seq given out, `last` the last one that is in `events`. */
interface Position extends EventPosition {
  readonly newest: number
}

/** One transaction spreads out no more bytes of bodies than this and a row: nobody waits long for it, and its log stays small. */
const spreadMaxBytes = 8 * 1024 * 1024

/**
 * Accepted events are kept as they come, many in one row, and spread out into `events` when they are claimed, counted
 * among or looked at: accepting is then one insert for a whole commit, and what waits for mapping is sorted in without haste.
 *
 *     events  1 …………… last ][ inbox: a row for each commit ] newest
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
    `select last, indexed, max(last, coalesce(
       (select first_seq + count - 1 from inbox order by first_seq desc limit 1), 0)) as newest
     from event_position`,
  )
  const movePosition = prepare(database, 'update event_position set last = ?, indexed = ?')
  const insertRow = prepare(
    database,
    'insert into inbox (first_seq, count, received_at, rows, bodies) values (?, ?, ?, ?, ?)',
  )
  const selectRows = prepare<Pick<InboxRow, 'first_seq' | 'rows'>>(
    database,
    'select first_seq, rows from inbox where first_seq > ? order by first_seq',
  )
  const selectFirst = prepare<InboxRow>(
    database,
    'select first_seq, count, rows, bodies from inbox order by first_seq limit 1',
  )
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
  function acceptAll(packed: PackedEvents): readonly number[] {
    return guarded('synced', () => {
      const { keys } = packed
      let current = catchUp()
      const { newest } = current
      if (newest - current.last > usualMax) {
        spreadOut(keys.length * 2)
        current = catchUp()
      }
      const isNew = newOnes(keys, current.last)
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
      known = seq
      position = { ...current, newest: seq }
      if (seq === newest) return answers
      const isKept = (index: number) => answers[index]! > 0
      const fresh = seq - newest === answers.length ? packed : selectPacked(packed, isKept)
      insertRow.run(newest + 1, seq - newest, fresh.receivedAt, fresh.rows, fresh.bodies)
      return answers
    })
  }

  /** Which deliveries are new for sure, also among each other. */
  function newOnes(keys: readonly (string | null)[], last: number): readonly boolean[] {
    const isComplete = seen.learn(last, waiting, keys.length)
    return keys.map((key) => key !== null && !seen.note(key) && isComplete)
  }

  /** Moves the oldest rows of the inbox into `events`, `limit` events or a few more, fewer large ones. Only inside of a transaction. */
  function spreadOut(limit: number): number {
    const before = catchUp()
    return tallied((tally) => spreadCounted(before, limit, tally))
  }

  function spreadCounted(before: Position, limit: number, tally: Tally): number {
    let { last } = before
    let count = 0
    let bytes = 0
    const isRoom = () => count < limit && bytes < spreadMaxBytes
    for (let row = selectFirst.get(); row && isRoom(); row = isRoom() ? selectFirst.get() : undefined) {
      deleteRow.run(row.first_seq)
      last = row.first_seq - 1
      for (const event of unpackEvents(row.rows, row.bodies)) {
        last += 1
        const { source, deliveryId, topic, receivedAt, method, path, query, headers, body, proof = null } = event
        const { tenant = null, priority = 0, asOf = null } = event
        const hash = deliveryId === null ? null : deliveryHashOf(deliveryKeyOf(source, deliveryId))
        insertEvent.run(last, source, deliveryId, hash, topic, receivedAt, body.byteLength, tenant, priority, asOf)
        insertBody.run(last, method, path, query, JSON.stringify(headers), body, proof && JSON.stringify(proof))
        if (hash !== null) deliveries.add(hash, last)
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
    movePosition.run(last, indexed)
    position = { ...before, last, indexed }
    seen.moved(before.last, last)
    waiting.dropUpTo(last) // what is in `events` is for the index of deliveries to know
    return count
  }

  /** The same in a transaction of its own; answers how many events it moved. */
  function spread(limit: number): number {
    if (isEmpty()) return 0 // an idle relay takes no write lock
    return guarded('unsynced', () => spreadOut(limit))
  }

  function isEmpty(): boolean {
    return selectAny.get() === undefined
  }

  return { acceptAll, spread, spreadOut, isEmpty, guarded }
}

export type Inbox = ReturnType<typeof createInbox>

const noBytes = new Uint8Array()
