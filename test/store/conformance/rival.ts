import { expect, onTestFinished } from 'vitest'
import type { Store } from '../../../src/store/contract/store.ts'
import type { Openers } from './openers.ts'

const owner = 'rival'

/** The same stores, with another owner at work beside each test: over a connection of its own if the engine allows for it. */
export function contested(openers: Openers): Openers {
  async function opened() {
    const result = await openers.opened()
    const rival = result.beside ? await result.beside() : result.store
    if (rival !== result.store) onTestFinished(() => rival.close())
    return { ...result, store: beside(result.store, rival) }
  }
  return { ...openers, opened, openStore: async () => (await opened()).store }
}

/** Whatever is claimed, the rival does not get; whatever is settled, the rival has tried to settle before, in vain. */
function beside(store: Store, rival: Store): Store {
  return {
    ...store,
    async claimEvents(claim) {
      const events = await store.claimEvents(claim)
      const theirs = await rival.claimEvents({ ...claim, owner, leaseMs: 0 })
      const claimed = new Set(events.map(({ seq }) => seq))
      if (claim.leaseMs > 0 && claim.owner !== owner) expect(theirs.filter(({ seq }) => claimed.has(seq))).toEqual([])
      await rival.recover({ owner })
      return events
    },
    async settleEvents(by, events) {
      expect(await rival.settleEvents(owner, events)).toEqual(events.map(() => null))
      return store.settleEvents(by, events)
    },
    async sealBatch(by, batch) {
      expect(await rival.sealBatch(owner, { ...batch, key: 'of the rival' })).toBe(false)
      return store.sealBatch(by, batch)
    },
    async claimBatch(claim) {
      const batch = await store.claimBatch(claim)
      const theirs = await rival.claimBatch({ ...claim, owner, leaseMs: 0 })
      if (batch) expect(theirs?.id).not.toBe(batch.id)
      if (theirs) await rival.recover({ owner })
      return batch
    },
    async settleBatch(by, batchId, settlement) {
      expect(await rival.settleBatch(owner, batchId, { kind: 'done', items: [] })).toBe(false)
      return store.settleBatch(by, batchId, settlement)
    },
  }
}
