import { hashOf, newSeed } from './text-hash.ts'

/** The deliveries of events in a row, oldest first. */
export interface Waiting {
  /** Adds the next event; null where it has no delivery id. The first one may have any seq. */
  add(seq: number, key: string | null): void
  /** The seq of the oldest event with this delivery. */
  find(key: string): number | undefined
  /** Leaves out the events up to this one. */
  dropUpTo(seq: number): void
  clear(): void
  /** Of all that are there. */
  keys(): readonly (string | null)[]
}

const seed = newSeed()
/** How many there is room for at least: a power of two. */
const usualRoom = 1_024

/**
 * To add one to a `Map` takes several times as long: its entries lie all over the memory. Here they lie in a row, and of those that
 * share some bits of a hash the newest is noted, and from each the one before.
 *
 *     newest, by hash ──▶ index ──▶ the one before ──▶ …
 *     keys    dropped … ][ start … ]
 */
export function createWaiting(leastRoom = usualRoom): Waiting {
  let keys: (string | null)[] = []
  let start = 0
  let firstSeq = 0 // of keys[0]
  let newest = new Int32Array(leastRoom) // an index plus one; 0: none
  let before = new Int32Array(leastRoom) // by index, the same

  const slotOf = (key: string) => hashOf(key, seed) & (newest.length - 1)

  function link(key: string, index: number): void {
    const slot = slotOf(key)
    before[index] = newest[slot]!
    newest[slot] = index + 1
  }

  /** Makes room for at least as many again. */
  function tidy(): void {
    keys = keys.slice(start)
    firstSeq += start
    start = 0
    const room = Math.max(leastRoom, 2 ** Math.ceil(Math.log2(2 * keys.length + 1)))
    newest = new Int32Array(room)
    before = new Int32Array(room)
    for (const [index, key] of keys.entries()) if (key !== null) link(key, index)
  }

  return {
    add(seq, key) {
      if (keys.length === newest.length) tidy()
      if (start === keys.length) firstSeq = seq - start
      if (seq !== firstSeq + keys.length) throw new Error(`event ${seq} is not the next after those that wait`)
      if (key !== null) link(key, keys.length)
      keys.push(key)
    },
    find(key) {
      let found: number | undefined
      let index = newest[slotOf(key)]! - 1
      for (; index >= start; index = before[index]! - 1) if (keys[index] === key) found = firstSeq + index
      return found
    },
    dropUpTo(seq) {
      const end = Math.min(keys.length, seq - firstSeq + 1)
      for (; start < end; start += 1) keys[start] = null
    },
    clear() {
      keys = []
      start = 0
      newest.fill(0)
    },
    keys: () => keys.slice(start),
  }
}
