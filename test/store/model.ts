import { randomUUID } from 'node:crypto'
import { expect } from 'vitest'
import type { ClaimedItem, ItemSettlement, PendingEvent, SealedBatch, Store } from '../../src/store/store.ts'
import fc from '../fast-check.ts'
import { claimedEvents, itemOf, map, owner, tombstone, upsert, version } from './support.ts'

// What a store must come to after any sequence of steps, told by a model that is simple enough to be believed.

const ids = ['a', 'b', 'c']

interface State {
  readonly kind: 'upsert' | 'delete'
  readonly content: string | null
}

interface Wanted extends State {
  readonly revision: number | null
  /** A tombstone without a revision of its own. */
  readonly bare: boolean
  readonly eventSeq: number
}

interface ModelItem {
  wanted: Wanted | null
  delivered: State | 'unknown' | null
  everSent: boolean
}

interface ModelBatch {
  readonly id: string
  readonly key: string
  readonly bytes: string
  readonly items: readonly ClaimedItem[]
  readonly kind: 'upsert' | 'delete'
  owned: boolean
}

interface Received {
  readonly event: PendingEvent
  /** Who maps it. */
  readonly by: string
  readonly step: Step & { do: 'receive' }
}

type Outcome = 'delivered' | 'retry' | 'uncertain retry' | 'dead' | 'uncertain dead'

export type Step =
  | { readonly do: 'receive'; readonly id: string; readonly change: State; readonly revision: number | null; readonly certain: boolean; readonly later: boolean } // biome-ignore format: one step a line
  | { readonly do: 'map' | 'fail' | 'split' | 'uncertain split' | 'take'; readonly which: number }
  | { readonly do: 'send' | 'claim'; readonly maxItems: number }
  | { readonly do: 'finish'; readonly which: number; readonly outcomes: readonly Outcome[] }
  | { readonly do: 'crash' }

const which = fc.nat({ max: 5 })
const outcome = fc.constantFrom<Outcome>('delivered', 'delivered', 'retry', 'uncertain retry', 'dead', 'uncertain dead')
const change = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('upsert' as const), content: fc.constantFrom('A', 'B', 'C') }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'delete' as const, content: null }) },
)

export const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        do: fc.constant('receive' as const),
        id: fc.constantFrom(...ids),
        change,
        revision: fc.option(fc.integer({ min: 1, max: 3 })),
        certain: fc.boolean(),
        later: fc.boolean(),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ do: fc.constantFrom('send' as const, 'claim' as const), maxItems: fc.constantFrom(1, 3) }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant('finish' as const),
        which,
        outcomes: fc.tuple(outcome, outcome, outcome),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constantFrom(
          'map' as const,
          'fail' as const,
          'split' as const,
          'uncertain split' as const,
          'take' as const,
        ),
        which,
      }),
    },
    { weight: 1, arbitrary: fc.constant({ do: 'crash' as const }) },
  ),
  { maxLength: 40, size: 'max' },
)

/** Takes the steps in an empty store, compares it with the model after each, and at the end lets everything be delivered. */
export async function runModel(store: Store, taken: readonly Step[]): Promise<void> {
  let at = 1_000
  const items = new Map(ids.map((id): [string, ModelItem] => [id, { wanted: null, delivered: null, everSent: false }]))
  // What an owner has claimed it would be given again, so each event that waits to be mapped has an owner of its own.
  let mappers = 0
  let unmapped: Received[] = []
  let batches: ModelBatch[] = []
  const unsealed: ModelBatch[] = []

  async function mapEvent({ event, by, step: { id, change, revision, certain } }: Received) {
    const versioned = { version: revision === null ? null : version(revision), certain }
    const wanted = change.content === null ? tombstone(id, versioned) : upsert(id, change.content, versioned)
    const counts = await map(store, event, [wanted], at, by)
    const item = items.get(id)!
    const stale = item.wanted !== null && isOlder(item.wanted, { ...change, revision, eventSeq: event.seq })
    expect(counts!.stale).toBe(stale ? 1 : 0)
    if (stale) return
    if (change.kind === 'delete' && certain) item.everSent = true
    const bare = change.kind === 'delete' && revision === null
    item.wanted = { ...change, revision: revision ?? item.wanted?.revision ?? null, bare, eventSeq: event.seq }
  }

  async function claim(maxItems: number, sealed: boolean) {
    const claimed = { owner, batchId: randomUUID(), destination: 'main', at, leaseUntil: at + 1_000_000 }
    const batch = await store.claimItems({ ...claimed, maxItems, maxBytes: 1_000_000 })
    if (!batch) return
    expect(batch.items.length).toBeLessThanOrEqual(maxItems)
    for (const { id, body } of batch.items) {
      expect(
        batches.some((other) => other.items.some((held) => held.id === id)),
        `${id} is in two batches`,
      ).toBe(false)
      const item = items.get(id)!
      expect([batch.kind, body]).toEqual([item.wanted!.kind, bodyOf(id, item.wanted!)])
      item.everSent = true
    }
    const key = randomUUID()
    const bytes = JSON.stringify(batch.items.map(({ body }) => body))
    const claimedBatch = { id: batch.batchId, key, bytes, kind: batch.kind, items: batch.items, owned: true }
    if (!sealed) return void unsealed.push(claimedBatch)
    expect(await store.sealBatch(owner, { id: batch.batchId, key, body: Buffer.from(bytes) })).toBe(true)
    batches.push(claimedBatch)
  }

  async function take(): Promise<ModelBatch | null> {
    const sealed = await store.claimBatch({ owner, destination: 'main', at, leaseUntil: at + 1_000_000 })
    const batch = sealed && batches.find(({ id }) => id === sealed.id)
    if (!sealed) {
      expect(batches.every(({ owned }) => owned)).toBe(true)
      return null
    }
    expect(batch, 'a batch is given out that is settled').toBeTruthy()
    expect(batch!.owned, 'a batch is given out twice').toBe(false)
    expectAsSealed(sealed, batch!)
    batch!.owned = true
    return batch!
  }

  async function finish(batch: ModelBatch, outcomes: readonly Outcome[]) {
    const settlements = batch.items.map(({ seq, id }, index): ItemSettlement => {
      const result = outcomes[index % outcomes.length]!
      const item = items.get(id)!
      if (result === 'delivered') item.delivered = stateOf(batch, id)
      else if (result.startsWith('uncertain')) item.delivered = 'unknown'
      const uncertain = result.startsWith('uncertain')
      if (result === 'delivered') return { seq, result }
      if (result.endsWith('dead')) return { seq, result: 'dead', error: 'refused', uncertain }
      return { seq, result: 'retry', error: 'failed', dueAt: at + 3, uncertain }
    })
    expect(await store.settleBatch(owner, batch.id, { kind: 'done', items: settlements }, at)).toBe(true)
    batches = batches.filter((other) => other !== batch)
  }

  async function split(batch: ModelBatch, uncertain: boolean) {
    if (uncertain) for (const { id } of batch.items) items.get(id)!.delivered = 'unknown'
    const parts = batch.items.map((item) => ({
      item,
      id: randomUUID(),
      key: randomUUID(),
      body: Buffer.from(`${item.body}`),
    }))
    const settlement = {
      kind: 'split' as const,
      error: 'refused',
      uncertain,
      parts: parts.map(({ item, ...part }) => ({ ...part, items: [item.seq] })),
    }
    expect(await store.settleBatch(owner, batch.id, settlement, at)).toBe(true)
    batches = batches.filter((other) => other !== batch)
    for (const { item, id, key, body } of parts) {
      batches.push({ id, key, bytes: body.toString(), kind: batch.kind, items: [item], owned: false })
    }
  }

  async function step(next: Step): Promise<void> {
    const mine = batches.filter(({ owned }) => owned)
    switch (next.do) {
      case 'receive': {
        const by = `mapper ${mappers++}`
        const [event] = await claimedEvents(store, 1, at, by)
        const received = { event: event!, by, step: next }
        if (next.later) unmapped.push(received)
        else await mapEvent(received)
        return
      }
      case 'map': {
        const [held] = unmapped.splice(next.which % Math.max(unmapped.length, 1), 1)
        if (held) await mapEvent(held)
        return
      }
      case 'send':
        return claim(next.maxItems, true)
      case 'claim':
        return claim(next.maxItems, false)
      case 'take':
        return void (await take())
      case 'crash':
        await store.recover({ at, all: true })
        for (const batch of batches) batch.owned = false
        unsealed.length = 0
        // Events that nobody has mapped come back, too.
        unmapped = await reclaimed(unmapped)
        return
    }
    const batch = mine[next.which % Math.max(mine.length, 1)]
    if (!batch) return
    if (next.do === 'finish') return finish(batch, next.outcomes)
    if (next.do === 'split' || next.do === 'uncertain split') return split(batch, next.do === 'uncertain split')
    batch.owned = false
    expect(await store.settleBatch(owner, batch.id, { kind: 'retry', nextAt: at + 2, error: 'later' }, at)).toBe(true)
    at += 2
  }

  async function reclaimed(lost: readonly Received[]): Promise<Received[]> {
    const found: Received[] = []
    for (const { step } of lost) {
      const by = `mapper ${mappers++}`
      const [event] = await store.claimEvents({ owner: by, at, leaseUntil: at + 1_000_000, limit: 1 })
      const received = lost.find((other) => other.event.id === event!.id)
      found.push({ event: event!, by, step: received?.step ?? step })
    }
    expect(new Set(found.map(({ event }) => event.id))).toEqual(new Set(lost.map(({ event }) => event.id)))
    return found
  }

  async function compare(): Promise<void> {
    for (const [id, { wanted, delivered }] of items) {
      if (!wanted) {
        expect(await store.getItems({ id })).toEqual([])
        continue
      }
      const item = await itemOf(store, id)
      expect({ kind: item.desiredKind, checksum: item.checksum, version: item.version, event: item.eventId }).toEqual({
        kind: wanted.kind,
        checksum: checksumOf(wanted),
        version: wanted.revision === null ? null : version(wanted.revision),
        event: `evt_${wanted.eventSeq}`,
      })
      const known = delivered === 'unknown' || delivered === null ? { kind: delivered, content: null } : delivered
      expect([item.deliveredKind, item.deliveredChecksum]).toEqual([known.kind, checksumOf(known)])
    }
  }

  for (const next of taken) {
    await step(next)
    await compare()
    at += 1
  }

  // Nothing is lost: with a destination that takes everything, every difference is gone but those given up aloud.
  await step({ do: 'crash' })
  for (const received of unmapped.splice(0)) await mapEvent(received)
  at += 1_000
  for (let turn = 0; turn < 100; turn += 1) {
    while (await take());
    for (const batch of [...batches]) await finish(batch, ['delivered'])
    if ((await store.nextDueAt('main')) === null) break
    await claim(3, true)
  }
  await compare()
  expect(await store.nextDueAt('main')).toBeNull()
  for (const [id, { wanted, delivered, everSent }] of items) {
    if (!wanted) continue
    const { status } = await itemOf(store, id)
    expect(status).not.toBe('pending')
    if (status === 'dead') continue
    const neverThere = wanted.kind === 'delete' && !everSent
    expect(neverThere ? null : delivered).toEqual(neverThere ? null : { kind: wanted.kind, content: wanted.content })
  }
}

function isOlder(
  known: Wanted,
  change: State & { readonly revision: number | null; readonly eventSeq: number },
): boolean {
  if (known.bare && change.kind === 'upsert' && change.eventSeq < known.eventSeq) return true
  if (change.revision !== null && known.revision !== null) {
    if (change.revision !== known.revision) return change.revision < known.revision
    if (known.bare && change.kind === 'upsert' && change.eventSeq !== known.eventSeq) return true
  }
  return change.eventSeq < known.eventSeq
}

function checksumOf({ content }: { readonly content: string | null }): string | null {
  return content === null ? null : `sha256:${content}`
}

function bodyOf(id: string, { content }: State): string | null {
  return content === null ? null : upsert(id, content).body
}

function stateOf({ kind, items }: ModelBatch, id: string): State {
  const body = items.find((item) => item.id === id)!.body
  return { kind, content: body === null ? null : JSON.parse(body).content }
}

function expectAsSealed(sealed: SealedBatch, batch: ModelBatch): void {
  expect([sealed.key, sealed.body.toString(), sealed.kind]).toEqual([batch.key, batch.bytes, batch.kind])
  expect(sealed.items.map(({ id, body }) => [id, body])).toEqual(batch.items.map(({ id, body }) => [id, body]))
}
