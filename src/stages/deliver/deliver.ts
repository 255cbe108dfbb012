import { type Circuit, callsAllowed, hasNewCredentials } from '../../domain/circuit.ts'
import { RelayError } from '../../domain/errors.ts'
import { backoffMs } from '../../domain/retry.ts'
import { createReach } from '../../domain/tried.ts'
import { readOutcome } from '../../ingest/client/outcome.ts'
import { callOf } from '../../ingest/wire.ts'
import type { Circuits, StoredCircuit } from '../../store/contract/circuits.ts'
import type { Delivering, SealedBatch } from '../../store/contract/delivering.ts'
import type { Destination } from '../destination.ts'
import type { StageDeps } from '../ports.ts'
import { assess, isInDoubt, noMemory } from './assess.ts'
import { createClaim, type Wanted } from './claim.ts'
import { createHealth } from './health.ts'
import { createLimits, type Limits } from './limits.ts'
import { reportAttempt } from './report.ts'
import { createSharedCircuit } from './shared-circuit.ts'
import { type TestCall, testCall } from './test-call.ts'

export interface DeliverDeps extends Pick<StageDeps, 'owner' | 'now' | 'random' | 'newId' | 'wait' | 'emit'> {
  readonly store: Delivering & Pick<Circuits, 'changeCircuit'>
  readonly destination: Destination
  /** As stored; a destination that never failed has none. */
  readonly circuit: StoredCircuit | undefined
}

/** The delivery of one destination. */
export interface Deliver {
  /** One attempt of one batch, if something is due and may be sent. Answers whether there was one. */
  step(signal: AbortSignal): Promise<boolean>
  /** When to step again, in unix milliseconds; null if only a change can tell. */
  nextAt(): Promise<number | null>
  circuit(): Circuit
  /** How much the destination is given at once now. */
  limits(): Limits
  /**
   * Closes the circuit, unless a test call before is refused and `force` is not set. Throws RelayError `conflict` if it was
   * disabled meanwhile.
   */
  enable(options?: { readonly force?: boolean }, signal?: AbortSignal): Promise<Enabling>
  disable(reason: string): Promise<Circuit>
  /** Disables it until an operator lets it go: what would be sent is more than expected. */
  hold(reason: string): Promise<Circuit>
  /** Enables it if it is held, without a test call. */
  release(): Promise<void>
  /** Enables it if it was disabled for credentials that are other ones now, after a test call. */
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

/** How long a loop rests that finds all allowed calls under way. */
const busyRestMs = 250

/** Corrections nearer than this are one and the same: times in headers are whole seconds, and answers take a while. */
const skewStepMs = 30_000

/** Claim, seal, send, assess, settle. A batch has its key and bytes on disk before the first byte leaves. */
export function createDeliver(deps: DeliverDeps): Deliver {
  const { store, destination, owner, now, random, newId, wait, emit } = deps
  const { name, client } = destination
  const limits = createLimits(destination)
  const claim = createClaim({ store, destination, owner, newId, persist })
  const isDestinationWell = createHealth({ ask: isWell, now })
  const circuit = createSharedCircuit({ store, destination: name, stored: deps.circuit, at: now(), onChange })
  let memory = noMemory
  let pausedUntil = 0
  let underWay = 0
  let skewMs = 0
  const reach = createReach(now())
  /** A batch that is at fault has had its turn: others go first. */
  let newGoFirst = false

  async function step(signal: AbortSignal): Promise<boolean> {
    const at = now()
    reach.look(at, isReachable(at))
    if (!destination.enabled || at < pausedUntil) return false
    if (underWay >= callsAllowed(circuit.current(), limits.current().calls, at)) return false
    underWay += 1
    try {
      const batch = await claim(at, wanted(), signal)
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

  function isProbing(): boolean {
    return circuit.current().state === 'open'
  }

  function wanted(): Wanted {
    const { items, bytes } = limits.current()
    const isAtTurn = newGoFirst
    newGoFirst = false
    // What probes an open circuit is small: if it fails, it is a batch more that waits.
    return { items: isProbing() ? 1 : items, bytes, newGoFirst: isAtTurn }
  }

  async function attempt(batch: SealedBatch, signal: AbortSignal): Promise<void> {
    const startedAt = now()
    const call = callOf(batch.kind, batch.body)
    const signedSkewMs = skewMs
    const answer = await client.send({ path: call, key: batch.key, body: batch.body }, signal)
    const at = now()
    reach.look(at, isReachable(at))
    // An attempt that our own stop has cut off says nothing: the lease ends, and the same bytes go out again.
    if (signal.aborted && answer.kind === 'no_answer') return
    const ids = batch.items.map(({ id }) => id)
    const heard = readOutcome(answer, ids, at, batch.kind, signedSkewMs)
    const about = { destination, at, reachableSince: reach.since(), maxItems: limits.current().items, random, newId }
    const isWell = isInDoubt(heard, batch, memory, isProbing()) && (await isDestinationWell(signal))
    const assessment = assess({ answer, outcome: heard, isWell }, batch, memory, about)
    const { outcome, settlement, circuitEvent, load, clock } = assessment
    memory = assessment.memory
    limits.learn(load, batch)
    correctClock(clock.skewMs)
    if (clock.pauseMs !== null) pauseUntil(at + clock.pauseMs)
    if (isWell) newGoFirst = true
    const isOurs = await persist(() => store.settleBatch(owner, batch.id, settlement), signal)
    if (isOurs) reportAttempt({ batch, call, answer, outcome, settlement, startedAt, at }, store, emit)
    if (circuitEvent) await circuit.decide(circuitEvent, at)
  }

  /**
   * Does not give up while the process lives: to forget an outcome would be to send the batch again, and what is claimed
   * is nobody else's. A disk that is full for a while is waited for.
   */
  async function persist<T>(write: () => Promise<T>, signal: AbortSignal): Promise<T> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await write()
      } catch (error) {
        emit({ kind: 'step.failed', loop: `deliver ${name}`, error })
        await wait(backoffMs(tries, { baseMs: 250, capMs: 10_000 }, random), signal)
      }
    }
  }

  async function isWell(signal: AbortSignal): Promise<boolean> {
    const test = await testCall({ destination, skewMs, now, newId }, signal)
    correctClock(test.skewMs)
    return test.isWell
  }

  /** A refusal for the clock is not an authentication failure: the batch goes out again with the time that was told. */
  function correctClock(foundMs: number | null): void {
    if (foundMs === null || Math.abs(foundMs - skewMs) < skewStepMs) return // a call beside this one has corrected it
    skewMs = foundMs
    client.setClockSkew(skewMs)
    emit({ kind: 'destination.clock_skew', destination: name, skewMs })
  }

  function pauseUntil(until: number): void {
    pausedUntil = until
    reach.breakUntil(until)
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

  return {
    step,
    async nextAt() {
      const { state, retryAt } = circuit.current()
      if (!destination.enabled || state === 'disabled') return null
      // All calls that are allowed are under way: the first that comes back goes on.
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
    async release() {
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
      if (isNew && stored.circuit.state === 'closed') pausedUntil = 0 // an operator who enables it does not want to wait
      return isNew
    },
  }
}
