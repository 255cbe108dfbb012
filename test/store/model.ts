import { randomUUID } from 'node:crypto'
import { expect } from 'vitest'
import { readVersion, type Version } from '../../src/domain/version.ts'
import type { ClaimedItem, ItemSettlement, PendingEvent, SealedBatch, Store } from '../../src/store/contract/store.ts'
import fc from '../fast-check.ts'
import { atTime, claimedEvents, itemOf, map, owner, tombstone, upsert, version } from './support.ts'

// What a store must come to after any sequence of steps, told by a model that is simple enough to be believed.

const ids = ['a', 'b', 'c']

interface State {
  readonly kind: 'upsert' | 'delete'
  readonly content: string | null
}

interface Wanted extends State {
  /** A revision, or the receipt of a version that lay ahead. All receipts of a run are in one second. */
  readonly version: Version | null
  /** A tombstone without a version of its own. */
  readonly bare: boolean
  /** Null: an operator has removed it. */
  readonly eventSeq: number | null
  /** In the order of arrival. */
  readonly place: number
}

interface ModelItem {
  wanted: Wanted | null
  held: boolean
  /** What the CMS has wanted since it is held. */
  noted: Wanted | null
  delivered: State | 'unknown' | null
  everSent: boolean
  /** A redelivery was asked for while a batch had it. */
  forced: boolean
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
  | { readonly do: 'receive'; readonly id: string; readonly change: State; readonly revision: number | 'ahead' | null; readonly certain: boolean; readonly later: boolean } // biome-ignore format: one step a line
  | { readonly do: 'remove' | 'hold' | 'release' | 'reset'; readonly id: string }
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
        revision: fc.option(fc.oneof(fc.integer({ min: 1, max: 3 }), fc.constant('ahead' as const))),
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
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constantFrom('remove' as const, 'hold' as const, 'release' as const, 'reset' as const),
        id: fc.constantFrom(...ids),
      }),
    },
    { weight: 1, arbitrary: fc.constant({ do: 'crash' as const }) },
  ),
  { maxLength: 40, size: 'max' },
)

/** Takes the steps in an empty store, compares it with the model after each, and at the end lets everything be delivered. */
export async function runModel(store: Store, taken: readonly Step[]): Promise<void> {
  let at = 1_000
  const fresh = { wanted: null, held: false, noted: null, delivered: null, everSent: false, forced: false }
  const items = new Map(ids.map((id): [string, ModelItem] => [id, { ...fresh }]))
  let lastSeq = 0
  // What an owner has claimed it would be given again, so each event that waits to be mapped has an owner of its own.
  let mappers = 0
  let unmapped: Received[] = []
  let batches: ModelBatch[] = []
  const unsealed: ModelBatch[] = []

  async function mapEvent({ event, by, step: { id, change, revision, certain } }: Received) {
    const given = revision === 'ahead' ? { version: receipt(event.receivedAt), ahead: farAhead } : { version: revision === null ? null : version(revision) } // biome-ignore format: one idea
    const versioned = { ...given, certain, receivedAt: event.receivedAt }
    const wanted = change.content === null ? tombstone(id, versioned) : upsert(id, change.content, versioned)
    const counts = await map(store, event, [wanted], at, by)
    const item = items.get(id)!
    const known = item.noted ?? item.wanted
    const stale = known !== null && isOlder(known, { ...change, version: given.version, place: event.seq })
    expect(counts!.stale).toBe(stale ? 1 : 0)
    expect(counts!.held ?? 0).toBe(!stale && item.held ? 1 : 0)
    if (stale) return
    const bare = change.kind === 'delete' && given.version === null
    const { seq } = event
    const next = { ...change, version: given.version ?? known?.version ?? null, bare, eventSeq: seq, place: seq }
    if (item.held) item.noted = next
    else {
      item.wanted = next
      if (change.kind === 'delete' && certain) item.everSent = true
    }
  }

  async function remove(id: string, hold: boolean): Promise<void> {
    await atTime(store, at).removeItem({ destination: 'main', type: 'product', id, hold })
    const item = items.get(id)!
    const known = (item.noted ?? item.wanted)?.version ?? null
    const now = known?.startsWith('n:') ? known : receipt(at)
    item.wanted = { kind: 'delete', content: null, version: now, bare: true, eventSeq: null, place: lastSeq + 0.5 }
    item.noted = null
    item.held ||= hold
    item.everSent = true
  }

  async function release(id: string): Promise<void> {
    const item = items.get(id)!
    const released = await atTime(store, at).releaseItem({ destination: 'main', type: 'product', id })
    expect(released !== null).toBe(item.held)
    expect(released?.changed ?? false).toBe(item.noted !== null)
    item.held = false
    item.wanted = item.noted ?? item.wanted
    item.noted = null
  }

  async function reset(id: string): Promise<void> {
    const item = items.get(id)!
    const before = item.wanted ? await itemOf(store, id) : null
    await store.resetItems({ id }, 10, at)
    if (!item.wanted || !before) return
    const waits = before.status === 'pending' && before.batchId === null && before.dueAt! <= at
    const isSentAgain = !waits && !item.forced && (item.everSent || item.wanted.kind === 'upsert')
    if (isSentAgain && before.batchId !== null) item.forced = true
    else if (isSentAgain && item.delivered !== null) item.delivered = 'unknown'
    const forgotten = { version: null, bare: false, place: 0 }
    item.wanted = { ...item.wanted, ...forgotten }
    item.noted = item.noted && { ...item.noted, ...forgotten }
  }

  async function claim(maxItems: number, sealed: boolean) {
    const claimed = { owner, batchId: randomUUID(), destination: 'main', leaseMs: 1_000_000 }
    const batch = await atTime(store, at).claimItems({ ...claimed, maxItems, maxBytes: 1_000_000 })
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
    const sealed = await atTime(store, at).claimBatch({ owner, destination: 'main', leaseMs: 1_000_000 })
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
      if (item.forced) item.delivered = 'unknown'
      else if (result === 'delivered') item.delivered = stateOf(batch, id)
      else if (result.startsWith('uncertain')) item.delivered = 'unknown'
      item.forced = false
      const uncertain = result.startsWith('uncertain')
      if (result === 'delivered') return { seq, result }
      if (result.endsWith('dead')) return { seq, result: 'dead', error: 'refused', uncertain }
      return { seq, result: 'retry', error: 'failed', dueAt: at + 3, uncertain }
    })
    expect(await atTime(store, at).settleBatch(owner, batch.id, { kind: 'done', items: settlements })).toBe(true)
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
    expect(await atTime(store, at).settleBatch(owner, batch.id, settlement)).toBe(true)
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
        lastSeq = event!.seq
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
      case 'remove':
      case 'hold':
        return remove(next.id, next.do === 'hold')
      case 'release':
        return release(next.id)
      case 'reset':
        return reset(next.id)
      case 'crash':
        for (const by of [owner, ...unmapped.map(({ by }) => by)]) await atTime(store, at).recover({ owner: by })
        for (const batch of batches) batch.owned = false
        for (const { items: held } of unsealed.splice(0)) {
          for (const { id } of held) if (items.get(id)!.forced) Object.assign(items.get(id)!, { delivered: 'unknown', forced: false }) // biome-ignore format: one idea
        }
        // Events that nobody has mapped come back, too.
        unmapped = await reclaimed(unmapped)
        return
    }
    const batch = mine[next.which % Math.max(mine.length, 1)]
    if (!batch) return
    if (next.do === 'finish') return finish(batch, next.outcomes)
    if (next.do === 'split' || next.do === 'uncertain split') return split(batch, next.do === 'uncertain split')
    batch.owned = false
    expect(
      await atTime(store, at).settleBatch(owner, batch.id, { kind: 'retry', nextAt: at + 2, error: 'later' }),
    ).toBe(true)
    at += 2
  }

  async function reclaimed(lost: readonly Received[]): Promise<Received[]> {
    const found: Received[] = []
    for (const { step } of lost) {
      const by = `mapper ${mappers++}`
      const [event] = await atTime(store, at).claimEvents({ owner: by, leaseMs: 1_000_000, limit: 1 })
      const received = lost.find((other) => other.event.id === event!.id)
      found.push({ event: event!, by, step: received?.step ?? step })
    }
    expect(new Set(found.map(({ event }) => event.id))).toEqual(new Set(lost.map(({ event }) => event.id)))
    return found
  }

  async function compare(): Promise<void> {
    for (const [id, { wanted, held, noted, delivered }] of items) {
      if (!wanted) {
        expect(await store.getItems({ id })).toEqual([])
        continue
      }
      const item = await itemOf(store, id)
      const removed = wanted.eventSeq === null && wanted.place > 0
      expect({ kind: item.desiredKind, checksum: item.checksum, version: item.version, event: item.eventId }).toEqual({
        kind: wanted.kind,
        checksum: checksumOf(wanted),
        version: wanted.version,
        event: removed ? null : `evt_${wanted.eventSeq ?? item.eventId?.slice(4)}`,
      })
      const [detail] = await store.getItems({ id })
      expect([detail!.held, detail!.noted?.version]).toEqual([held, noted?.version])
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

const farAhead = readVersion('2099-01-01') as Version

function receipt(at: number): Version {
  return readVersion(new Date(at).toISOString())!
}

function isOlder(known: Wanted, change: State & Pick<Wanted, 'version' | 'place'>): boolean {
  if (known.bare && change.kind === 'upsert' && change.place < known.place) return true
  const isComparable = change.version !== null && known.version !== null && change.version[0] === known.version[0]
  if (isComparable && change.version !== known.version) {
    // Receipts that are older by less than a second are as new.
    if (change.version! > known.version! || change.version!.startsWith('n:')) return change.version! < known.version!
  }
  if (isComparable && known.bare && change.kind === 'upsert' && change.place !== known.place) return true
  return change.place < known.place
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
