import type { ItemFilter, Moved, MoveTo, Store } from '../contract/store.ts'
import { createAgain } from './again.ts'
import { createCircuits } from './circuits.ts'
import { createClaims } from './claims.ts'
import { type DatabaseOptions, openDatabase } from './database.ts'
import { relayErrorOf } from './errors.ts'
import { createErrorGroups } from './errors-grouped.ts'
import { createEvents } from './events.ts'
import { createExecutions } from './executions.ts'
import { createFetches } from './fetches.ts'
import { createInbox } from './inbox.ts'
import { createLists } from './lists.ts'
import { createMerge } from './merge.ts'
import { createMove } from './move.ts'
import type { PackedEvents } from './pack.ts'
import { createRefusals } from './refusals.ts'
import { createRhythms } from './rhythms.ts'
import { createSettle } from './settle.ts'
import { createUpkeep } from './upkeep.ts'

type Sync<Method> = Method extends (...args: infer Args) => Promise<infer Result> ? (...args: Args) => Result : never

/** The store as plain synchronous functions over one connection; see `createInbox` for what is its own. */
export type Engine = {
  readonly [Name in Exclude<keyof Store, 'accept' | 'close' | 'moveItems' | 'resendItems'>]: Sync<Store[Name]>
} & {
  readonly acceptAll: (events: PackedEvents) => readonly number[]
  readonly spread: (limit: number) => number
  /** From the item after this one on; answers the last one that was looked at, 0 where there was none. */
  readonly moveItems: (filter: ItemFilter, to: MoveTo, limit: number, after: number, at: number) => MovedSome
  readonly resendItems: (to: MoveTo, limit: number, after: number, at: number) => MovedSome
  /** False where the database had to be left open: to close it would spoil what was written over it. */
  readonly close: () => boolean
}

type MovedSome = Moved & { readonly last: number }

export function openEngine(path: string, options: DatabaseOptions): Engine {
  const database = openDatabase(path, options)
  const inbox = createInbox(database)
  const { claimWaiting, nextFetchAt, releaseWaiting } = createFetches(database)
  const parts = {
    acceptAll: inbox.acceptAll,
    spread: inbox.spread,
    ...createEvents(database, inbox),
    claimWaiting,
    nextFetchAt,
    releaseWaiting,
    ...createMerge(database),
    ...createClaims(database),
    ...createSettle(database),
    recordAttempt: createExecutions(database).recordAttempt,
    ...createAgain(database),
    ...createMove(database),
    ...createLists(database),
    ...createErrorGroups(database),
    ...createUpkeep(database),
    ...createCircuits(database),
    ...createRhythms(database),
    ...createRefusals(database),
    checkFiles: database.keeper.look,
    close: database.close,
  }
  return translated(parts, path)
}

/** Reads run outside of a transaction, so their errors are translated here. */
function translated<T extends object>(parts: T, path: string): T {
  const wrap = (method: (...args: unknown[]) => unknown) =>
    function call(...args: unknown[]) {
      try {
        return method(...args)
      } catch (error) {
        throw relayErrorOf(error, path)
      }
    }
  return Object.fromEntries(Object.entries(parts).map(([name, method]) => [name, wrap(method)])) as T
}
