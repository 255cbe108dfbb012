import type { Picked, PickRange, Place } from './choose.ts'

/** So many rows are changed in one transaction: it lasts some tens of milliseconds, and webhooks get their turn after it. */
export const stepRows = 500

/** Does some work, and lets others have their turn after it. */
export type Turn = <T>(work: () => Promise<T>) => Promise<T>

/** With `pause`, work is followed by a pause of its own length: beside a relay, which gets the write lock in it. */
export function createTurn(pause: ((ms: number) => Promise<unknown>) | null): Turn {
  return async function inTurn(work) {
    const since = performance.now()
    const result = await work()
    await pause?.(performance.now() - since)
    return result
  }
}

/** Changes what a request for many takes; answers how many. */
export type Steps = <Id>(
  limit: number,
  pick: (range: PickRange) => Promise<Picked<Id>>,
  change: (ids: readonly Id[]) => Promise<number>,
  /** So many are to be chosen at once, because each change would make it another choice. */
  atOnce?: number,
) => Promise<number>

/** Does in steps what is asked for many: choosing takes no lock, and each change is a transaction of few rows. */
export function createSteps(inTurn: Turn): Steps {
  return async function inSteps(limit, pick, change, atOnce = stepRows) {
    let done = 0
    let after: Place | null = null
    do {
      const { ids, next }: Awaited<ReturnType<typeof pick>> = await pick({
        limit: Math.min(atOnce, limit - done),
        after,
      })
      for (let at = 0; at < ids.length; at += stepRows) {
        done += await inTurn(() => change(ids.slice(at, at + stepRows)))
      }
      after = next
    } while (after !== null && done < limit)
    return done
  }
}
