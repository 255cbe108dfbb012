import { randomUUID } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import type { Config } from './config/schema.ts'
import { secretsOf } from './config/secrets.ts'
import { RelayError } from './domain/errors.ts'
import type { Emit } from './domain/signal.ts'
import type { MapperLibrary } from './mapping/library/load.ts'
import { createHub } from './observe/hub.ts'
import { createLiveMask, type LiveMask } from './observe/log.ts'
import { createMetrics, type Metrics } from './observe/metrics.ts'
import { limitRepeats } from './observe/repeats.ts'
import { createSignalStream, type SignalStream } from './observe/stream.ts'
import { createRegistry, type Registry } from './registry/registry.ts'
import { createReload, type Reload } from './registry/reload.ts'
import { createSupervisor, longestWaitOf, type Supervisor } from './registry/supervisor.ts'
import { createBackpressure } from './runtime/backpressure.ts'
import { createIntake } from './runtime/intake.ts'
import { createBell } from './runtime/loop.ts'
import { watchClock } from './runtime/watched-clock.ts'
import type { Intake } from './stages/ports.ts'
import { type AnswerChallenge, createAnswerChallenge } from './stages/receive/challenge.ts'
import { createReceive, type Receive } from './stages/receive/receive.ts'
import type { Store } from './store/contract/store.ts'
import { openStore } from './store/open.ts'
import { composeDesired } from './wiring/desired.ts'

export interface RelayOptions {
  readonly config: Config
  /** Reads the configuration anew, for a reload; left out, it is always the same. */
  readonly load?: () => Promise<Config> | Config
  /** The mask of the log; it learns the secrets of a configuration before that is in force. Left out, the relay has one of its own. */
  readonly secrets?: LiveMask
  /** Called with the configuration that a reload takes over, as it comes into force. */
  readonly onConfig?: (config: Config, mappers: MapperLibrary) => void
  /** Given the metrics, makes what signals are told to. */
  readonly observe: (metrics: Metrics) => Emit
  /** How many lines of the log could not be written. */
  readonly linesDropped?: () => number
  readonly now?: () => number
  /** A clock that can not be set. Milliseconds. */
  readonly monotonic?: () => number
  readonly random?: () => number
  /** Waits, or rejects when the signal aborts. */
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<void>
}

type Running = Pick<Registry, 'sources' | 'mapping' | 'destinations' | 'delivers' | 'fetches' | 'notifiers'>

/** The relay without its HTTP side. Steps can be called by hand; `start` runs them in loops. */
export interface Relay extends Running, Omit<Supervisor, 'end'> {
  /** The one in force. */
  readonly config: Config
  readonly store: Store
  readonly mappers: MapperLibrary
  readonly metrics: Metrics
  readonly emit: Emit
  readonly stream: SignalStream
  readonly now: () => number
  /** What is being received now. */
  readonly intake: Intake
  readonly receive: Receive
  readonly answerChallenge: AnswerChallenge
  /** Blanks the configuration's secrets in an answer, wherever a webhook brought them. */
  mask(text: string): string
  /** Brings what runs to what the configuration says now. */
  readonly reload: Reload
  /** Wakes every loop: after a change that did not come through a stage. */
  wake(): void
  /** Throws RelayError `unavailable` while the relay can't do its work. */
  checkReady(): Promise<void>
  /** From now on not ready; then loops end, calls under way get `graceMs`, connections and the store close. */
  close(graceMs?: number): Promise<void>
}

/** So many that their commits cost a second or two; of bodies, what a small container has to spare. */
const webhooksAtOnce = 1_000
const bytesAtOnce = 64 * 1024 * 1024
/** A shorter secret may be the name of a source in an answer. */
const shortestMasked = 8

async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  await setTimeout(ms, undefined, { signal })
}

/** Opens the store, makes units, stages and their supervisor. Whatever fails, what was opened is closed again, in reverse. */
export async function openRelay(options: RelayOptions): Promise<Relay> {
  const { config, load = () => config, observe, linesDropped = () => 0 } = options
  const { secrets = createLiveMask(secretsOf(config)), onConfig = () => {} } = options
  const { now: wallClock = Date.now, monotonic = () => performance.now(), random = Math.random, wait = sleep } = options
  await using stack = new AsyncDisposableStack()
  let current = config
  const bodyLimit = () => current.server.body_limit
  const clock = watchClock(wallClock, monotonic)
  const { now } = clock
  const { see, isBusy } = createBackpressure()
  // Several of the largest bodies fit in any case.
  const intake = createIntake({ webhooks: webhooksAtOnce, bytes: () => Math.max(bytesAtOnce, 8 * bodyLimit()) }, see)
  const metrics = createMetrics(intake, linesDropped)
  const masked = createLiveMask(secretsOf(config), shortestMasked)
  const stream = createSignalStream({ mask: secrets.mask, now })
  const hub = createHub(observe(metrics), stream, now)
  const emit = limitRepeats(hub.emit, now)
  const onError = (loop: string, error: unknown) => emit({ kind: 'step.failed', loop, error })
  // The store opens in a thread of its own while mappers are compiled in this one.
  const opening = openStore(config.store, { lock: true, now })
  const opened = opening.catch(() => null) // whatever fails first is reported
  stack.defer(async () => (await opened)?.close())
  let composed = await composeDesired(config, now)
  const store = await opening
  clock.heard((await store.newestTime()) ?? now())

  // The first lets calls under way finish, the second cuts them off.
  const stop = new AbortController()
  const cut = new AbortController()
  const mapBell = createBell()
  const owner = randomUUID()
  const shared = { store, owner, now, random, newId: randomUUID, wait, emit, bodyLimit, isBusy, onError }
  const registry = createRegistry({ ...shared, cut: cut.signal, onEvents: mapBell.ring })
  stack.defer(registry.end)
  stack.defer(store.onWork(() => wake()))
  // First what an earlier process had under way: what becomes of it depends on what runs now.
  await store.recover({ owner, longestWaitMs: longestWaitOf(config) })
  await registry.apply(composed.desired)
  const inForce = () => current
  const supervisor = await createSupervisor({ ...shared, registry, config: inForce, clock, intake, mapBell })
  stack.defer(supervisor.end)
  hub.listen((signal, { at }) => supervisor.watch.see(signal, at))
  hub.listen((_signal, entry) => {
    for (const [name, notifier] of registry.notifiers) {
      if (notifier.take(entry.type, () => stream.textOf(entry))) registry.wake('endpoint', [name])
    }
  })

  const { sources, mapping, destinations, delivers, fetches, notifiers, wake } = registry
  const reload = createReload({
    ...{ store, registry, load, current: inForce, now, emit },
    onSecrets(next) {
      for (const mask of [secrets, masked]) mask.add(secretsOf(next))
    },
    onConfig(next, parts) {
      onConfig(next, parts.mappers)
      current = next
      composed = parts
    },
  })

  // The check commits to disk: however often it is asked for, once a second is enough.
  let checked: { readonly at: number; readonly result: Promise<void> } | null = null
  function checkStore(): Promise<void> {
    if (!checked || Math.abs(now() - checked.at) >= 1_000) checked = { at: now(), result: store.checkHealth() }
    return checked.result
  }

  function expectRunning(): void {
    if (stop.signal.aborted) throw new RelayError('unavailable', 'the relay is stopping', { retryAfterMs: 5_000 })
  }

  const owned = stack.move()
  let closing: Promise<void> | null = null
  async function shut(graceMs: number): Promise<void> {
    stop.abort()
    const grace = AbortSignal.timeout(Math.ceil(graceMs))
    grace.addEventListener('abort', () => cut.abort(), { once: true })
    await Promise.all([supervisor.end(), registry.end()])
    await owned.disposeAsync()
  }

  return {
    ...supervisor,
    ...{ sources, mapping, destinations, delivers, fetches, notifiers, wake: () => wake() },
    ...{ store, metrics, emit, stream, now, intake, mask: masked.mask },
    async reload(options) {
      expectRunning()
      return reload(options)
    },
    receive: createReceive({ store, sources, bodyLimit, intake, now, emit, onEvent: mapBell.ring }),
    answerChallenge: createAnswerChallenge({ sources, now, emit }),
    get config() {
      return current
    },
    get mappers() {
      return composed.mappers
    },
    start() {
      registry.start()
      supervisor.start()
    },
    async checkReady() {
      expectRunning()
      await checkStore()
    },
    close(graceMs = 0) {
      closing ??= shut(graceMs)
      return closing
    },
  }
}
