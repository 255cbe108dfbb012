import type { Chosen, ItemFilter, ItemPurpose, ReplayFilter } from '../contract/store.ts'
import { createChanges } from '../shared/changes.ts'
import {
  type ChosenEvents,
  type ChosenItems,
  createChoices,
  type EventPurpose,
  type ItemTaking,
  type Picked,
  type PickRange,
} from '../shared/choose.ts'
import type { Query } from '../shared/sql.ts'
import type { Database } from './database.ts'
import { createRun, sqliteDialect } from './queries.ts'

/** What is asked for many at once. Choosing takes no lock; each change takes few rows, in a transaction of its own. */
export function createBulk(database: Database) {
  const run = createRun(database)
  const choices = createChoices(sqliteDialect)
  const changes = createChanges(sqliteDialect)

  function pickEvents(purpose: EventPurpose, filter: ReplayFilter, range: PickRange): Picked<string> {
    return run(choices.pickEvents(purpose, filter, range))
  }

  function pickItems(purpose: ItemTaking, filter: ItemFilter, at: number, range: PickRange): Picked<number> {
    return run(choices.pickItems(purpose, filter, at, range))
  }

  function chooseEvents(purpose: EventPurpose, filter: ReplayFilter, limit: number): Chosen<string> {
    const matching = run(choices.countEvents(purpose, filter))
    return { matching, ids: pickEvents(purpose, filter, { limit, after: null }).ids }
  }

  function chooseItems(purpose: ItemPurpose, filter: ItemFilter, limit: number, at: number): Chosen<number> {
    const matching = run(choices.countItems(purpose, filter, at))
    return { matching, ids: pickItems(purpose, filter, at, { limit, after: null }).ids }
  }

  function replayEvents(filter: ChosenEvents): number {
    return database.transact('synced', () => {
      const seqs = run(changes.replay(filter))
      run(changes.dropClaims(seqs))
      run(changes.dropWaiting(seqs))
      return seqs.length
    })
  }

  /** Within a transaction. */
  function redeliver(filter: ChosenItems, at: number): number {
    run(changes.keepSentBodies(filter, at))
    return run(changes.redeliverHeld(filter, at)).length + run(changes.redeliverFree(filter, at)).length
  }

  function redeliverItems(filter: ChosenItems, at: number): number {
    return database.transact('synced', () => redeliver(filter, at))
  }

  function resetItems(filter: ChosenItems, at: number): number {
    return database.transact('synced', () => {
      const seqs = run(changes.resettable(filter, at))
      redeliver({ seqs }, at)
      run(changes.forgetVersions(seqs))
      run(changes.forgetNoted(seqs))
      return seqs.length
    })
  }

  function counted(durability: 'synced' | 'unsynced', query: Query<readonly number[]>): number {
    return database.transact(durability, () => run(query).length)
  }

  return {
    pickEvents,
    pickItems,
    chooseEvents,
    chooseItems,
    replayEvents,
    redeliverItems,
    resetItems,
    purgeEvents: (filter: ChosenEvents) => counted('unsynced', changes.purgeEvents(filter)),
    purgeItems: (filter: ChosenItems) => counted('synced', changes.purgeItems(filter)),
    giveUpItems: (filter: ChosenItems) => counted('synced', changes.giveUp(filter)),
  }
}
