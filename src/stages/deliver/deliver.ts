import { type Circuit, type CircuitEvent, callsAllowed, hasNewCredentials } from '../../domain/circuit.ts'
import { RelayError } from '../../domain/errors.ts'
import { backoffMs } from '../../domain/retry.ts'
import type { Emit } from '../../domain/signal.ts'
import { createReach, untried } from '../../domain/tried.ts'
import type { Answer } from '../../ingest/client/client.ts'
import { type Outcome, readOutcome } from '../../ingest/client/outcome.ts'
import { batchBody, callOf, deleteBody, envelopeBytes, itemBody, websiteIdOf } from '../../ingest/wire.ts'
import type { Circuits, StoredCircuit } from '../../store/contract/circuits.ts'
import type { BatchClaim, ClaimedItems, Delivering, SealedBatch, Settlement } from '../../store/contract/delivering.ts'
import type { Destination } from '../destination.ts'
import { createHealth } from './health.ts'
import { createLimits, type Limits, loadOf } from './limits.ts'
import { settlementOf } from './settlement.ts'
import { createSharedCircuit } from './shared-circuit.ts'
import { createStuckBatches, type Verdict } from './stuck.ts'
import { type TestCall, testCall } from './test-call.ts'

export interface DeliverDeps {
  readonly store: Delivering & Pick<Circuits, 'changeCircuit'>
  readonly destination: Destination
  /** As stored; a destination that never failed has none. */
  readonly circuit: StoredCircuit | undefined
  readonly owner: string
  readonly now: () => number
  readonly random: () => number
  readonly newId: () => string
  /** Waits, or rejects when the signal aborts. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>
  readonly emit: Emit
}

/** The delivery of one destination. */
export interface Deliver {
  /** One attempt of one batch, if something is due and may be sent. Answers whether there was one. */
  step(signal: AbortSignal): Promise<boolean>
  /** When to step again, in unix milliseconds; null where only a change can tell. */
  nextAt(): Promise<number | null>
  circuit(): Circuit
  /** How much the destination is given at once now. */
  limits(): Limits
  /**
   * Closes the circuit, unless a test call before is refused and `force` is not set. Throws RelayError `conflict` where it was
   * disabled meanwhile.
   */
  enable(options?: { readonly force?: boolean }, signal?: AbortSignal): Promise<Enabling>
  disable(reason: string): Promise<Circuit>
  /** Disables it until an operator lets it go: what would be sent is more than expected. */
  hold(reason: string): Promise<Circuit>
  /** Enables it if it is held, without a test call. */
  letGo(): Promise<void>
  /** Enables it where it was disabled for credentials that are other ones now, after a test call. */
  reconsider(signal: AbortSignal): Promise<void>
  /** Ends pauses: the time that they wait for may be far off now. */
  clockSetBack(): Promise<void>
  /** Takes over a circuit that another replica or a command has decided; answers whether that was new. */
  adopt(stored: StoredCircuit): boolean
}

export interface Enabling {
  readonly isEnabled: boolean
  readonly test: TestCall
}

/** Longest a call can hold its batch: far above any timeout, so that only a dead owner loses it. */
const leaseFactor = 4

/** Signals are kept and sent on: each is small. */
const itemsInSignal = 100

/** How long a loop rests that finds all allowed calls under way. */
const busyRestMs = 250

/** Claim, seal, send, settle. A batch has its key and bytes on disk before the first byte leaves. */
export function createDeliver(deps: DeliverDeps): Deliver {
  const { store, destination, owner, now, random, newId, wait, emit } = deps
  const { name, client } = destination
  const limits = createLimits(destination)
  const stuck = createStuckBatches({
    maxItems: () => limits.current().items,
    isWell: createHealth({ ask: isWell, now }),
  })
  const circuit = createSharedCircuit({ store, destination: name, stored: deps.circuit, at: now(), onChange })
  let pausedUntil = 0
  let underWay = 0
  let skewMs = 0
  const reach = createReach(now())
  /** A batch that is at fault has had its turn: others go first. */
  let newGoFirst = false
  const acceptedTypes = new Set<string>()

  async function step(signal: AbortSignal): Promise<boolean> {
    const at = now()
    reach.look(at, isReachable(at))
    if (!destination.enabled || at < pausedUntil) return false
    if (underWay >= callsAllowed(circuit.current(), limits.current().calls, at)) return false
    underWay += 1
    try {
      const batch = await nextBatch(at, signal)
      if (!batch) return false
      reach.expectBy(at + destination.timeoutMs)
      await attempt(batch, signal)
      return true
    } finally {
      underWay -= 1
    }
  }

  function isReachable(at: number): boolean {
    return destination.enabled && circuit.current().state !== 'disabled' && at >= pausedUntil
  }

  /** A batch that is due again goes before a new one, since what it holds has waited longest; in turns if it is at fault. */
  async function nextBatch(at: number, signal: AbortSignal): Promise<SealedBatch | null> {
    const claim = { owner, destination: name, at, leaseUntil: at + leaseFactor * destination.timeoutMs + 60_000 }
    if (newGoFirst) {
      newGoFirst = false
      const fresh = await newBatch(claim, signal)
      if (fresh) return fresh
    }
    const started = await store.claimBatch(claim)
    if (started) return websiteIdOf(started.body) === destination.websiteId ? started : giveUp(started, at)
    return newBatch(claim, signal)
  }

  async function newBatch(claim: BatchClaim, signal: AbortSignal): Promise<SealedBatch | null> {
    const { at } = claim
    const { items, bytes } = limits.current()
    // What probes an open circuit is small: if it fails, it is a batch more that waits.
    const maxItems = circuit.current().state === 'open' ? 1 : items
    const claimed = await store.claimItems({
      ...claim,
      batchId: newId(),
      maxItems,
      maxBytes: Math.max(1, bytes - envelopeBytes(destination.websiteId, maxItems)),
    })
    if (!claimed) return null
    const sealed = { id: claimed.batchId, key: newId(), body: bodyOf(claimed, destination.websiteId) }
    const isOurs = await persisted(() => store.sealBatch(owner, sealed), signal)
    if (!isOurs) return null
    return {
      ...sealed,
      destination: name,
      kind: claimed.kind,
      attempts: 0,
      tried: untried,
      createdAt: at,
      items: claimed.items,
    }
  }

  async function attempt(batch: SealedBatch, signal: AbortSignal): Promise<void> {
    const startedAt = now()
    const path = callOf(batch.kind, batch.body)
    const signedSkewMs = skewMs
    const answer = await client.send({ path, key: batch.key, body: batch.body }, signal)
    const at = now()
    reach.look(at, isReachable(at))
    // An attempt that our own stop has cut off says nothing: the lease ends, and the same bytes go out again.
    if (signal.aborted && answer.kind === 'no_answer') return
    const ids = batch.items.map(({ id }) => id)
    const told = scoped(readOutcome(answer, ids, at, batch.kind, signedSkewMs), batch)
    correctClock(told.kind === 'unauthorized' ? told.skewMs : undefined)
    const load = loadOf(answer, told, destination.timeoutMs)
    // What is at fault says nothing of how much the destination can take.
    if (!stuck.isAtFault(batch.id)) limits.learn(load, batch)
    const about = { at, reachableSince: reach.since(), isProbe: circuit.current().state === 'open', signal }
    const verdict = await stuck.judge(told, batch, about)
    const { outcome, isAtFault } = verdict
    if (verdict.isWell) newGoFirst = true
    const settlement = settlementOf(outcome, batch, { ...about, destination, isAtFault, random, newId })
    if (settlement.kind !== 'retry') stuck.forget(batch.id)
    if (settlement.kind === 'split' && outcome.kind === 'stuck') stuck.tookApart(settlement.parts.map(({ id }) => id))
    const isOurs = await persisted(() => store.settleBatch(owner, batch.id, settlement, at), signal)
    if (isOurs) report(batch, path, answer, outcome, settlement, startedAt, at)
    react(outcome)
    const event = circuitEventOf(verdict, circuit.current(), destination.credentials)
    if (event) await circuit.decide(event, at)
  }

  /**
   * Does not give up while the process lives: to forget an outcome would be to send the batch again, and what is claimed
   * is nobody else's. A disk that is full for a while is waited for.
   */
  async function persisted<T>(write: () => Promise<T>, signal: AbortSignal): Promise<T> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await write()
      } catch (error) {
        emit({ kind: 'step.failed', loop: `deliver ${name}`, error })
        await wait(backoffMs(tries, { baseMs: 250, capMs: 10_000 }, random), signal)
      }
    }
  }

  /** The bytes of another website, configured before: nobody will ever take them. Its items go out anew. */
  async function giveUp(batch: SealedBatch, at: number): Promise<null> {
    const error = 'the website_id of the destination has changed'
    const items = batch.items.map(({ seq }) => ({ seq, result: 'retry', error, dueAt: at, uncertain: true }) as const)
    await store.settleBatch(owner, batch.id, { kind: 'done', items }, at)
    return null
  }

  /**
   * A call outside of the token's scope is the fault of one type of item, once others have been accepted: a poison item
   * must not block them. Until then it may as well be the website, and nothing dies for that. Where the type itself has been
   * accepted, the scope is another one now: what was accepted before says nothing any more.
   */
  function scoped(outcome: Outcome, batch: SealedBatch): Outcome {
    const types = new Set(batch.items.map(({ type }) => type))
    if (outcome.kind === 'settled') for (const type of types) acceptedTypes.add(type)
    if (outcome.kind !== 'unauthorized' || !outcome.isScope) return outcome
    if (types.size === 1 && types.isSubsetOf(acceptedTypes)) acceptedTypes.clear()
    const isFaultOfType = types.size > 1 || acceptedTypes.size > 0
    return isFaultOfType ? { kind: 'rejected', reason: outcome.reason } : outcome
  }

  async function isWell(signal: AbortSignal): Promise<boolean> {
    const test = await testCall({ destination, skewMs, now, newId }, signal)
    correctClock(test.skewMs)
    return test.isWell
  }

  /** A refusal for the clock is no authentication failure: the batch goes out again with the time that was told. */
  function correctClock(foundMs: number | undefined): void {
    if (foundMs === undefined || Math.abs(foundMs - skewMs) < skewStepMs) return // a call beside this one has corrected it
    skewMs = foundMs
    client.setClockSkew(skewMs)
    emit({ kind: 'destination.clock_skew', destination: name, skewMs })
  }

  function react(outcome: Outcome): void {
    if (outcome.kind !== 'retry' || outcome.cause !== 'rate_limit' || outcome.afterMs === undefined) return
    pausedUntil = now() + Math.min(outcome.afterMs, destination.backoff.capMs)
    reach.breakUntil(pausedUntil)
  }

  function onChange(before: Circuit, { state, reason }: Circuit): void {
    if (before.state === 'disabled') reach.breakUntil(now())
    if (state !== before.state) emit({ kind: 'destination.changed', destination: name, state, reason })
  }

  async function enable({ force = false } = {}, signal?: AbortSignal): Promise<Enabling> {
    const [startedAt, revision] = [now(), circuit.revision()]
    const test = await testCall({ destination, skewMs, now, newId }, signal)
    if (signal?.aborted) return { isEnabled: false, test } // what our own stop has cut off says nothing
    const { result, status, error } = test
    correctClock(test.skewMs)
    emit({ kind: 'destination.tested', destination: name, result, status, error, durationMs: now() - startedAt })
    const expectMeant = () => {
      const { state, reason } = circuit.current()
      if (circuit.revision() === revision || state !== 'disabled') return
      throw new RelayError('conflict', `destination '${name}' was disabled while it was tested: ${reason}`)
    }
    if (result === 'refused' && !force) {
      const reason = `a test call was refused: ${error}`
      await circuit.decide({ kind: 'refused', reason, credentials: destination.credentials }, now(), expectMeant)
      return { isEnabled: false, test }
    }
    await circuit.decide({ kind: 'enable' }, now(), expectMeant)
    pausedUntil = 0
    return { isEnabled: true, test }
  }

  /** Bookkeeping: whatever happens here can't cause a second call. */
  function report(
    batch: SealedBatch,
    path: string,
    answer: Answer,
    outcome: Outcome,
    settlement: Settlement,
    startedAt: number,
    at: number,
  ): void {
    const results = settlement.kind === 'done' ? settlement.items : []
    const delivered = new Set(results.flatMap(({ seq, result }) => (result === 'delivered' ? [seq] : [])))
    const known = new Map(batch.items.map((item) => [item.seq, item]))
    const attempt = {
      status: answer.kind === 'answer' ? answer.status : null,
      outcome: outcome.kind,
      error: 'reason' in outcome ? outcome.reason : null,
      requestId: answer.kind === 'answer' ? answer.requestId : null,
      durationMs: at - startedAt,
    }
    emit({
      kind: 'batch.attempted',
      batchId: batch.id,
      destination: name,
      call: path,
      items: batch.items.length,
      bytes: batch.body.length,
      attempt: batch.attempts + 1,
      ...attempt,
      delivered: delivered.size,
      latenciesMs: batch.items.filter(({ seq }) => delivered.has(seq)).map(({ receivedAt }) => at - receivedAt),
    })
    const taken = batch.items.filter(({ seq }) => delivered.has(seq)).map(({ type, id }) => ({ type, id }))
    for (let from = 0; from < taken.length; from += itemsInSignal) {
      const items = taken.slice(from, from + itemsInSignal)
      emit({ kind: 'item.delivered', destination: name, batchId: batch.id, items })
    }
    for (const result of results) {
      const item = known.get(result.seq)
      if (result.result !== 'dead' || !item) continue
      emit({ kind: 'item.dead', destination: name, type: item.type, id: item.id, error: result.error })
    }
    store
      .recordAttempt({ batchId: batch.id, destination: name, at: startedAt, itemCount: batch.items.length, ...attempt })
      .catch((error: unknown) => emit({ kind: 'step.failed', loop: `attempts of ${name}`, error }))
  }

  return {
    step,
    async nextAt() {
      const { state, retryAt } = circuit.current()
      if (!destination.enabled || state === 'disabled') return null
      // All calls that are allowed are under way: whoever comes back first goes on.
      if (underWay >= callsAllowed(circuit.current(), limits.current().calls, now()) && underWay > 0)
        return now() + busyRestMs
      const dueAt = await store.nextDueAt(name)
      if (dueAt === null) return null
      const at = Math.max(dueAt, pausedUntil, state === 'open' ? retryAt : 0)
      reach.expectBy(at)
      return at
    },
    circuit: circuit.current,
    limits: limits.current,
    enable,
    disable: (reason) => circuit.decide({ kind: 'disable', reason }, now()),
    hold: (reason) => circuit.decide({ kind: 'disable', reason, held: true }, now()),
    async letGo() {
      if (circuit.current().held === true) await circuit.decide({ kind: 'enable' }, now())
    },
    async reconsider(signal) {
      if (destination.enabled && hasNewCredentials(circuit.current(), destination.credentials)) await enable({}, signal)
    },
    async clockSetBack() {
      pausedUntil = 0
      reach.look(now(), false)
      await circuit.decide({ kind: 'clock_set_back' }, now())
    },
    adopt(stored) {
      const isNew = circuit.adopt(stored)
      if (isNew && stored.circuit.state === 'closed') pausedUntil = 0 // whoever enables it does not want to wait
      return isNew
    },
  }
}

function bodyOf({ kind, items }: ClaimedItems, websiteId: string): Buffer {
  if (kind === 'delete')
    return deleteBody(
      websiteId,
      items.map(({ id }) => id),
    )
  const texts = items.map(({ body, id }) => {
    if (body === null) throw new Error(`item ${id} was claimed for an upsert without a body`)
    return body
  })
  const [first, ...rest] = texts
  return first !== undefined && rest.length === 0 ? itemBody(websiteId, first) : batchBody(websiteId, texts)
}

/** Corrections nearer than this are one and the same: times in headers are whole seconds, and answers take a while. */
const skewStepMs = 30_000

/**
 * What an attempt says about the destination. Rate limits and the clock say nothing about its health. A batch that is at fault
 * does not open the circuit for the others, since a heartbeat was answered; that alone does not close it either.
 */
function circuitEventOf(verdict: Verdict, { state }: Circuit, credentials: string): CircuitEvent | null {
  const { outcome, isWell, isAtFault } = verdict
  if (isAtFault && state === 'closed') return { kind: 'answered' }
  if (isAtFault && 'reason' in outcome) return { kind: 'failed', reason: outcome.reason, isWell }
  switch (outcome.kind) {
    case 'unauthorized':
      return outcome.skewMs === undefined ? { kind: 'unauthorized', reason: outcome.reason, credentials } : null
    case 'retry':
      if (outcome.cause === 'rate_limit') return null
      return { kind: 'failed', reason: outcome.reason, afterMs: outcome.afterMs, isWell }
    default:
      return { kind: 'answered' }
  }
}
