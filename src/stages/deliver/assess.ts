import type { CircuitEvent } from '../../domain/circuit.ts'
import type { Answer } from '../../ingest/client/client.ts'
import type { Outcome } from '../../ingest/client/outcome.ts'
import type { SealedBatch, Settlement } from '../../store/contract/delivering.ts'
import type { Destination } from '../destination.ts'
import { type Load, loadOf } from './limits.ts'
import { type SettlementContext, settlementOf } from './settlement.ts'

/** What a process remembers of a destination's answers. After a start it is found out anew, which costs time and loses nothing. */
export interface Memory {
  /** Types of items that have been accepted with the token's scope. */
  readonly acceptedTypes: ReadonlySet<string>
  /** Batches that were not taken the last time, by id. */
  readonly untaken: ReadonlyMap<string, Untaken>
  /** The parts of the batch that was taken apart last. */
  readonly newestParts: ReadonlySet<string>
  /** Something has been taken since then. */
  readonly hasTakenSome: boolean
}

interface Untaken {
  /** In a row. */
  readonly times: number
  /** The batch is at fault, not the destination. */
  readonly isAtFault: boolean
  /** Since when somebody in between refuses it while the destination is well. */
  readonly refusedSince: number | null
}

export const noMemory: Memory = {
  acceptedTypes: new Set(),
  untaken: new Map(),
  newestParts: new Set(),
  hasTakenSome: true,
}

/** An answer, as it was read. */
export interface Heard {
  readonly answer: Answer
  readonly outcome: Outcome
  /** A heartbeat was sent because of it, and the destination is well. */
  readonly isWell: boolean
}

export interface Circumstances extends Omit<SettlementContext, 'isAtFault'> {
  readonly destination: Pick<Destination, 'backoff' | 'maxAgeMs' | 'timeoutMs' | 'credentials'>
  /** Items of a new call, as far as is known. */
  readonly maxItems: number
}

export interface Assessment {
  /** As it was read, or as it counts in the light of the answers before. */
  readonly outcome: Outcome
  readonly settlement: Settlement
  /** What it says about the destination's health; null: nothing. */
  readonly circuitEvent: CircuitEvent | null
  /** What it says about how much the destination can take; null: nothing. */
  readonly load: Load | null
  readonly clock: {
    /** How far the destination's clock is ahead, if it says that ours is off. */
    readonly skewMs: number | null
    /** For how long nothing is to be sent, if it says so. */
    readonly pauseMs: number | null
  }
  readonly memory: Memory
}

/** By then an API that goes on with a call after its caller has hung up has long answered from memory. */
const timesInARow = 5
/** A part that is not taken either costs so many attempts again: halves would take for ever. */
const partsAtLeast = 8
/** A firewall that dislikes one text must not kill it before somebody had the time to see it. */
const aloneForMs = 3_600_000

/** Whether a heartbeat has to tell if the destination or the batch is at fault. */
export function isInDoubt(outcome: Outcome, { id }: SealedBatch, memory: Memory, isProbe: boolean): boolean {
  return isSuspect(outcome) && (isProbe || (memory.untaken.get(id)?.times ?? 0) + 1 >= timesInARow)
}

/**
 * What one answer means in the light of those before it. Pure.
 *
 *     retry ──5 times in a row──▶ does the destination answer a heartbeat?
 *       ▲                           │      └── yes: the batch is at fault
 *       │                           │           ├── several items ──▶ stuck: smaller calls, with keys of their own
 *       └── no: it is down ─────────┘           └── one item ──▶ retry by itself, up to `max_age`; refused by somebody in
 *                                                     between (4xx without an envelope) for an hour: rejected
 *
 * A destination may answer heartbeats and take nothing. So what was not taken apart last is left whole until something has
 * been taken since: one batch is ground to single items in the search for something that gets through, and no other.
 */
export function assess(heard: Heard, batch: SealedBatch, memory: Memory, about: Circumstances): Assessment {
  const { destination } = about
  const types = new Set(batch.items.map(({ type }) => type))
  const { outcome: read, acceptedTypes } = scoped(heard.outcome, types, memory.acceptedTypes)
  const found = untakenAfter(read, heard.isWell, memory.untaken.get(batch.id), about)
  const isAtFault = found?.isAtFault === true
  const outcome = read.kind === 'retry' && isAtFault ? blamed(read, found, batch, memory, about) : read
  const settlement = settlementOf(outcome, batch, { ...about, isAtFault })
  const untaken = new Map(memory.untaken)
  if (found) untaken.set(batch.id, found)
  if (settlement.kind !== 'retry' || isUnreached(outcome)) untaken.delete(batch.id)
  const isTakenApart = settlement.kind === 'split' && outcome.kind === 'stuck'
  return {
    outcome,
    settlement,
    circuitEvent: circuitEventOf(outcome, heard.isWell, isAtFault, destination.credentials),
    // What is at fault says nothing of how much the destination can take.
    load: memory.untaken.get(batch.id)?.isAtFault ? null : loadOf(heard.answer, read, destination.timeoutMs),
    clock: { skewMs: skewOf(read), pauseMs: pauseOf(outcome, destination.backoff.capMs) },
    memory: {
      acceptedTypes,
      untaken,
      newestParts: isTakenApart ? new Set(settlement.parts.map(({ id }) => id)) : memory.newestParts,
      hasTakenSome: !isTakenApart && (memory.hasTakenSome || outcome.kind === 'settled'),
    },
  }
}

/**
 * A call outside of the token's scope is the fault of one type of item, once others have been accepted: a poison item
 * must not block them. Until then it may as well be the website, and nothing dies for that. If the type itself has been
 * accepted, the scope is another one now: what was accepted before says nothing any more.
 */
function scoped(outcome: Outcome, types: ReadonlySet<string>, accepted: ReadonlySet<string>) {
  if (outcome.kind === 'settled') return { outcome, acceptedTypes: accepted.union(types) }
  if (outcome.kind !== 'unauthorized' || !outcome.isScope) return { outcome, acceptedTypes: accepted }
  const acceptedTypes = types.size === 1 && types.isSubsetOf(accepted) ? noMemory.acceptedTypes : accepted
  const isFaultOfType = types.size > 1 || acceptedTypes.size > 0
  const rejected = { kind: 'rejected', reason: outcome.reason } as const
  return { outcome: isFaultOfType ? rejected : outcome, acceptedTypes }
}

type Retry = Extract<Outcome, { kind: 'retry' }>

/** Whether the call itself may be the cause. A rate limit says nothing of it, and a call that was not seen neither. */
function isSuspect(outcome: Outcome): outcome is Retry {
  return outcome.kind === 'retry' && outcome.cause !== 'rate_limit' && outcome.cause !== 'unreached'
}

function isUnreached(outcome: Outcome): boolean {
  return outcome.kind === 'retry' && outcome.cause === 'unreached'
}

/** What is known of a batch now; null if the answer says nothing against it. */
function untakenAfter(
  outcome: Outcome,
  isWell: boolean,
  before: Untaken | undefined,
  { at, reachableSince }: Circumstances,
): Untaken | null {
  if (!isSuspect(outcome)) return null
  const times = (before?.times ?? 0) + 1
  const isAtFault = isWell && times >= timesInARow
  if (!isAtFault || outcome.cause !== 'foreign') return { times, isAtFault, refusedSince: null }
  const since = before?.refusedSince ?? at
  return { times, isAtFault, refusedSince: since < reachableSince || since > at ? at : since } // a pause, and it begins anew
}

function blamed(
  outcome: Retry,
  { times, refusedSince }: Untaken,
  { id, items }: SealedBatch,
  { hasTakenSome, newestParts }: Memory,
  { at, maxItems }: Circumstances,
): Outcome {
  const found = `${times} times in a row, while a heartbeat is answered: ${outcome.reason}`
  if (items.length > 1) {
    if (!hasTakenSome && !newestParts.has(id)) return outcome
    return {
      kind: 'stuck',
      reason: `failed ${found}`,
      size: Math.min(maxItems, Math.ceil(items.length / partsAtLeast)),
    }
  }
  const isOver = refusedSince !== null && at - refusedSince >= aloneForMs
  return isOver ? { kind: 'rejected', reason: `refused by somebody in between ${found}` } : outcome
}

/** Rate limits and the clock say nothing about a destination's health. */
function circuitEventOf(
  outcome: Outcome,
  isWell: boolean,
  isOfBatch: boolean,
  credentials: string,
): CircuitEvent | null {
  if (outcome.kind === 'unauthorized') {
    return outcome.skewMs === undefined ? { kind: 'unauthorized', reason: outcome.reason, credentials } : null
  }
  if (isOfBatch && 'reason' in outcome) return { kind: 'failed', reason: outcome.reason, isWell, isOfBatch }
  if (outcome.kind !== 'retry') return { kind: 'answered' }
  return outcome.cause === 'rate_limit'
    ? null
    : { kind: 'failed', reason: outcome.reason, afterMs: outcome.afterMs, isWell }
}

function skewOf(outcome: Outcome): number | null {
  return outcome.kind === 'unauthorized' ? (outcome.skewMs ?? null) : null
}

function pauseOf(outcome: Outcome, capMs: number): number | null {
  if (outcome.kind !== 'retry' || outcome.cause !== 'rate_limit' || outcome.afterMs === undefined) return null
  return Math.min(outcome.afterMs, capMs)
}
