import { type Database, prepare } from './database.ts'
import { deliveryKeyOf } from './pack.ts'
import { hashOf, newSeed } from './text-hash.ts'
import type { Waiting } from './waiting.ts'

/** Of a hundred deliveries that are new, three at most are taken for ones that may not be, and hardly one while there is room. */
const bitsEach = 8
/** Room for so many times what there is: it is seldom filled again. */
const room = 4

export interface SeenOptions {
  /** How many deliveries there is room for at least. */
  readonly least?: number
  /** And at most. With more than these, the index is asked more often. */
  readonly most?: number
  /** How many events of before one call takes note of at least: a commit gets about half a millisecond longer. */
  readonly learnedAtOnce?: number
}

/** Which deliveries may have been seen before, from memory. */
export interface Seen {
  /** Takes note of a delivery. False: it was never noted before, and is new for sure. */
  note(key: string): boolean
  /**
   * Takes note of some events that were there before this process. `newest` is the newest of them; `waiting` are the deliveries
   * that were noted and may not be in `events` yet. Answers whether all are noted now: until then `note` knows nothing for sure.
   * `arriving` are so many that come now: of twice as many it takes note, else full commits would keep it behind for ever.
   */
  learn(newest: number, waiting: Waiting, arriving: number): boolean
  /** The events between the two were noted as they came: there is nothing to learn from them. */
  moved(before: number, newest: number): void
}

/**
 * Nearly every delivery is new. Learning that from an index costs more than writing the webhook down, so a Bloom filter
 * says it; if it is not sure, the index is asked. It is filled again after a start, a few events with each commit.
 */
export function createSeen(
  database: Database,
  { least = 1_048_576, most = 67_108_864, learnedAtOnce = 200 }: SeenOptions = {}, // from 1 to 64 MB
): Seen {
  const selectFirst = prepare<{ first: number | null }>(database, 'select min(seq) as first from events')
  const selectSome = prepare<{ seq: number; source: string; deliveryId: string | null }>(
    database,
    'select seq, source, delivery_id as deliveryId from events where seq > ? order by seq limit ?',
  )
  let filter = createFilter(0) // until it is known how many there are
  let learned: number | null = null // all events up to this one are noted; null: none has been looked at
  let fillAgainFrom = 0 // this event: what does not fit is not learned over and over

  function startOver(newest: number, waiting: Waiting): number {
    const keys = waiting.keys()
    const before = (selectFirst.get()?.first ?? newest + 1) - 1
    // Of those numbers few may be left: one event that is not over yet stays, whatever its age.
    const wanted = room * (newest - before)
    const texts = Math.min(most, Math.max(least, wanted))
    filter = createFilter(texts)
    fillAgainFrom = newest + texts / 2
    for (const key of keys) filter.add(key)
    return before
  }

  return {
    note: (key) => filter.add(key),
    learn(newest, waiting, arriving) {
      if (learned === null || (filter.isFull() && newest >= fillAgainFrom)) learned = startOver(newest, waiting)
      if (learned >= newest) return true
      const limit = Math.max(learnedAtOnce, 2 * arriving)
      const some = selectSome.all(learned, limit)
      for (const { source, deliveryId } of some) {
        if (deliveryId !== null) filter.add(deliveryKeyOf(source, deliveryId))
      }
      learned = some.length < limit ? newest : some.at(-1)!.seq
      return learned >= newest
    },
    moved(before, newest) {
      if (learned === before) learned = newest
    },
  }
}

/** 512 bits, a line of the processor's cache: all bits of one text lie in it. */
const wordsPerBlock = 16
const blockSeed = newSeed()
const bitSeed = newSeed()

/** A Bloom filter for about so many texts. */
function createFilter(texts: number) {
  const capacity = 2 ** Math.ceil(Math.log2(Math.max(64, texts)))
  const words = new Uint32Array((capacity * bitsEach) / 32)
  const blockMask = words.length / wordsPerBlock - 1
  let added = 0

  return {
    isFull: () => added > capacity,
    /** Answers whether it may have been there. */
    add(text: string): boolean {
      const block = (hashOf(text, blockSeed) & blockMask) * wordsPerBlock
      let wasThere = true
      for (let bits = 0, rest = hashOf(text, bitSeed); bits < 3; bits += 1, rest >>>= 9) {
        const word = block + ((rest >>> 5) & 15)
        const bit = 1 << (rest & 31)
        if ((words[word]! & bit) === 0) {
          wasThere = false
          words[word]! |= bit
        }
      }
      if (!wasThere) added += 1
      return wasThere
    },
  }
}
