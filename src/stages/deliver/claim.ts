import { untried } from '../../domain/tried.ts'
import { batchBody, deleteBody, envelopeBytes, itemBody, websiteIdOf } from '../../ingest/wire.ts'
import type { BatchClaim, ClaimedItems, Delivering, SealedBatch } from '../../store/contract/delivering.ts'
import type { Destination } from '../destination.ts'

export interface ClaimDeps {
  readonly store: Pick<Delivering, 'claimBatch' | 'claimItems' | 'sealBatch' | 'settleBatch'>
  readonly destination: Pick<Destination, 'name' | 'websiteId' | 'timeoutMs'>
  readonly owner: string
  readonly newId: () => string
  /** Tries a write until it works. */
  readonly persist: <T>(write: () => Promise<T>, signal: AbortSignal) => Promise<T>
}

export interface Wanted {
  /** Of a new batch, at most. */
  readonly items: number
  readonly bytes: number
  /** Whether a new batch goes before one that is due again. */
  readonly newGoFirst: boolean
}

/** A sealed batch to send, the caller's for a while; null if none is due. */
export type Claim = (at: number, wanted: Wanted, signal: AbortSignal) => Promise<SealedBatch | null>

/** Longest a call can hold its batch: far above any timeout, so that only a dead owner loses it. */
const leaseFactor = 4

/** A batch has its key and bytes on disk before the first byte leaves. */
export function createClaim({ store, destination, owner, newId, persist }: ClaimDeps): Claim {
  const { name, websiteId, timeoutMs } = destination

  /** A batch that is due again goes before a new one, since what it holds has waited longest; in turns if it is at fault. */
  async function claim(at: number, wanted: Wanted, signal: AbortSignal): Promise<SealedBatch | null> {
    const claim = { owner, destination: name, leaseMs: leaseFactor * timeoutMs + 60_000 }
    const fresh = wanted.newGoFirst ? await newBatch(claim, at, wanted, signal) : null
    if (fresh) return fresh
    const started = await store.claimBatch(claim)
    if (started) return websiteIdOf(started.body) === websiteId ? started : giveUp(started, at)
    return newBatch(claim, at, wanted, signal)
  }

  async function newBatch(claim: BatchClaim, at: number, { items, bytes }: Wanted, signal: AbortSignal) {
    const maxBytes = Math.max(1, bytes - envelopeBytes(websiteId, items))
    const claimed = await store.claimItems({ ...claim, batchId: newId(), maxItems: items, maxBytes })
    if (!claimed) return null
    const sealed = { id: claimed.batchId, key: newId(), body: bodyOf(claimed, websiteId) }
    const isOurs = await persist(() => store.sealBatch(owner, sealed), signal)
    if (!isOurs) return null
    const { kind } = claimed
    return {
      ...sealed,
      destination: name,
      kind,
      attempts: 0,
      tried: untried,
      createdAt: at,
      items: claimed.items,
    }
  }

  /** The bytes of another website, configured before: nobody will ever take them. Its items go out anew. */
  async function giveUp(batch: SealedBatch, at: number): Promise<null> {
    const error = 'the website_id of the destination has changed'
    const items = batch.items.map(({ seq }) => ({ seq, result: 'retry', error, dueAt: at, uncertain: true }) as const)
    await store.settleBatch(owner, batch.id, { kind: 'done', items })
    return null
  }

  return claim
}

function bodyOf({ kind, items }: ClaimedItems, websiteId: string): Buffer {
  const ids = items.map(({ id }) => id)
  if (kind === 'delete') return deleteBody(websiteId, ids)
  const texts = items.map(({ body, id }) => {
    if (body === null) throw new Error(`item ${id} was claimed for an upsert without a body`)
    return body
  })
  const [first, ...rest] = texts
  return first !== undefined && rest.length === 0 ? itemBody(websiteId, first) : batchBody(websiteId, texts)
}
