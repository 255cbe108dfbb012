import { retryDelayMs } from '../../domain/retry.ts'
import { isTriedFor, type Tried, triedAgain } from '../../domain/tried.ts'
import type { Outcome } from '../../ingest/client/outcome.ts'
import { splitBody } from '../../ingest/wire.ts'
import type { ClaimedItem, ItemSettlement, SealedBatch, Settlement } from '../../store/contract/store.ts'
import type { Destination } from '../destination.ts'

export interface SettlementContext {
  readonly destination: Pick<Destination, 'backoff' | 'maxAgeMs'>
  readonly at: number
  /** Since when the destination could be tried without a break. */
  readonly reachableSince: number
  /** The batch is at fault: it is not taken time and again, while the destination is well otherwise. */
  readonly isAtFault: boolean
  readonly random: () => number
  /** A fresh id for a batch or a key. */
  readonly newId: () => string
}

type Retry = Extract<Outcome, { kind: 'retry' }>

/** What the outcome of an attempt means for the batch and each of its items. Pure. */
export function settlementOf(outcome: Outcome, batch: SealedBatch, context: SettlementContext): Settlement {
  switch (outcome.kind) {
    case 'settled':
      return { kind: 'done', items: batch.items.map((item) => settledItem(item, batch, outcome, context)) }
    case 'retry':
      return retried(batch, outcome, context)
    case 'unauthorized': {
      // The corrected clock goes out at once, but only once: behind one address may be several servers, each with its own.
      const isCorrected = outcome.skewMs !== undefined && batch.attempts === 0
      if (isCorrected) return { kind: 'retry', nextAt: context.at, error: outcome.reason }
      // An authentication failure is the destination's: its items wait, however long it takes to mend.
      return retryAt(batch, outcome.reason, undefined, context)
    }
    case 'conflict':
      // New keys by halves: if the conflict is one item's and not the key's, that item ends up alone.
      return batch.items.length > 1
        ? split(batch, outcome.reason, { uncertain: true }, context)
        : { kind: 'done', items: batch.items.map((item) => resent(item, batch, outcome.reason, true, context)) }
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
  batch: SealedBatch,
  outcome: Extract<Outcome, { kind: 'settled' }>,
  context: SettlementContext,
): ItemSettlement {
  const result = outcome.results.get(item.id)
  if (!result) return resent(item, batch, 'the answer does not mention the item', true, context)
  if (result.result === 'delivered') return { seq: item.seq, result: 'delivered' }
  const { error, uncertain, isLimit } = result
  if (isLimit && result.retryable)
    return { seq: item.seq, result: 'retry', error, uncertain, dueAt: dueAtOf(item, context) }
  return result.retryable ? resent(item, batch, error, uncertain, context) : dead(item, error, uncertain)
}

/** The item goes into another logical call later, unless it has been tried for too long. */
function resent(
  item: ClaimedItem,
  batch: SealedBatch,
  error: string,
  uncertain: boolean,
  context: SettlementContext,
): ItemSettlement {
  // What this batch has cost counts for its items as well.
  const before = { ms: item.tried.ms + batch.tried.ms, at: batch.tried.at ?? item.tried.at }
  const tried = after(before, context)
  if (tried === null) return dead(item, error, uncertain)
  return { seq: item.seq, result: 'retry', error, dueAt: dueAtOf(item, context), uncertain, tried }
}

function dueAtOf({ attempts }: ClaimedItem, { destination, at, random }: SettlementContext): number {
  return at + retryDelayMs(attempts + 1, undefined, destination.backoff, random)
}

/** Null once it has been tried for `max_age`. */
function after(before: Tried, { at, reachableSince, destination: { maxAgeMs } }: SettlementContext): Tried | null {
  const tried = triedAgain(before, { at, reachableSince, maxAgeMs })
  return isTriedFor(maxAgeMs, before, tried) ? null : tried
}

function dead({ seq }: ClaimedItem, error: string, uncertain: boolean): ItemSettlement {
  return { seq, result: 'dead', error, uncertain }
}

/** The same bytes again, until they were tried for too long: then nobody knows whether they arrived. */
function retried(batch: SealedBatch, { cause, reason, afterMs }: Retry, context: SettlementContext): Settlement {
  const isForeign = cause === 'foreign' || cause === 'no_route'
  // What is told to wait has not been tried, nor what never came through to the destination.
  if (cause === 'rate_limit' || (isForeign && !context.isAtFault)) return retryAt(batch, reason, afterMs, context)
  const tried = after(batch.tried, context)
  if (tried === null) return { kind: 'done', items: batch.items.map((item) => dead(item, reason, true)) }
  return { ...retryAt(batch, reason, afterMs, context), tried }
}

function retryAt(
  batch: SealedBatch,
  error: string,
  afterMs: number | undefined,
  context: SettlementContext,
): Extract<Settlement, { kind: 'retry' }> {
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
