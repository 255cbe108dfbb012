import { randomUUID } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import type { Config } from './config/schema.ts'
import { secretsOf } from './config/secrets.ts'
import { RelayError } from './domain/errors.ts'
import type { Emit } from './domain/signal.ts'
import type { MapperLibrary } from './mapping/library/load.ts'
import { createLiveMask } from './observe/log.ts'
import { createMetrics, type Metrics } from './observe/metrics.ts'
import { tellSeldom } from './observe/seldom.ts'
import { createSignalStream, type SignalStream } from './observe/stream.ts'
import { createRegistry, type Registry } from './registry/registry.ts'
import { createReload, type Reload } from './registry/reload.ts'
import { runUpkeep } from './registry/upkeep-loops.ts'
import { createCrowd } from './runtime/crowd.ts'
import { createIntake } from './runtime/intake.ts'
import { createBell, createLoops } from './runtime/loop.ts'
import { watchClock } from './runtime/watched-clock.ts'
import { longestFetchWaitMs } from './stages/fetch/fetch.ts'
import { createMap, type MapStep } from './stages/map/map.ts'
import type { Intake } from './stages/ports.ts'
import { createGreet, type Greet } from './stages/receive/greet.ts'
import { createReceive, type Receive } from './stages/receive/receive.ts'
import { createRefusals, type Refusals } from './stages/receive/refusals.ts'
import { createClockStep } from './stages/upkeep/clock.ts'
import { createPrune } from './stages/upkeep/prune.ts'
import { findUnconfigured, reportUnconfigured } from './stages/upkeep/unconfigured.ts'
import { createWatch, type SourceRhythm, type Watch } from './stages/upkeep/watch.ts'
import { createStoreWatch, type StoreWatch } from './stages/upkeep/watch-store.ts'
import type { Store } from './store/contract/store.ts'
import { openStore } from './store/open.ts'
import { composeDesired } from './wiring/desired.ts'

export interface RelayOptions {
  readonly config: Config
  /** Reads the configuration anew, for a reload; left out, it is always the same. */
  readonly load?: () => Promise<Config> | Config
  /** Called with the configuration that a reload takes over, before it is in force. */
  readonly onConfig?: (config: Config) => void
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
export interface Relay extends Running {
  /** The one in force. */
  readonly config: Config
  readonly store: Store
  readonly mappers: MapperLibrary
  readonly metrics: Metrics
  readonly emit: Emit
  readonly now: () => number
  /** What is being received now. */
  readonly intake: Intake
  readonly receive: Receive
  readonly greet: Greet
  /** Blanks the configuration's secrets in an answer, wherever a webhook brought them. */
  mask(text: string): string
  readonly mapStep: MapStep
  /** Goes on at once if the clock was set back; answers whether it was. */
  readonly clockStep: () => Promise<boolean>
  /** Takes over the circuits that other replicas and commands have decided; answers how many. */
  readonly circuitStep: () => Promise<number>
  /** Goes on with what a reload has begun. */
  readonly registryStep: () => Promise<void>
  /** What is left of another configuration. */
  readonly startStep: () => Promise<void>
  readonly watch: Watch
  readonly refusals: Refusals
  readonly storeWatch: StoreWatch
  readonly stream: SignalStream
  rhythms(): ReadonlyMap<string, SourceRhythm>
  /** Brings what runs to what the configuration says now. */
  readonly reload: Reload
  start(): void
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

async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  await setTimeout(ms, undefined, { signal })
}

/** A shorter secret may be the name of a source in an answer. */
const shortestMasked = 8

/** Opens the store, makes stages and units. Whatever fails, what was opened is closed again, in reverse. */
export async function openRelay({
  config,
  load = () => config,
  onConfig = () => {},
  observe,
  linesDropped = () => 0,
  now: wallClock = Date.now,
  monotonic = () => performance.now(),
  random = Math.random,
  wait = sleep,
}: RelayOptions): Promise<Relay> {
  await using stack = new AsyncDisposableStack()
  let current = config
  const bodyLimit = () => current.server.body_limit
  const clock = watchClock(wallClock, monotonic)
  const { now } = clock
  const owner = randomUUID()
  const crowd = createCrowd()
  const { isBusy } = crowd
  // Several of the largest bodies fit in any case.
  const limits = { webhooks: webhooksAtOnce, bytes: () => Math.max(bytesAtOnce, 8 * bodyLimit()) }
  const intake = createIntake(limits, crowd.see)
  const metrics = createMetrics(intake, linesDropped)
  const observed = observe(metrics)
  const secrets = createLiveMask(secretsOf(config))
  const stream = createSignalStream({ mask: secrets.mask, now })
  const emit = tellSeldom((signal) => {
    observed(signal)
    const at = now()
    const entry = stream.publish(signal, at)
    for (const [name, notifier] of registry.notifiers) {
      if (notifier.take(entry.type, () => stream.textOf(entry))) registry.wake('endpoint', [name])
    }
    watch.see(signal, at)
  }, now)
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
  const bells = { map: createBell(), prune: createBell() }
  const registry = createRegistry({
    ...{ store, owner, now, random, newId: randomUUID, wait, emit, bodyLimit, isBusy, onError },
    cut: cut.signal,
    onEvents: bells.map.ring,
  })
  const { sources, mapping, destinations, delivers, fetches, notifiers, wake } = registry
  stack.defer(registry.end)
  const watch = createWatch({ store, sources, rhythms: await store.readRhythms(), now, emit })
  const refusals = createRefusals({ store, now, emit })
  const storeWatch = createStoreWatch({ store, now, emit })
  await registry.apply(composed.desired)
  await store.recover({ owner, longestWaitMs: longestWaitOf(current) })

  const mapStep = createMap({
    ...{ store, sources: mapping, destinations, owner, bodyLimit, now, emit, intake, isBusy },
    onChanges: (names) => registry.wake('destination', names),
    onWaiting: (names) => registry.wake('source', names),
  })
  const pruneStep = createPrune({ store, owner, retention: () => current.retention, now })
  const lookAtClock = createClockStep({ store, clock, emit })
  async function clockStep(): Promise<boolean> {
    const isSetBack = await lookAtClock()
    if (!isSetBack) return false
    for (const stage of [...fetches.values(), ...notifiers.values()]) stage.clockSetBack()
    await Promise.all([...delivers.values()].map((deliver) => deliver.clockSetBack()))
    wake()
    return true
  }
  async function startStep(): Promise<void> {
    await registry.step()
    reportUnconfigured(await findUnconfigured(store, current), emit)
  }
  const receive = createReceive({ store, sources, bodyLimit, intake, now, emit, onEvent: bells.map.ring })
  const masked = createLiveMask(secretsOf(config), shortestMasked)
  const reload = createReload({
    ...{ store, registry, load, current: () => current, now, emit },
    onConfig(next, parts) {
      for (const mask of [secrets, masked]) mask.add(secretsOf(next))
      onConfig(next)
      current = next
      composed = parts
    },
  })

  const loops = createLoops({ isBusy, onError })
  function start(): void {
    registry.start()
    const steps = {
      ...{ map: mapStep, begin: startStep, prune: pruneStep, watch: watch.step, refusals: refusals.step },
      recover: () => store.recover({ longestWaitMs: longestWaitOf(current) }),
      async look() {
        await storeWatch.step()
        await clockStep()
        const adopted = await registry.adoptCircuits()
        await registry.step()
        return adopted
      },
    }
    runUpkeep(loops, steps, bells)
  }

  // The check commits to disk: however often it is asked for, once a second is enough.
  let checked: { readonly at: number; readonly result: Promise<void> } | null = null
  function checkStore(): Promise<void> {
    if (!checked || Math.abs(now() - checked.at) >= 1_000) checked = { at: now(), result: store.checkHealth() }
    return checked.result
  }

  const owned = stack.move()
  let closing: Promise<void> | null = null
  async function shut(graceMs: number): Promise<void> {
    stop.abort()
    const grace = AbortSignal.timeout(Math.ceil(graceMs))
    grace.addEventListener('abort', () => cut.abort(), { once: true })
    await Promise.all([loops.end(), registry.end()])
    // What was learned since the last time; without it, nothing is lost but that.
    await watch.step().catch((error: unknown) => onError('watch', error))
    await refusals.step().catch((error: unknown) => onError('refusals', error))
    await owned.disposeAsync()
  }

  return {
    get config() {
      return current
    },
    get mappers() {
      return composed.mappers
    },
    ...{ store, sources, mapping, destinations, delivers, fetches, notifiers, metrics, emit, now, intake, receive },
    ...{ mapStep, clockStep, startStep, watch, refusals, storeWatch, stream, reload, start },
    circuitStep: registry.adoptCircuits,
    registryStep: registry.step,
    mask: masked.mask,
    greet: createGreet({ sources, now, emit }),
    rhythms: () => new Map([...sources.keys()].map((name) => [name, watch.rhythmOf(name)])),
    wake: () => wake(),
    async checkReady() {
      if (stop.signal.aborted) throw new RelayError('unavailable', 'the relay is stopping', { retryAfterMs: 5_000 })
      await checkStore()
    },
    close(graceMs = 0) {
      closing ??= shut(graceMs)
      return closing
    },
  }
}

/** The longest wait that a debounce, a backoff or a fetch can ask for, and a margin for the work in between. */
function longestWaitOf({ destinations }: Config): number {
  const waits = Object.values(destinations).flatMap(({ delivery, retry }) => [
    delivery.max_wait,
    delivery.debounce,
    retry.cap,
  ])
  return Math.max(longestFetchWaitMs, ...waits) + 30_000
}
