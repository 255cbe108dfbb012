import type { Config } from '../config/schema.ts'
import type { Emit } from '../domain/signal.ts'
import { type Bell, createBell, createLoops, idleMs } from '../runtime/loop.ts'
import { longestFetchWaitMs } from '../stages/fetch/fetch.ts'
import { createMap, type MapStep } from '../stages/map/map.ts'
import type { Intake, WatchedClock } from '../stages/ports.ts'
import { createRefusals, type Refusals } from '../stages/receive/refusals.ts'
import { createClockStep } from '../stages/upkeep/clock.ts'
import { createPrune } from '../stages/upkeep/prune.ts'
import { findUnconfigured, reportUnconfigured } from '../stages/upkeep/unconfigured.ts'
import { createWatch, type SourceRhythm, type Watch } from '../stages/upkeep/watch.ts'
import { createStoreWatch, type StoreWatch } from '../stages/upkeep/watch-store.ts'
import type { Store } from '../store/contract/store.ts'
import type { Registry } from './registry.ts'

export interface SupervisorDeps {
  readonly store: Store
  readonly registry: Registry
  readonly config: () => Config
  readonly owner: string
  readonly clock: WatchedClock
  readonly intake: Pick<Intake, 'arrivals'>
  readonly isBusy: () => boolean
  readonly emit: Emit
  readonly onError: (loop: string, error: unknown) => void
  /** Rings when there is something to map. */
  readonly mapBell: Bell
}

/** The work that belongs to no unit. Steps can be called by hand; `start` runs them in loops. */
export interface Supervisor {
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
  rhythms(): ReadonlyMap<string, SourceRhythm>
  start(): void
  /** Resolves once its loops have ended and what was learned is written. */
  end(): Promise<void>
}

const pruneEveryMs = 60_000
const watchEveryMs = 15_000

export async function createSupervisor(deps: SupervisorDeps): Promise<Supervisor> {
  const { store, registry, config, owner, clock, intake, isBusy, emit, onError, mapBell } = deps
  const { now } = clock
  const { sources, destinations, delivers, fetches, notifiers } = registry
  const bodyLimit = () => config().server.body_limit
  const watch = createWatch({ store, sources, rhythms: await store.readRhythms(), now, emit })
  const refusals = createRefusals({ store, now, emit })
  const storeWatch = createStoreWatch({ store, now, emit })
  const pruneStep = createPrune({ store, owner, retention: () => config().retention, now })
  const lookAtClock = createClockStep({ store, clock, emit })
  const mapStep = createMap({
    ...{ store, sources: registry.mapping, destinations, owner, bodyLimit, now, emit, intake, isBusy },
    onChanges: (names) => registry.wake('destination', names),
    onWaiting: (names) => registry.wake('source', names),
  })

  async function clockStep(): Promise<boolean> {
    const isSetBack = await lookAtClock()
    if (!isSetBack) return false
    for (const stage of [...fetches.values(), ...notifiers.values()]) stage.clockSetBack()
    await Promise.all([...delivers.values()].map((deliver) => deliver.clockSetBack()))
    registry.wake()
    return true
  }

  async function startStep(): Promise<void> {
    await registry.step()
    reportUnconfigured(await findUnconfigured(store, config()), emit)
  }

  async function prune(): Promise<number> {
    await store.recover({ longestWaitMs: longestWaitOf(config()) })
    return (await pruneStep()) > 0 ? 0 : pruneEveryMs
  }

  /** What comes from without: files that are gone, a clock that was set back, circuits that others have decided. */
  async function look(): Promise<number> {
    await storeWatch.step()
    await clockStep()
    const adopted = await registry.adoptCircuits()
    await registry.step()
    return adopted > 0 ? 0 : idleMs
  }

  const loops = createLoops({ isBusy, onError })
  let ended: Promise<void> | null = null
  let endListening = () => {}

  async function end(): Promise<void> {
    endListening()
    await loops.end()
    // What was learned since the last time; without it, nothing is lost but that.
    await watch.step().catch((error: unknown) => onError('watch', error))
    await refusals.step().catch((error: unknown) => onError('refusals', error))
  }

  return {
    mapStep,
    clockStep,
    circuitStep: registry.adoptCircuits,
    registryStep: registry.step,
    startStep,
    watch,
    refusals,
    storeWatch,
    rhythms: () => new Map([...sources.keys()].map((name) => [name, watch.rhythmOf(name)])),
    start() {
      endListening = store.onWork(() => registry.wake())
      loops.run('map', mapBell, async () => ((await mapStep()) > 0 ? 0 : idleMs))
      loops.run('start', createBell(), () => startStep().then(() => Number.POSITIVE_INFINITY), Number.POSITIVE_INFINITY)
      loops.run('prune', createBell(), prune, pruneEveryMs)
      loops.run('look', createBell(), look)
      loops.run('watch', createBell(), () => watch.step().then(() => watchEveryMs), watchEveryMs)
      loops.run('refusals', createBell(), () => refusals.step().then(() => idleMs))
    },
    end() {
      ended ??= end()
      return ended
    },
  }
}

/** The longest wait that a debounce, a backoff or a fetch can ask for, and a margin for the work in between. Milliseconds. */
export function longestWaitOf({ destinations }: Config): number {
  const waits = Object.values(destinations).flatMap(({ delivery: { max_wait, debounce }, retry: { cap } }) => {
    return [max_wait, debounce, cap]
  })
  return Math.max(longestFetchWaitMs, ...waits) + 30_000
}
