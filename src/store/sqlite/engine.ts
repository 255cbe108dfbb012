import type { BatchClaim, EventClaim, ItemClaim, Store, WaitingClaim } from '../contract/store.ts'
import { createBulk } from './bulk.ts'
import { createCircuits } from './circuits.ts'
import { createClaims } from './claims.ts'
import { type DatabaseOptions, openDatabase } from './database.ts'
import { createDueTimes } from './due-times.ts'
import { relayErrorOf } from './errors.ts'
import { createEvents } from './events.ts'
import { createExecutions } from './executions.ts'
import { createFetches } from './fetches.ts'
import { createInbox } from './inbox.ts'
import type { Leased } from './leased.ts'
import { createLeases } from './leases.ts'
import { createLists } from './lists.ts'
import { createMerge } from './merge.ts'
import { createMove } from './move.ts'
import type { PackedEvents } from './pack.ts'
import { createRefusals } from './refusals.ts'
import { createRhythms } from './rhythms.ts'
import { createRollups } from './rollups.ts'
import { createSettle, type RecoveryAt } from './settle.ts'
import { createUpkeep } from './upkeep.ts'

/** These are told the time by the store's clock as well: a claim in its own fields, the others in a last argument. */
interface Timed {
  readonly claimEvents: Told<'claimEvents', [claim: Leased<EventClaim>]>
  readonly claimWaiting: Told<'claimWaiting', [claim: Leased<WaitingClaim>]>
  readonly claimItems: Told<'claimItems', [claim: Leased<ItemClaim>]>
  readonly claimBatch: Told<'claimBatch', [claim: Leased<BatchClaim>]>
  readonly recover: Told<'recover', [recovery: RecoveryAt]>
  readonly settleEvents: At<'settleEvents'>
  readonly settleBatch: At<'settleBatch'>
  readonly removeItem: At<'removeItem'>
  readonly releaseItem: At<'releaseItem'>
  readonly abandonBatches: At<'abandonBatches'>
  readonly lease: At<'lease'>
}

type Told<Name extends keyof Store, Args extends unknown[]> = (...args: Args) => Awaited<ReturnType<Store[Name]>>
type At<Name extends keyof Store> = Told<Name, [...Parameters<Store[Name]>, at: number]>

type Sync<Method> = Method extends (...args: infer Args) => Promise<infer Result> ? (...args: Args) => Result : never

/** Done in steps over a choice, so the engine has them in parts: choosing, and changing what was chosen. */
type InSteps =
  | 'moveItems'
  | 'resendItems'
  | 'replayEvents'
  | 'redeliverItems'
  | 'resetItems'
  | 'purgeEvents'
  | 'purgeItems'
  | 'giveUpItems'
  | 'releaseWaiting'
  | 'prune'

type Plain = Exclude<keyof Store, 'accept' | 'close' | 'onWork' | 'noteWaiting' | InSteps | keyof Timed>

/** The store as plain synchronous functions over one connection; see `createInbox` for what is its own. */
export type Engine = { readonly [Name in Plain]: Sync<Store[Name]> } & Timed & {
    readonly acceptAll: (lanes: readonly PackedEvents[]) => readonly number[]
    readonly spread: (limit: number) => number
    /** False if the database had to be left open: to close it would spoil what was written over it. */
    readonly close: () => boolean
  } & Readonly<ReturnType<typeof createBulk>> &
  Readonly<Pick<ReturnType<typeof createMove>, 'moveItems' | 'judgeMoves' | 'resendItems'>> &
  Readonly<Pick<ReturnType<typeof createRollups>, 'readWaiting' | 'writeWaiting'>> &
  Readonly<Pick<ReturnType<typeof createFetches>, 'pickForeign' | 'releaseWaiting'>> &
  Readonly<Pick<ReturnType<typeof createUpkeep>, 'pickOld' | 'prune'>>

export function openEngine(path: string, options: DatabaseOptions): Engine {
  const database = openDatabase(path, options)
  const inbox = createInbox(database)
  const dueTimes = createDueTimes(database)
  const { claimWaiting, nextFetchAt, pickForeign, releaseWaiting } = createFetches(database)
  const { readWaiting, writeWaiting, readStatsSeries } = createRollups(database)
  const parts = {
    acceptAll: inbox.acceptAll,
    spread: inbox.spread,
    ...createEvents(database, inbox),
    claimWaiting,
    nextFetchAt,
    pickForeign,
    releaseWaiting,
    ...createMerge(database),
    ...createClaims(database),
    ...createSettle(database, dueTimes),
    newestTime: dueTimes.newestTime,
    recordAttempt: createExecutions(database).recordAttempt,
    ...createBulk(database),
    ...createMove(database),
    ...createLists(database),
    ...createUpkeep(database),
    ...createCircuits(database),
    ...createLeases(database),
    ...createRhythms(database),
    ...createRefusals(database),
    readWaiting,
    writeWaiting,
    readStatsSeries,
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
