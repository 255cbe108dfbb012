import { type Delivered, type ItemState, isDelivered } from './item-state.ts'
import { notCounted, type Tried, untried } from './tried.ts'

/** An item that a batch holds. */
export interface HeldItem
  extends Pick<
    ItemState,
    'kind' | 'checksum' | 'revision' | 'delivered' | 'tried' | Waiting | 'nextSince' | 'nextReceivedAt'
  > {
  readonly deliveredAt: number | null
  /** A redelivery was asked for since the batch holds it. */
  readonly isForced: boolean
  /** What the batch has of it. */
  readonly sent: Pick<ItemState, 'kind' | 'checksum' | 'revision' | 'attempts'>
}

type Waiting = 'pendingSince' | 'receivedAt' | 'dueAt'

/** What a call has come to for one item. `uncertain`: nobody knows whether it has arrived. */
export type SentOutcome =
  | { readonly result: 'delivered' }
  | {
      readonly result: 'retry'
      readonly error: string
      readonly dueAt: number
      readonly uncertain: boolean
      /** Without it the attempt does not count towards its age. */
      readonly tried?: Tried
    }
  | { readonly result: 'dead'; readonly error: string; readonly uncertain: boolean }

/** The same, or `unsent`: the item is given back as if no batch had held it. */
export type ItemOutcome = SentOutcome | { readonly result: 'unsent' }

type Work = Pick<ItemState, 'status' | Waiting | 'attempts' | 'tried' | 'error'>

/** An item that no batch holds any more. */
export interface ReleasedItem extends Work, Pick<HeldItem, 'delivered' | 'deliveredAt'> {}

/** The end of the batch that holds an item. The outcome counts for what was sent; a newer state is judged against what is delivered now. */
export function releaseItem(held: HeldItem, outcome: ItemOutcome, at: number): ReleasedItem {
  const delivered = deliveredAfter(held, outcome)
  const deliveredAt = outcome.result === 'delivered' ? at : held.deliveredAt
  const isChanged = held.revision !== held.sent.revision
  const work = isChanged ? workOfChanged(held, delivered, outcome, at) : workAfter(held, outcome)
  return { ...work, delivered, deliveredAt }
}

function deliveredAfter({ isForced, sent, delivered }: HeldItem, outcome: ItemOutcome): Delivered {
  if (isForced) return inDoubt
  if (outcome.result === 'delivered') return { kind: sent.kind, checksum: sent.checksum }
  return outcome.result !== 'unsent' && outcome.uncertain ? inDoubt : delivered
}

const inDoubt: Delivered = { kind: 'unknown', checksum: null }
const done: Work = { status: 'delivered', pendingSince: null, receivedAt: null, dueAt: null, attempts: 0, tried: untried, error: null } // biome-ignore format: one idea

function workOfChanged(held: HeldItem, delivered: Delivered, { result }: ItemOutcome, at: number): Work {
  if (isDelivered(held, delivered)) return done
  const { pendingSince, receivedAt, dueAt, nextSince, nextReceivedAt } = held
  // Of what was sent nothing is owed any more, unless it is to be tried again: then the newer state took its place.
  const isOver = result === 'delivered' || result === 'dead'
  const waiting = isOver ? { pendingSince: nextSince ?? at, receivedAt: nextReceivedAt ?? at } : { pendingSince, receivedAt } // biome-ignore format: one idea
  return { ...done, status: 'pending', ...waiting, dueAt }
}

function workAfter({ pendingSince, receivedAt, dueAt, tried, sent }: HeldItem, outcome: ItemOutcome): Work {
  const waiting = { status: 'pending', pendingSince, receivedAt } as const
  const attempts = sent.attempts + 1
  switch (outcome.result) {
    case 'delivered':
      return done
    case 'dead':
      return { ...done, status: 'dead', attempts, error: outcome.error }
    case 'retry':
      return { ...waiting, dueAt: outcome.dueAt, attempts, tried: outcome.tried ?? notCounted(tried), error: outcome.error } // biome-ignore format: one idea
    case 'unsent':
      return { ...waiting, dueAt, attempts: sent.attempts, tried, error: null }
  }
}
