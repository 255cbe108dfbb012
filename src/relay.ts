import { randomUUID } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import type { Config } from './config/schema.ts'
import { secretsOf } from './config/secrets.ts'
import { RelayError } from './domain/errors.ts'
import type { Emit } from './domain/signal.ts'
import type { MapperLibrary } from './mapping/library/load.ts'
import { createMask } from './observe/log.ts'
import { createMetrics, type Metrics } from './observe/metrics.ts'
import { tellSeldom } from './observe/seldom.ts'
import { createSignalStream, type SignalStream } from './observe/stream.ts'
import { runLoops } from './registry/loops.ts'
import { createCrowd } from './runtime/crowd.ts'
import { createIntake, type IntakeLimits } from './runtime/intake.ts'
import { type Bell, createBell } from './runtime/loop.ts'
import { watchClock } from './runtime/watched-clock.ts'
import { createDeliver, type Deliver } from './stages/deliver/deliver.ts'
import { readCircuits } from './stages/deliver/shared-circuit.ts'
import type { Destination } from './stages/destination.ts'
import { createFetch, type FetchStage, longestFetchWaitMs } from './stages/fetch/fetch.ts'
import { createMap, type MapStep } from './stages/map/map.ts'
import { createNotifier, type Notifier } from './stages/notify/notify.ts'
import type { Intake } from './stages/ports.ts'
import { createGreet, type Greet } from './stages/receive/greet.ts'
import { createReceive, type Receive } from './stages/receive/receive.ts'
import { createRefusals, type Refusals } from './stages/receive/refusals.ts'
import type { Source } from './stages/source.ts'
import { createClockStep } from './stages/upkeep/clock.ts'
import { createPrune } from './stages/upkeep/prune.ts'
import { createRetarget } from './stages/upkeep/retarget.ts'
import { findUnconfigured, moveTarget, reportUnconfigured } from './stages/upkeep/unconfigured.ts'
import { createWatch, type SourceRhythm, type Watch } from './stages/upkeep/watch.ts'
import { createStoreWatch, type StoreWatch } from './stages/upkeep/watch-store.ts'
import type { Store } from './store/contract/store.ts'
import { openStore } from './store/open.ts'
import { composeEndpoints } from './wiring/endpoints.ts'
import { composeDestination, composeSources } from './wiring/sources.ts'

export interface RelayOptions {
  readonly config: Config
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

/** The relay without its HTTP side. Steps can be called by hand; `start` runs them in loops. */
export interface Relay {
  readonly config: Config
  readonly store: Store
  readonly mappers: MapperLibrary
  readonly sources: ReadonlyMap<string, Source>
  readonly destinations: ReadonlyMap<string, Destination>
  readonly delivers: ReadonlyMap<string, Deliver>
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
  /** By source, of those whose webhooks do not hold their records. */
  readonly fetches: ReadonlyMap<string, FetchStage>
  /** Goes on at once where the clock was set back; answers whether it was. */
  readonly clockStep: () => Promise<boolean>
  /** Takes over the circuits that other replicas and commands have decided; answers how many. */
  readonly circuitStep: () => Promise<number>
  /** What is left of another configuration: once, after the start. */
  readonly startStep: () => Promise<void>
  readonly watch: Watch
  readonly refusals: Refusals
  readonly storeWatch: StoreWatch
  readonly stream: SignalStream
  /** Webhooks to the operator. */
  readonly notifiers: readonly Notifier[]
  rhythms(): ReadonlyMap<string, SourceRhythm>
  start(): void
  /** Wakes every loop: after a change that did not come through a stage. */
  wake(): void
  /** Throws RelayError `unavailable` while the relay can't do its work. */
  checkReady(): Promise<void>
  /** From now on not ready; then loops end, calls under way get `graceMs`, connections and the store close. */
  close(graceMs?: number): Promise<void>
}

/** So many that their commits take a second or two; of bodies, what a small container has to spare. */
const webhooksAtOnce = 1_000
const bytesAtOnce = 64 * 1024 * 1024
const releasedAtOnce = 1_000

async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  await setTimeout(ms, undefined, { signal })
}

/** A shorter secret may be the name of a source in an answer. */
const shortestMasked = 8

/** Opens the store, makes the stages. Whatever fails, what was opened is closed again, in reverse. */
export async function openRelay({
  config,
  observe,
  linesDropped = () => 0,
  now: wallClock = Date.now,
  monotonic = () => performance.now(),
  random = Math.random,
  wait = sleep,
}: RelayOptions): Promise<Relay> {
  await using stack = new AsyncDisposableStack()
  const clock = watchClock(wallClock, monotonic)
  const { now } = clock
  const owner = randomUUID()
  const crowd = createCrowd()
  const intake = createIntake(intakeLimits(config.server.body_limit), crowd.see)
  const metrics = createMetrics(intake, linesDropped)
  const told = observe(metrics)
  const mask = createMask(secretsOf(config))
  const stream = createSignalStream({ mask, now })
  const notifiers: Notifier[] = []
  const notifyBells = new Map<string, Bell>()
  const tell: Emit = (signal) => {
    told(signal)
    const at = now()
    const entry = stream.publish(signal, at)
    for (const notifier of notifiers) {
      if (notifier.take(entry.type, () => stream.textOf(entry))) notifyBells.get(notifier.name)?.ring()
    }
    watch.see(signal, at)
  }
  const emit = tellSeldom(tell, now)
  // The store opens in a thread of its own while mappers are compiled in this one.
  const opening = openStore(config.store, { lock: true })
  const opened = opening.catch(() => null) // whoever fails first is reported
  stack.defer(async () => (await opened)?.close())
  const { mappers, sources } = await composeSources(config, now)
  const store = await opening
  clock.heard((await store.newestTime()) ?? now())
  const fetching = [...sources.values()].filter(({ fetch }) => fetch !== null)
  while ((await store.releaseWaiting(fetching.map(({ name }) => name), releasedAtOnce)) > 0); // biome-ignore format: one idea
  for (const { fetch } of fetching) stack.defer(() => fetch?.client.close())

  for (const endpoint of composeEndpoints(config, now)) {
    stack.defer(() => endpoint.client.close())
    notifyBells.set(endpoint.name, createBell())
    notifiers.push(createNotifier({ endpoint, now, random, newId: randomUUID, emit }))
  }
  const watch = createWatch({ store, sources, rhythms: await store.readRhythms(), now, emit })

  const refusals = createRefusals({ store, now, emit })

  const storeWatch = createStoreWatch({ store, now, emit })
  const destinations = new Map<string, Destination>()
  const delivers = new Map<string, Deliver>()
  const circuits = await readCircuits(store)
  for (const [name, settings] of Object.entries(config.destinations)) {
    const destination = composeDestination(name, settings, now)
    stack.defer(() => destination.client.close())
    destinations.set(name, destination)
    delivers.set(
      name,
      createDeliver({
        store,
        destination,
        circuit: circuits.get(name),
        owner,
        now,
        random,
        newId: randomUUID,
        wait,
        emit,
      }),
    )
  }

  const longestWaitMs = longestWaitOf([...destinations.values()], fetching.length > 0)
  await store.recover({ at: now(), all: true, latest: now() + longestWaitMs })
  const retarget = createRetarget({
    store,
    destinations: Object.entries(config.destinations).map(([name, settings]) => {
      const { website_id, site_domain, base_url, connector_type } = settings
      const target = { website_id, site_domain, base_url, connector_type }
      return { to: moveTarget(name, settings, config.sources), target }
    }),
    now,
    emit,
    onChanges: () => wake(),
  })
  await retarget.prepare()
  async function startStep(): Promise<void> {
    await retarget.step()
    reportUnconfigured(await findUnconfigured(store, config), emit)
  }

  const bodyLimit = config.server.body_limit
  const bells = {
    map: createBell(),
    prune: createBell(),
    deliver: bellsFor([...destinations.keys()]),
    fetch: bellsFor(fetching.map(({ name }) => name)),
    notify: notifyBells,
  }
  const onChanges = (names: ReadonlySet<string>) => {
    for (const name of names) bells.deliver.get(name)?.ring()
  }
  const mapStep = createMap({
    store,
    sources,
    destinations,
    owner,
    bodyLimit,
    now,
    emit,
    intake,
    isBusy: crowd.isBusy,
    onChanges,
    onWaiting: (names) => {
      for (const name of names) bells.fetch.get(name)?.ring()
    },
  })
  const fetches = new Map<string, FetchStage>(
    fetching.map((source) => [
      source.name,
      createFetch({ store, source, destinations, owner, bodyLimit, now, random, emit, onChanges }),
    ]),
  )
  const pruneStep = createPrune({ store, retention: config.retention, now })

  const lookAtClock = createClockStep({ store, clock, emit })
  async function clockStep(): Promise<boolean> {
    const isSetBack = await lookAtClock()
    if (!isSetBack) return false
    for (const stage of [...fetches.values(), ...notifiers]) stage.clockSetBack()
    await Promise.all([...delivers.values()].map((deliver) => deliver.clockSetBack()))
    wake()
    return true
  }

  let circuitsRevision = Math.max(0, ...[...circuits.values()].map(({ revision }) => revision))
  async function circuitStep(): Promise<number> {
    let adopted = 0
    for (const stored of await store.circuitsSince(circuitsRevision)) {
      circuitsRevision = stored.revision
      if (!delivers.get(stored.destination)?.adopt(stored)) continue
      bells.deliver.get(stored.destination)?.ring()
      adopted += 1
    }
    return adopted
  }

  const receive = createReceive({ store, sources, bodyLimit, intake, now, emit, onEvent: bells.map.ring })

  // Two signals: the first lets calls under way finish, the second cuts them off.
  const stop = new AbortController()
  const cut = new AbortController()
  let running: Promise<unknown> | null = null

  function start(): void {
    running = runLoops({
      bells,
      store,
      destinations,
      delivers,
      fetches,
      notifiers,
      watch,
      refusals,
      storeWatch,
      mapStep,
      pruneStep,
      clockStep,
      circuitStep,
      startStep,
      longestWaitMs,
      now,
      emit,
      isBusy: crowd.isBusy,
      stop: stop.signal,
      cut: cut.signal,
    })
  }

  function wake(): void {
    for (const bell of [bells.map, ...bells.fetch.values(), ...bells.deliver.values()]) bell.ring()
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
    wake()
    bells.prune.ring()
    const grace = AbortSignal.timeout(Math.ceil(graceMs))
    grace.addEventListener('abort', () => cut.abort(), { once: true })
    await running
    // What was learned since the last time; without it, nothing is lost but that.
    await watch.step().catch((error: unknown) => emit({ kind: 'step.failed', loop: 'watch', error }))
    await refusals.step().catch((error: unknown) => emit({ kind: 'step.failed', loop: 'refusals', error }))
    await Promise.all(notifiers.map((notifier) => notifier.flush(cut.signal)))
    await owned.disposeAsync()
  }

  return {
    config,
    store,
    mappers,
    sources,
    destinations,
    delivers,
    metrics,
    emit,
    now,
    intake,
    receive,
    mask: createMask(secretsOf(config).filter(({ length }) => length >= shortestMasked)),
    greet: createGreet({ sources, now, emit }),
    mapStep,
    fetches,
    clockStep,
    circuitStep,
    startStep,
    watch,
    refusals,
    storeWatch,
    stream,
    notifiers,
    rhythms: () => new Map([...sources.keys()].map((name) => [name, watch.rhythmOf(name)])),
    start,
    wake,
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

function bellsFor(names: readonly string[]): ReadonlyMap<string, Bell> {
  return new Map(names.map((name) => [name, createBell()]))
}

/** The longest wait that a debounce or a backoff can ask for, and a margin for the work in between. */
function longestWaitOf(destinations: readonly Destination[], isFetching: boolean): number {
  const waits = destinations.flatMap(({ debounce, backoff }) => [
    debounce.maxWaitMs,
    debounce.debounceMs,
    backoff.capMs,
  ])
  return Math.max(isFetching ? longestFetchWaitMs : 0, ...waits) + 30_000
}

/** Several of the largest bodies fit in any case. */
function intakeLimits(bodyLimit: number): IntakeLimits {
  return { webhooks: webhooksAtOnce, bytes: Math.max(bytesAtOnce, 8 * bodyLimit) }
}
