import { onTestFinished } from 'vitest'
import type { Store } from '../../../src/store/contract/store.ts'

export interface Opened {
  readonly store: Store
  /** Closes the store and opens it again, as a restart would; left out if nothing outlives the store. */
  readonly reopen?: () => Promise<Store>
  /** Another connection to the same data, as a second replica or a CLI has. */
  readonly beside?: () => Promise<Store>
}

/** Ways to an empty store, closed by the test that has asked. */
export interface Openers {
  opened(): Promise<Opened>
  openStore(): Promise<Store>
  /** Two connections to the same data; none if the engine has but one. */
  openTwo(): Promise<Store[]>
}

export function createOpeners(open: () => Promise<Opened>): Openers {
  async function opened(): Promise<Opened> {
    const result = await open()
    onTestFinished(() => result.store.close())
    return result
  }
  return {
    opened,
    openStore: async () => (await opened()).store,
    async openTwo() {
      const { store, beside } = await opened()
      if (!beside) return []
      const other = await beside()
      onTestFinished(() => other.close())
      return [store, other]
    },
  }
}
