import { retryDelayMs } from '../../domain/retry.ts'
import type { Outcome } from '../../ingest/outcome.ts'
import { splitBody } from '../../ingest/wire.ts'
import type { ClaimedItem, ItemSettlement, SealedBatch, Settlement } from '../../store/store.ts'
import type { Destination } from '../destination.ts'

export interface SettlementContext {
  readonly destination: Pick<Destination, 'backoff' | 'maxAgeMs'>
  readonly at: number
  readonly random: () => number
  /** A fresh id for a batch or a key. */
  readonly newId: () => string
}

/** What the outcome of an attempt means for the batch and each of its items. Pure. */
export function settlementOf(outcome: Outcome, batch: SealedBatch, context: SettlementContext): Settlement {
  switch (outcome.kind) {
    case 'settled':
      return { kind: 'done', items: batch.items.map((item) => settledItem(item, outcome, context)) }
    case 'retry':
      return again(batch, outcome.reason, outcome.afterMs, context)
    case 'unauthorized': {
      // The corrected clock goes out at once, but only once: behind one address may be several servers, each with its own.
      const isCorrected = outcome.skewMs !== undefined && batch.attempts === 0
      if (isCorrected) return { kind: 'retry', nextAt: context.at, error: outcome.reason }
      // An authentication failure is the destination's: its items wait, however long it takes to mend.
      return retryAt(batch, outcome.reason, undefined, context)
    }
    case 'conflict':
      // New keys by halves: where the conflict is one item's and not the key's, that item ends up alone.
      return batch.items.length > 1
        ? split(batch, outcome.reason, { uncertain: true }, context)
        : { kind: 'done', items: batch.items.map((item) => resent(item, outcome.reason, true, context)) }
    case 'stuck':
      return split(batch, outcome.reason, { size: outcome.size, uncertain: true }, context)
    case 'split':
    case 'rejected':
      return batch.items.length > 1
        ? split(batch, outcome.reason, { uncertain: false }, context)
        : { kind: 'done', items: batch.items.map((item) => dead(item, outcome.reason, false)) }
  }
}

function settledItem(
  item: ClaimedItem,
  outcome: Extract<Outcome, { kind: 'settled' }>,
  context: SettlementContext,
): ItemSettlement {
  const result = outcome.results.get(item.id)
  if (!result) return resent(item, 'the answer does not mention the item', true, context)
  if (result.result === 'delivered') return { seq: item.seq, result: 'delivered' }
  const { error, uncertain } = result
  return result.retryable ? resent(item, error, uncertain, context) : dead(item, error, uncertain)
}

/** The item goes into another logical call later, unless it has been waiting for too long. */
function resent(item: ClaimedItem, error: string, uncertain: boolean, context: SettlementContext): ItemSettlement {
  const { destination, at, random } = context
  if (at - item.pendingSince >= destination.maxAgeMs) return dead(item, error, uncertain)
  const dueAt = at + retryDelayMs(item.attempts + 1, undefined, destination.backoff, random)
  return { seq: item.seq, result: 'retry', error, dueAt, uncertain }
}

function dead({ seq }: ClaimedItem, error: string, uncertain: boolean): ItemSettlement {
  return { seq, result: 'dead', error, uncertain }
}

/** The same bytes again, until they are too old: then nobody knows whether they arrived. */
function again(batch: SealedBatch, error: string, afterMs: number | undefined, context: SettlementContext): Settlement {
  if (context.at - batch.createdAt >= context.destination.maxAgeMs) {
    return { kind: 'done', items: batch.items.map((item) => dead(item, error, true)) }
  }
  return retryAt(batch, error, afterMs, context)
}

function retryAt(
  batch: SealedBatch,
  error: string,
  afterMs: number | undefined,
  context: SettlementContext,
): Settlement {
  const { destination, at, random } = context
  return { kind: 'retry', nextAt: at + retryDelayMs(batch.attempts + 1, afterMs, destination.backoff, random), error }
}

/** Without a size by halves: the culprit of a refused batch ends up alone after log2(n) rounds, and the others go through. */
function split(
  batch: SealedBatch,
  error: string,
  { size, uncertain }: { readonly size?: number; readonly uncertain: boolean },
  { newId }: SettlementContext,
): Settlement {
  // Ids, not positions: an id stands once in a batch.
  const seqs = new Map(batch.items.map(({ id, seq }) => [id, seq]))
  const parts = splitBody(batch.kind, batch.body, size).map(({ body, ids }) => {
    const items = ids.flatMap((id) => seqs.get(id) ?? [])
    return { id: newId(), key: newId(), body, items }
  })
  return { kind: 'split', error, parts, uncertain }
}
