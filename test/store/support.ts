import { randomUUID } from 'node:crypto'
import { defaultClockLeadMs, type Version } from '../../src/domain/version.ts'
import type {
  ClaimedItems,
  ItemChange,
  ItemSettlement,
  ItemSummary,
  MergeCounts,
  NewEvent,
  PendingEvent,
  Settlement,
  Store,
} from '../../src/store/contract/store.ts'

// The steps of a webhook's life in one line each, with a clock that the test owns.

export const owner = 'relay-1'
export const start = 1_700_000_000_000
export const lease = 60_000
const never = Number.MAX_SAFE_INTEGER

/** The clock of the stores that tests open. */
export const clock = { at: start, now: () => clock.at }

/** The store, at a time by its clock. */
export function atTime(store: Store, at: number): Store {
  clock.at = at
  return store
}

/** Prunes what is older than the times. */
export function pruneBefore(
  store: Store,
  before: { readonly events: number; readonly attempts: number },
  limit: number,
): Promise<number> {
  const at = clock.now()
  return store.prune({ events: at - before.events, attempts: at - before.attempts }, limit)
}

export function webhook(event: Partial<NewEvent> = {}): NewEvent {
  return {
    source: 'shop',
    deliveryId: null,
    topic: 'products/update',
    receivedAt: start,
    method: 'POST',
    path: '/webhooks/shop',
    query: '',
    headers: { 'content-type': 'application/json' },
    body: Buffer.from('{"id":1}'),
    ...event,
  }
}

export function version(revision: number): Version {
  return `n:${String(revision).padStart(30, '0')}` as Version
}

export function upsert(id: string, content: string, change: Partial<ItemChange> = {}): ItemChange {
  return {
    destination: 'main',
    source: 'shop',
    kind: 'upsert',
    type: 'product',
    id,
    version: null,
    body: JSON.stringify({ id, content }),
    checksum: `sha256:${content}`,
    certain: true,
    receivedAt: start,
    debounceMs: 0,
    maxWaitMs: 0,
    maxClockLeadMs: defaultClockLeadMs,
    ...change,
  }
}

export function tombstone(id: string, change: Partial<ItemChange> = {}): ItemChange {
  return { ...upsert(id, '', change), kind: 'delete', body: null, checksum: null }
}

/** Events that have come in and are claimed for mapping. */
export async function claimedEvents(
  store: Store,
  count: number,
  at = start,
  by = owner,
): Promise<readonly PendingEvent[]> {
  await store.accept(Array.from({ length: count }, () => webhook({ receivedAt: at })))
  return atTime(store, at).claimEvents({ owner: by, leaseMs: lease, limit: count })
}

export async function map(store: Store, { seq }: PendingEvent, changes: readonly ItemChange[], at = start, by = owner) {
  const event = { seq, mapper: 'shopify', mapperVersion: 'v1', outcome: { status: 'processed' }, changes } as const
  const [counts] = await atTime(store, at).settleEvents(by, [event])
  return counts ?? null
}

/** One webhook from its coming in to its changes in the items. */
export async function arrive(store: Store, changes: readonly ItemChange[], at = start): Promise<MergeCounts | null> {
  const [event] = await claimedEvents(store, 1, at)
  return map(store, event!, changes, at)
}

export function claim(
  store: Store,
  at = start,
  more: { maxItems?: number; maxBytes?: number; destination?: string } = {},
) {
  const { maxItems = 500, maxBytes = 4_000_000, destination = 'main' } = more
  const claimed = { owner, batchId: randomUUID(), destination, leaseMs: lease, maxItems, maxBytes }
  return atTime(store, at).claimItems(claimed)
}

export interface Sent extends ClaimedItems {
  readonly key: string
  readonly body: Buffer
}

/** Due items claimed and sealed: what a delivery sends. */
export async function send(
  store: Store,
  at = start,
  more: { maxItems?: number; destination?: string } = {},
): Promise<Sent> {
  const batch = await claim(store, at, more)
  if (!batch) throw new Error('nothing is due')
  const sealed = { key: randomUUID(), body: Buffer.from(JSON.stringify(batch.items.map(({ body }) => body))) }
  if (!(await store.sealBatch(owner, { id: batch.batchId, ...sealed }))) throw new Error('the claim is lost')
  return { ...batch, ...sealed }
}

export function settle(store: Store, batch: ClaimedItems, settlement: Settlement, at = start): Promise<boolean> {
  return atTime(store, at).settleBatch(owner, batch.batchId, settlement)
}

export type ItemResult =
  | { readonly result: 'delivered' }
  | { readonly result: 'retry'; readonly dueAt: number; readonly uncertain?: boolean }
  | { readonly result: 'dead'; readonly uncertain?: boolean }

export function finish(store: Store, batch: ClaimedItems, result: ItemResult, at = start): Promise<boolean> {
  const items = batch.items.map(({ seq }): ItemSettlement => {
    if (result.result === 'delivered') return { seq, result: 'delivered' }
    const { uncertain = false } = result
    if (result.result === 'dead') return { seq, result: 'dead', error: 'refused', uncertain }
    return { seq, result: 'retry', error: 'failed', dueAt: result.dueAt, uncertain }
  })
  return settle(store, batch, { kind: 'done', items }, at)
}

/** What is due goes out and is acknowledged. */
export async function deliver(store: Store, at = start): Promise<Sent> {
  const batch = await send(store, at)
  await finish(store, batch, { result: 'delivered' }, at)
  return batch
}

export async function itemOf(store: Store, id: string, type = 'product', destination = 'main'): Promise<ItemSummary> {
  const [item] = await store.getItems({ id, type, destination })
  if (!item) throw new Error(`no item ${id}`)
  return item
}

export async function statusOf(store: Store, id: string): Promise<string> {
  return (await itemOf(store, id)).status
}

/** The ids that would go out at `at`; nothing goes out. */
export async function dueIds(store: Store, at = start): Promise<readonly string[]> {
  const batch = await claim(store, at)
  if (!batch) return []
  await settle(store, batch, { kind: 'done', items: [] }, at)
  return batch.items.map(({ id }) => id)
}

export function all(limit = 100): { readonly limit: number } {
  return { limit }
}

export { never }
