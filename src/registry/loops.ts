import type { Emit } from '../domain/signal.ts'
import { type Bell, createBell, runLoop } from '../runtime/loop.ts'
import type { Deliver } from '../stages/deliver/deliver.ts'
import type { Destination } from '../stages/destination.ts'
import type { FetchStage } from '../stages/fetch/fetch.ts'
import type { MapStep } from '../stages/map/map.ts'
import type { Notifier } from '../stages/notify/notify.ts'
import type { Refusals } from '../stages/receive/refusals.ts'
import type { Watch } from '../stages/upkeep/watch.ts'
import type { StoreWatch } from '../stages/upkeep/watch-store.ts'
import type { Store } from '../store/contract/store.ts'

const pruneEveryMs = 60_000
const watchEveryMs = 15_000
/** How soon what another process has written (a replay from the command line) is found. */
const idleMs = 2_000

/** What wakes the loops: those of destinations, sources and the operator's endpoints by name. */
export interface Bells {
  readonly map: Bell
  readonly prune: Bell
  readonly deliver: ReadonlyMap<string, Bell>
  readonly fetch: ReadonlyMap<string, Bell>
  readonly notify: ReadonlyMap<string, Bell>
}

export interface LoopsOptions {
  readonly bells: Bells
  readonly store: Pick<Store, 'recover'>
  readonly destinations: ReadonlyMap<string, Destination>
  readonly delivers: ReadonlyMap<string, Deliver>
  readonly fetches: ReadonlyMap<string, FetchStage>
  readonly notifiers: readonly Notifier[]
  readonly watch: Watch
  readonly refusals: Refusals
  readonly storeWatch: StoreWatch
  readonly mapStep: MapStep
  readonly pruneStep: () => Promise<number>
  readonly clockStep: () => Promise<boolean>
  readonly circuitStep: () => Promise<number>
  readonly startStep: () => Promise<void>
  /** Nothing waits longer than this for its time, unless the clock has stepped back since. Milliseconds. */
  readonly longestWaitMs: number
  readonly now: () => number
  readonly emit: Emit
  /** Whether webhooks crowd in: then the loops hold back. */
  readonly isBusy: () => boolean
  /** Ends the loops once their calls under way are done. */
  readonly stop: AbortSignal
  /** Cuts those calls off. */
  readonly cut: AbortSignal
}

/** Runs every stage in a loop of its own until `stop`. Resolves when all have ended. */
export function runLoops(options: LoopsOptions): Promise<unknown> {
  const { bells, store, destinations, delivers, fetches, notifiers, watch, refusals, storeWatch } = options
  const { now, emit, isBusy, stop, cut } = options
  const { mapStep, pruneStep, clockStep, circuitStep, startStep, longestWaitMs } = options

  function loop(name: string, bell: Bell, step: () => Promise<number>, longestRestMs = idleMs): Promise<void> {
    const onError = (error: unknown) => emit({ kind: 'step.failed', loop: name, error })
    return runLoop(step, { bell, signal: stop, idleMs: longestRestMs, isBusy, onError })
  }

  /** Again at once while there was something to do, then until the next thing is due. */
  async function rest(didSomething: Promise<boolean>, nextAt: () => Promise<number | null> | number | null) {
    return (await didSomething) ? 0 : restOf(await nextAt(), now())
  }

  function delivering({ name, concurrency }: Destination): readonly Promise<void>[] {
    const deliver = delivers.get(name)!
    const step = () => rest(deliver.step(cut), deliver.nextAt)
    return Array.from({ length: concurrency }, () => loop(`deliver ${name}`, bells.deliver.get(name)!, step))
  }

  /** A destination that authentication failures have disabled may have new credentials since. */
  async function reconsidering([name, deliver]: readonly [string, Deliver]): Promise<void> {
    try {
      await deliver.reconsider(cut)
      bells.deliver.get(name)?.ring()
    } catch (error) {
      emit({ kind: 'step.failed', loop: `deliver ${name}`, error })
    }
  }

  function asking([name, { workers, step, nextAt }]: readonly [string, FetchStage]): readonly Promise<void>[] {
    const bell = bells.fetch.get(name)!
    return workers.map((worker) => loop(`fetch ${name}`, bell, () => rest(step(worker, cut), nextAt)))
  }

  function notifying({ name, step, nextAt }: Notifier): Promise<void> {
    return loop(`notify ${name}`, bells.notify.get(name)!, () => rest(step(cut), nextAt))
  }

  async function prune(): Promise<number> {
    // What an owner left behind whose lease is over; with one process that is what it could not give back itself.
    await store.recover({ at: now(), all: false, latest: now() + longestWaitMs })
    return (await pruneStep()) > 0 ? 0 : pruneEveryMs
  }

  /** What comes from without: files that are gone, a clock that was set back, circuits that others have decided. */
  async function look(): Promise<number> {
    await storeWatch.step()
    await clockStep()
    return (await circuitStep()) > 0 ? 0 : idleMs
  }

  return Promise.all([
    loop('map', bells.map, async () => ((await mapStep()) > 0 ? 0 : idleMs)),
    loop('start', createBell(), once(startStep), Number.POSITIVE_INFINITY),
    loop('prune', bells.prune, prune, pruneEveryMs),
    loop('look', createBell(), look),
    loop('watch', createBell(), () => watch.step().then(() => watchEveryMs), watchEveryMs),
    loop('refusals', createBell(), () => refusals.step().then(() => idleMs)),
    ...[...delivers].map(reconsidering),
    ...[...destinations.values()].flatMap(delivering),
    ...[...fetches].flatMap(asking),
    ...notifiers.map(notifying),
  ])
}

/** A step that is done when it has succeeded. */
function once(step: () => Promise<void>): () => Promise<number> {
  return async () => {
    await step()
    return Number.POSITIVE_INFINITY
  }
}

/** How long a loop may rest; at least a little where what is due can't be had, so that it never spins. */
function restOf(nextAt: number | null, at: number): number {
  return nextAt === null ? Number.POSITIVE_INFINITY : Math.max(nextAt - at, 25)
}
