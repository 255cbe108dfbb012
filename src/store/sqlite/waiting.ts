/** The deliveries in the inbox, oldest first, each of them once. */
export interface Waiting {
  /** Adds the delivery of an event that is newer than all that are there. */
  add(seq: number, key: string): void
  /** The seq of the event with this delivery. */
  find(key: string): number | undefined
  /** Leaves out the events up to this one. */
  dropUpTo(seq: number): void
  clear(): void
  /** Of all that are there. */
  keys(): readonly string[]
}

export function createWaiting(): Waiting {
  const seqs = new Map<string, number>()
  let keys: string[] = [] // to find the oldest; those before `start` are gone
  let start = 0
  return {
    add(seq, key) {
      seqs.set(key, seq)
      keys.push(key)
    },
    find: (key) => seqs.get(key),
    dropUpTo(seq) {
      for (; start < keys.length && (seqs.get(keys[start]!) ?? 0) <= seq; start += 1) seqs.delete(keys[start]!)
      if (start * 2 < keys.length) return
      keys = keys.slice(start)
      start = 0
    },
    clear() {
      seqs.clear()
      keys = []
      start = 0
    },
    keys: () => keys.slice(start),
  }
}
