import { expect, test } from 'vitest'
import { settlementOf } from '../../src/stages/deliver/settlement.ts'
import type { SealedBatch } from '../../src/store/contract/store.ts'

const minute = 60_000
const at = 1_700_000_000_000

/** A batch of one item that has been tried for so long. */
function batchOf(ofItem: number, ofBatch: number): SealedBatch {
  const tried = { ms: ofItem, at: at - minute }
  const item = {
    seq: 1,
    type: 'post',
    id: 'post:1',
    revision: 1,
    body: '{}',
    attempts: 1,
    receivedAt: 0,
    pendingSince: 0,
    source: 'shop',
    eventSeq: 1,
    tried,
  }
  return {
    ...{ id: 'b', destination: 'main', kind: 'upsert', key: 'k', body: Buffer.from('{}'), attempts: 1, createdAt: 0 },
    tried: { ms: ofBatch, at: at - minute },
    items: [item],
  }
}

test('an item that fails by itself has been tried for as long as it was alone and in this batch together', () => {
  const busy = { result: 'failed', retryable: true, uncertain: false, error: 'busy' } as const
  const outcome = { kind: 'settled', results: new Map([['post:1', busy]]) } as const
  const destination = { backoff: { baseMs: 1, capMs: 1 }, maxAgeMs: 10 * minute }
  const context = { destination, at, reachableSince: 0, isAtFault: false, random: () => 0.5, newId: () => 'n' }
  const result = (ofItem: number, ofBatch: number) => {
    const settlement = settlementOf(outcome, batchOf(ofItem, ofBatch), context)
    return settlement.kind === 'done' ? settlement.items[0]?.result : settlement.kind
  }
  expect(result(4 * minute, 4 * minute)).toBe('retry')
  expect(result(5 * minute, 4 * minute)).toBe('dead')
})
