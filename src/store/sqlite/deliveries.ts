import { hash } from 'node:crypto'
import { type Database, prepare } from './database.ts'
import { deliveryKeyOf } from './pack.ts'

// How many deliveries stay out of the index at most before they are sorted into it, and how fast that goes.
const usualTailMax = 32_768
const mergedPerDelivery = 4

/** 48 bits of a hash of a delivery's key, because a number holds them exactly. Where two deliveries share them, their keys decide. */
export function deliveryHashOf(key: string): number {
  return Number.parseInt(hash('sha1', key).slice(0, 12), 16)
}

export interface EventPosition {
  /** The last seq given to an event. */
  readonly last: number
  /** The deliveries of events up to this one are in the index. */
  readonly indexed: number
}

/**
 * Finds the event of a delivery seen before. A plain index on delivery ids, which are random, would rewrite one page
 * of 4 KB for each webhook, more than all else together. So the newest deliveries are known in memory only, as they
 * stand in `events` anyway, and go into the index many at a time, sorted, which writes each page for many of them.
 *
 *     events  1 ……………… indexed up to ][ tail: in memory, read again from `events` after a restart ] newest
 *
 * All functions must run inside of a write transaction: then nobody else adds events meanwhile.
 */
export function createDeliveries(database: Database, tailMax = usualTailMax) {
  const selectTail = prepare<{ seq: number; hash: number }>(
    database,
    'select seq, delivery_hash as hash from events where seq > ? and delivery_hash is not null order by seq',
  )
  const findAny = prepare<{ seq: number; source: string; deliveryId: string }>(
    database,
    `select seq, source, delivery_id as deliveryId from events
     where delivery_id is not null and seq in (
       select value from json_each(:recent)
       union all select seq from delivery_index where hash in (select value from json_each(:hashes)))`,
  )
  const insertIndexed = prepare(database, 'insert or ignore into delivery_index (hash, seq) values (?, ?)')

  const tail = new Map<number, number>()
  let known = 0 // every event up to this one has come out of the inbox, and is in the index or in the tail
  let merging: readonly (readonly [hash: number, seq: number])[] = []
  let merged = 0
  let mergingUpTo = 0 // the index is complete up to this event once they are merged

  /** After a rollback: what memory says may not be so. */
  function forget(): void {
    tail.clear()
    merging = []
    known = 0
  }

  /** Catches up with what is on disk: after a start, and with what another process has spread out, also out of turn. */
  function catchUp({ last, indexed }: EventPosition): void {
    for (const { seq, hash } of selectTail.iterate(Math.max(known, indexed))) add(hash, seq)
    known = last
  }

  /** All events up to this one have been added. */
  function reached(last: number): void {
    known = last
  }

  /** The seq of each delivery that was seen before, by its key. One question for all: asking costs more than finding. */
  function find(keys: readonly string[]): ReadonlyMap<string, number> {
    if (keys.length === 0) return new Map()
    const hashes = keys.map(deliveryHashOf)
    const recent = hashes.map((hash) => tail.get(hash)).filter((seq) => seq !== undefined)
    const found = findAny.all({ recent: JSON.stringify(recent), hashes: JSON.stringify(hashes) })
    return new Map(found.map(({ seq, source, deliveryId }) => [deliveryKeyOf(source, deliveryId), seq]))
  }

  function add(hash: number, seq: number): void {
    const other = tail.get(hash)
    if (other === undefined) tail.set(hash, seq)
    else if (other !== seq) insertIndexed.run(hash, seq)
  }

  /**
   * Sorts some more of the tail into the index, a few for each delivery that has come: no commit gets much longer.
   * Answers up to which event the index is complete, if that has changed.
   */
  function mergeSome(arrived: number): number | null {
    if (merging.length === 0) {
      if (tail.size < tailMax) return null
      merging = [...tail].sort(([a], [b]) => a - b)
      merged = 0
      mergingUpTo = known
    }
    const end = Math.min(merging.length, merged + arrived * mergedPerDelivery)
    for (; merged < end; merged += 1) insertIndexed.run(...merging[merged]!)
    if (merged < merging.length) return null
    for (const [hash] of merging) tail.delete(hash)
    merging = []
    return mergingUpTo
  }

  return { forget, catchUp, reached, find, add, mergeSome }
}
