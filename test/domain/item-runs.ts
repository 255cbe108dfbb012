import type { ItemChange } from '../../src/domain/item-change.ts'
import { foldEvents, keyText, type MergeCounts } from '../../src/domain/item-fold.ts'
import { type HeldItem, type ItemOutcome, releaseItem } from '../../src/domain/item-release.ts'
import { type Applied, applyRemoval, endHold, type ItemState } from '../../src/domain/item-state.ts'
import { untried } from '../../src/domain/tried.ts'
import { defaultClockLeadMs } from '../../src/domain/version.ts'
import fc from '../fast-check.ts'
import { version } from '../store/support.ts'
import { debounce, type ModelChange, ModelItem, type Outcome } from './item-model.ts'

const ids = ['a', 'b'] as const
export type Id = (typeof ids)[number]
const kinds = ['change', 'change', 'change', 'change', 'change', 'change', 'change', 'batch', 'batch', 'batch', 'batch', 'batch', 'remove', 'release', 'reset', 'redeliver'] as const // biome-ignore format: one idea
const outcomes = ['delivered', 'delivered', 'retry', 'uncertain retry', 'dead', 'uncertain dead', 'unsent'] as const

/** Takes the same steps, and throws if it does not come to the same. */
export interface Beside {
  /** Of the events that it has received before. */
  readonly lastSeq: number
  receive(at: number): void
  settle(events: readonly Mapped[], counts: readonly MergeCounts[], at: number): void
  remove(id: Id, hold: boolean, at: number): void
  release(id: Id, at: number): void
  claim(id: Id, at: number): void
  /** `shown`: the JSON that the batch has to show of the item. */
  finish(id: Id, outcome: ItemOutcome, shown: string | null, at: number): void
  compare(id: Id, engine: Engine): void
}

interface Mapped {
  readonly seq: number
  readonly changes: readonly ItemChange[]
}

/** An engine that keeps in memory what it is told to write. */
export class Engine {
  state: ItemState | null = null
  body: string | null = null
  deliveredAt: number | null = null
  isForced = false
  sent: HeldItem['sent'] | null = null
  /** What was sent, as far as the rules have it kept. */
  sentBody: string | null = null
  readonly sources = new Set<string>()

  write({ next, body, keepSentBody, isReplaced, sources }: Applied): void {
    const { state } = this
    for (const source of sources) this.sources.add(source)
    if (state === next) return
    if (keepSentBody && body !== undefined && (body !== this.body || next.revision !== state?.revision)) this.sentBody ??= this.body // biome-ignore format: one idea
    if (body !== undefined) this.body = body
    this.state = state && !isReplaced ? { ...state, ...knowledgeOf(next) } : next
  }

  claim(): void {
    const { kind, checksum, revision, attempts } = this.state!
    this.sent = { kind, checksum, revision, attempts }
    this.sentBody = null
    this.isForced = false
    this.state = { ...this.state!, batchRevision: revision, mayExist: true }
  }

  /** The JSON of the item that the batch would show now. */
  get shown(): string | null {
    if (!this.sent) return null
    return this.sentBody ?? (this.sent.revision === this.state!.revision ? this.body : null)
  }

  settle(outcome: ItemOutcome, at: number): void {
    const { state, sent, deliveredAt, isForced } = this
    const { deliveredAt: lastDeliveredAt, ...released } = releaseItem({ ...state!, sent: sent!, deliveredAt, isForced }, outcome, at) // biome-ignore format: one idea
    this.deliveredAt = lastDeliveredAt
    this.state = { ...state!, ...released, batchRevision: null, nextSince: null, nextReceivedAt: null }
    this.sent = null
  }

  redeliver(at: number): void {
    const state = this.state!
    const { revision, nextSince, nextReceivedAt, pendingSince, receivedAt, delivered } = state
    if (this.sent) {
      if (this.sent.revision === revision) this.sentBody ??= this.body
      this.isForced = true
      const next = { nextSince: nextSince ?? at, nextReceivedAt: nextReceivedAt ?? at }
      this.state = { ...state, revision: revision + 1, dueAt: at, attempts: 0, ...next }
      return
    }
    const waiting = { status: 'pending', dueAt: at, pendingSince: pendingSince ?? at, receivedAt: receivedAt ?? at } as const // biome-ignore format: one idea
    const doubted = { kind: delivered.kind === null ? null : 'unknown', checksum: null } as const
    this.state = { ...state, ...waiting, attempts: 0, tried: untried, error: null, delivered: doubted }
  }

  forgetVersion(): void {
    const forgotten = { version: null, isCounted: false, bareTombstone: false, place: 0, asOf: null }
    const { noted } = this.state!
    this.state = { ...this.state!, ...forgotten, noted: noted && { ...noted, ...forgotten } }
  }
}

function knowledgeOf({ version, isCounted, bareTombstone, eventSeq, place, asOf, mayExist, noted }: ItemState) {
  return { version, isCounted, bareTombstone, eventSeq, place, asOf, mayExist, noted }
}

/** A run of steps, each written as one number, so that a hundred thousand runs cost seconds. */
export class Run {
  readonly engines = { a: new Engine(), b: new Engine() }
  readonly models = { a: new ModelItem(), b: new ModelItem() }
  readonly log: unknown[] = []
  readonly beside: Beside | null
  at = 1_000
  lastSeq: number
  /** Events that came in and are not mapped yet. */
  readonly late: number[] = []
  /** The events of the step that comes next. */
  step: { readonly seq: number; readonly changes: { readonly id: Id; readonly change: ModelChange }[] }[] = []

  constructor(beside: Beside | null = null) {
    this.beside = beside
    this.lastSeq = beside?.lastSeq ?? 0
  }

  take(number: number): void {
    const digit = digitsOf(number)
    const what = kinds[digit(kinds.length)]!
    if (this.beside && (what === 'reset' || what === 'redeliver')) return // nothing that the rules do
    const id = ids[digit(2)]!
    this.at += digit(4)
    if (what === 'change') this.receive(id, digit)
    else {
      this.fold()
      this.log.push({ id, what, at: this.at })
      this[what](id, digit)
      this.compare(id)
    }
  }

  /** The batch that holds the item ends, or if it is due a batch takes it. */
  private batch(id: Id, digit: Digit): void {
    const { [id]: engine } = this.engines
    const { [id]: model } = this.models
    if (engine.sent) {
      const outcome = outcomes[digit(outcomes.length)]!
      this.beside?.finish(id, outcomeOf(outcome, this.at), engine.shown, this.at)
      engine.settle(outcomeOf(outcome, this.at), this.at)
      model.settle(outcome, this.at)
    } else if (engine.state?.status === 'pending') {
      this.at = Math.max(this.at, engine.state.dueAt!)
      this.beside?.claim(id, this.at)
      engine.claim()
      model.claim()
    }
  }

  private remove(id: Id, digit: Digit): void {
    const { [id]: engine } = this.engines
    const { [id]: model } = this.models
    const hold = digit(2) === 1
    this.beside?.remove(id, hold, this.at)
    engine.write(applyRemoval(engine.state, hold, this.lastSeq, this.at))
    model.remove(hold, this.lastSeq, this.at)
  }

  private release(id: Id): void {
    const { [id]: engine } = this.engines
    const { [id]: model } = this.models
    if (!engine.state?.isHeld) return
    this.beside?.release(id, this.at)
    engine.write(endHold(engine.state, this.at))
    model.endHold(this.at)
  }

  private reset(id: Id): void {
    const { [id]: engine } = this.engines
    const { [id]: model } = this.models
    if (!engine.state) return
    engine.forgetVersion()
    model.forgetVersion()
  }

  private redeliver(id: Id): void {
    const { [id]: engine } = this.engines
    const { [id]: model } = this.models
    if (engine.state?.kind !== 'upsert' && !engine.state?.mayExist) return
    engine.redeliver(this.at)
    model.redeliver(this.at)
  }

  private receive(id: Id, digit: Digit): void {
    const content = ['A', 'A', 'B', 'B', null][digit(5)]!
    const change = {
      content,
      title: digit(2),
      source: ['shop', 'shop', 'shop', 'blog'][digit(4)]!,
      version: [null, null, 1, 2, 3][digit(5)]!,
      certain: content !== null || digit(2) === 0,
      unproven: digit(4) === 3,
      askedAt: [undefined, undefined, this.at - 2, this.at][digit(4)],
      receivedAt: this.at - digit(3),
    }
    const group = digit(4)
    const last = this.step.at(-1)
    if (group === 3 && last) {
      last.changes.push({ id, change: { ...change, seq: last.seq } })
      return
    }
    if (group < 2) this.fold()
    const order = digit(5)
    if (order === 4) this.late.push(this.nextSeq())
    const seq = (order === 3 ? this.late.shift() : undefined) ?? this.nextSeq()
    this.step.push({ seq, changes: [{ id, change: { ...change, seq } }] })
  }

  private nextSeq(): number {
    this.beside?.receive(this.at)
    this.lastSeq += 1
    return this.lastSeq
  }

  fold(): void {
    if (this.step.length === 0) return
    const { step, at, engines, models } = this
    this.step = []
    this.log.push({ step, at })
    const found = new Map(ids.map((id) => [keyText(keyOf(id)), engines[id]]))
    const events = step.map(({ seq, changes }) => ({ seq, changes: changes.map(({ id, change }) => changeOf(id, change)) })) // biome-ignore format: one idea
    const { items, counts } = foldEvents(found, events, at)
    this.beside?.settle(events, counts, at)
    for (const [key, applied] of items) found.get(key)!.write(applied)
    for (const [index, { changes }] of step.entries()) {
      const expected = { applied: 0, unchanged: 0, stale: 0, held: 0 }
      for (const { id, change } of changes) expected[models[id].change(change, at)] += 1
      const { applied, unchanged, stale, held = 0 } = counts[index]!
      const total = applied + unchanged + stale + held
      this.same('counts', [applied, unchanged, stale, held, total], [...Object.values(expected), changes.length])
    }
    for (const id of ids) this.compare(id)
  }

  private compare(id: Id): void {
    const { state, body, sent, shown, isForced, deliveredAt, sources } = this.engines[id]
    const model = this.models[id]
    const { wish, noted, batch } = model
    if (!state || !wish) {
      this.same('known', [state], [wish])
      return
    }
    const { kind, checksum, source, eventSeq, place, bareTombstone } = state
    this.same('wanted', [kind, checksum, revisionOf(state)], [kindOf(wish.content), wish.content, wish.version])
    this.same('order', [source, eventSeq, place ?? eventSeq, bareTombstone], [wish.source, wish.event, wish.place, wish.isBare]) // biome-ignore format: one idea
    this.same('noted', [state.isHeld, state.noted?.checksum, state.noted && revisionOf(state.noted)], [model.isHeld, noted?.content, noted === null ? null : noted.version]) // biome-ignore format: one idea
    const { status, dueAt, attempts, tried, pendingSince, receivedAt, nextSince, nextReceivedAt } = state
    this.same('work', [status, dueAt, pendingSince, receivedAt], [model.status, model.dueAt, model.since, model.oldest])
    this.same('tried', [attempts, tried.ms, tried.at], [model.attempts, model.tried.ms, model.tried.at])
    this.same('next', [nextSince, nextReceivedAt, isForced && sent !== null], [model.nextSince, model.nextOldest, batch?.isForced ?? false]) // biome-ignore format: one idea
    this.same('sources', [[...sources].sort().join()], [[...model.sources].sort().join()])
    const { delivered } = model
    const known = delivered === 'nothing' ? [null, null] : delivered === 'unknown' ? ['unknown', null] : [kindOf(delivered), delivered] // biome-ignore format: one idea
    this.same('delivered', [state.delivered.kind, state.delivered.checksum, deliveredAt], [...known, model.deliveredAt])
    this.same('body', [body, shown], [bodyOf(wish), batch ? bodyOf(batch) : shown])
    this.beside?.compare(id, this.engines[id])
  }

  private same(what: string, actual: readonly unknown[], expected: readonly unknown[]): void {
    for (let index = 0; index < expected.length; index += 1) {
      if (actual[index] === expected[index]) continue
      const steps = this.log.map((step) => `\n  ${JSON.stringify(step)}`).join('')
      throw new Error(`${what}: ${JSON.stringify(actual)}, the model has ${JSON.stringify(expected)} after${steps}`)
    }
  }
}

type Digit = (base: number) => number

function digitsOf(number: number): Digit {
  let rest = number
  return (base) => {
    const digit = rest % base
    rest = (rest - digit) / base
    return digit
  }
}

/** Each at a destination of its own, so that a batch has one of them. */
export function keyOf(id: Id) {
  return { destination: id, type: 'product', id }
}

function changeOf(id: Id, { version: revision, ...change }: ModelChange): ItemChange {
  const { content, source, certain, unproven, askedAt, receivedAt } = change
  return {
    ...keyOf(id),
    ...debounce,
    source,
    kind: kindOf(content),
    checksum: content,
    body: bodyOf(change),
    version: revision === null ? null : version(revision),
    maxClockLeadMs: defaultClockLeadMs,
    certain,
    unproven,
    ...(askedAt !== undefined && { askedAt }),
    receivedAt,
  }
}

function kindOf(content: string | null): 'upsert' | 'delete' {
  return content === null ? 'delete' : 'upsert'
}

function bodyOf({ content, title }: { readonly content: string | null; readonly title: number }): string | null {
  return content === null ? null : `${content} ${title}`
}

function revisionOf({ version }: Pick<ItemState, 'version'>): number | 'moment' | null {
  if (version === null) return null
  return version.startsWith('n:') ? Number(version.slice(2)) : 'moment'
}

function outcomeOf(outcome: Outcome, at: number): ItemOutcome {
  const uncertain = outcome.startsWith('uncertain')
  if (outcome === 'delivered' || outcome === 'unsent') return { result: outcome }
  if (outcome.endsWith('dead')) return { result: 'dead', error: 'refused', uncertain }
  return { result: 'retry', error: 'failed', dueAt: at + 3, uncertain, ...(!uncertain && { tried: { ms: at, at } }) }
}

/** Runs, each a list of steps. */
export const runs = fc.array(fc.noBias(fc.nat(2 ** 31 - 1)), { minLength: 1, maxLength: 14, size: 'max' })
