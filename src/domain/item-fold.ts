import type { ItemChange, ItemKey } from './item-change.ts'
import { type Applied, applyChange, type ItemState } from './item-state.ts'
import type { Version } from './version.ts'

/** What the changes of an event have come to. */
export interface MergeCounts {
  readonly applied: number
  readonly unchanged: number
  readonly stale: number
  /** Noted, since an operator holds the item; left out if there are none. */
  readonly held?: number
  /** Removals that were stale though the item is wanted; left out if there are none. */
  readonly staleRemovals?: readonly StaleRemoval[]
}

export interface StaleRemoval extends ItemKey {
  readonly version: Version | null
  /** The version that is known, as it counts. */
  readonly known: Version | null
}

/** The key of an item as text: no two items have the same. */
export function keyText({ destination, type, id }: ItemKey): string {
  return `${destination.length} ${type.length} ${destination}${type}${id}`
}

/**
 * Folds the changes of events, in order, over the items that they touch, by their `keyText`; one that nobody knows has no state.
 * Answers what is to be written, once an item however many of the changes are for it, and what each event has come to.
 */
export function foldEvents(
  found: ReadonlyMap<string, { readonly state: ItemState | null }>,
  events: readonly { readonly seq: number; readonly changes: readonly ItemChange[] }[],
  at: number,
): { readonly items: ReadonlyMap<string, Applied>; readonly counts: readonly MergeCounts[] } {
  const items = new Map<string, Applied>()
  const counts = events.map(({ seq, changes }) => {
    const results = { applied: 0, unchanged: 0, stale: 0, held: 0 }
    const staleRemovals: StaleRemoval[] = []
    for (const change of changes) {
      const key = keyText(change)
      const earlier = items.get(key)
      const applied = applyChange(earlier ? earlier.next : found.get(key)!.state, change, seq, at)
      items.set(key, earlier ? afterEarlier(earlier, applied) : applied)
      results[applied.result] += 1
      const { destination, type, id } = change
      if (applied.staleRemoval) staleRemovals.push({ destination, type, id, ...applied.staleRemoval })
    }
    const { held, ...others } = results
    return { ...others, ...(held > 0 && { held }), ...(staleRemovals.length > 0 && { staleRemovals }) }
  })
  return { items, counts }
}

function afterEarlier(earlier: Applied, later: Applied): Applied {
  return {
    ...later,
    body: later.body === undefined ? earlier.body : later.body,
    keepSentBody: earlier.keepSentBody || later.keepSentBody,
    isReplaced: earlier.isReplaced || later.isReplaced,
    sources: [...earlier.sources, ...later.sources],
  }
}
