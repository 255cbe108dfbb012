import type { Outcome, RetryCause } from '../../ingest/client/outcome.ts'
import type { SealedBatch } from '../../store/contract/store.ts'

export interface StuckDeps {
  /** Items of a new call, as far as is known. */
  readonly maxItems: () => number
  /** Whether the destination answers a call that has no items. */
  readonly isWell: (signal: AbortSignal) => Promise<boolean>
}

/** What one answer means in the light of those before it. */
export interface Verdict {
  /**
   * As it was read; or `stuck`, if the batch is not taken time and again while the destination is well; or `rejected`, if an item
   * alone was refused by somebody in between for so long.
   */
  readonly outcome: Outcome
  /** The destination was asked, and is well. */
  readonly isWell: boolean
  /** The batch is at fault, not the destination. */
  readonly isAtFault: boolean
}

/** Finds batches that a destination does not take, and never would. */
export interface StuckBatches {
  judge(outcome: Outcome, batch: Judged, about: Circumstances): Promise<Verdict>
  /** Whether it was found to be at fault the last time. */
  isAtFault(batchId: string): boolean
  /** It goes on in these parts. */
  tookApart(partIds: readonly string[]): void
  /** The batch is over. */
  forget(batchId: string): void
}

type Judged = Pick<SealedBatch, 'id' | 'items'>

interface Circumstances {
  readonly at: number
  /** Since when the destination could be tried without a break. */
  readonly reachableSince: number
  /** The batch was the probe of an open circuit. */
  readonly isProbe: boolean
  readonly signal: AbortSignal
}

/** By then an API that goes on with a call after its caller has hung up has long answered from memory. */
const timesInARow = 5
/** A part that is not taken either costs so many attempts again: halves would take for ever. */
const partsAtLeast = 8
/** A firewall that dislikes one text must not kill it before somebody had the time to see it. */
const aloneForMs = 3_600_000

interface Memory {
  readonly times: number
  readonly isAtFault: boolean
  /** Since when somebody in between refuses it while the destination is well. */
  readonly refusedSince: number | null
}

/**
 *     retry ──5 times in a row──▶ does the destination answer a heartbeat?
 *       ▲                           │      └── yes: the batch is at fault
 *       │                           │           ├── several items ──▶ stuck: smaller calls, with keys of their own
 *       └── no: it is down ─────────┘           └── one item ──▶ retry by itself, up to `max_age`; refused by somebody in
 *                                                     between (4xx without an envelope) for an hour: rejected
 *
 * A destination may answer heartbeats and take nothing. So what was not taken apart last is left whole until something has
 * been taken since: one batch is ground to single items in the search for something that gets through, and no other.
 *
 * All this is in memory: after a start it is found out anew, which takes longer and loses nothing.
 */
export function createStuckBatches({ maxItems, isWell }: StuckDeps): StuckBatches {
  const memories = new Map<string, Memory>()
  let newestParts: ReadonlySet<string> = new Set()
  let hasTakenSome = true

  async function judge(outcome: Outcome, batch: Judged, about: Circumstances): Promise<Verdict> {
    if (outcome.kind === 'settled') hasTakenSome = true
    if (outcome.kind !== 'retry' || !isSuspect(outcome.cause)) {
      if (outcome.kind === 'retry' && outcome.cause === 'unreached') memories.delete(batch.id)
      return { outcome, isWell: false, isAtFault: false }
    }
    const before = memories.get(batch.id)
    const times = (before?.times ?? 0) + 1
    // Kept before the question: what asks beside it must not find less.
    memories.set(batch.id, { times, isAtFault: before?.isAtFault ?? false, refusedSince: before?.refusedSince ?? null })
    const isOften = times >= timesInARow
    const well = (isOften || about.isProbe) && (await isWell(about.signal))
    const isAtFault = isOften && well
    const refusedSince = isAtFault && outcome.cause === 'foreign' ? sinceOf(before?.refusedSince, about) : null
    memories.set(batch.id, { times, isAtFault, refusedSince })
    const verdict = isAtFault ? verdictOf(outcome, batch, times, refusedSince, about.at) : outcome
    return { outcome: verdict, isWell: well, isAtFault }
  }

  function verdictOf(outcome: Retry, batch: Judged, times: number, refusedSince: number | null, at: number): Outcome {
    const { length } = batch.items
    const found = `${times} times in a row, while a heartbeat is answered: ${outcome.reason}`
    if (length > 1) {
      if (!hasTakenSome && !newestParts.has(batch.id)) return outcome
      return { kind: 'stuck', reason: `failed ${found}`, size: Math.min(maxItems(), Math.ceil(length / partsAtLeast)) }
    }
    const isOver = refusedSince !== null && at - refusedSince >= aloneForMs
    return isOver ? { kind: 'rejected', reason: `refused by somebody in between ${found}` } : outcome
  }

  return {
    judge,
    isAtFault: (batchId) => memories.get(batchId)?.isAtFault ?? false,
    tookApart(partIds) {
      newestParts = new Set(partIds)
      hasTakenSome = false
    },
    forget: (batchId) => void memories.delete(batchId),
  }
}

type Retry = Extract<Outcome, { kind: 'retry' }>

/** Whether the call itself may be the cause. A rate limit says nothing of it, and who was not reached has not seen it. */
function isSuspect(cause: RetryCause): boolean {
  return cause !== 'rate_limit' && cause !== 'unreached'
}

/** A pause in between, and it begins anew. */
function sinceOf(before: number | null | undefined, { at, reachableSince }: Circumstances): number {
  return before === null || before === undefined || before < reachableSince || before > at ? at : before
}
