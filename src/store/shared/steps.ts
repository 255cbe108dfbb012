import type { Picked, PickRange, Place } from './choose.ts'

/** So many rows are changed in one transaction: it lasts some 20 ms, and webhooks get their turn after it. */
export const stepRows = 500

/** Changes what a request for many takes; answers how many. */
export type Steps = <Id>(
  limit: number,
  pick: (range: PickRange) => Promise<Picked<Id>>,
  change: (ids: readonly Id[]) => Promise<number>,
  /** So many are to be chosen at once, because each change would make it another choice. */
  atOnce?: number,
) => Promise<number>

/**
 * Does in steps what is asked for many: choosing takes no lock, and each change is a transaction of few rows. With `pause`, which a
 * process beside a relay needs, each is followed by a pause of its own length: then the relay gets the write lock.
 */
export function createSteps(pause: ((ms: number) => Promise<unknown>) | null): Steps {
  return async function inSteps(limit, pick, change, atOnce = stepRows) {
    let done = 0
    let after: Place | null = null
    do {
      const { ids, next }: Awaited<ReturnType<typeof pick>> = await pick({
        limit: Math.min(atOnce, limit - done),
        after,
      })
      for (let at = 0; at < ids.length; at += stepRows) {
        const since = performance.now()
        done += await change(ids.slice(at, at + stepRows))
        await pause?.(performance.now() - since)
      }
      after = next
    } while (after !== null && done < limit)
    return done
  }
}
