import type { Deliver } from '../stages/deliver/deliver.ts'
import { readCircuits } from '../stages/deliver/shared-circuit.ts'
import type { Destination } from '../stages/destination.ts'
import type { FetchStage } from '../stages/fetch/fetch.ts'
import type { Notifier } from '../stages/notify/notify.ts'
import type { Source } from '../stages/source.ts'
import { createRetarget } from '../stages/upkeep/retarget.ts'
import { createDestinationUnit, type DestinationPlan, type DestinationUnit } from './destination-unit.ts'
import { createEndpointUnit, type EndpointPlan, type EndpointUnit } from './endpoint-unit.ts'
import { type PlanEntry, planOf } from './plan.ts'
import { createSourceUnit, type SourcePlan, type SourceUnit } from './source-unit.ts'
import type { Unit, UnitDeps, UnitKind } from './unit.ts'

/** Everything that should run, by name. */
export interface Desired {
  readonly sources: ReadonlyMap<string, SourcePlan>
  readonly destinations: ReadonlyMap<string, DestinationPlan>
  readonly endpoints: ReadonlyMap<string, EndpointPlan>
}

/** A destination that has become another one: all that it has would be sent anew. */
export interface Impact {
  readonly destination: string
  readonly items: number
  /** What has changed of what it is at the ingest API. */
  readonly changed: readonly string[]
}

export interface ApplyOptions {
  /** Holds nothing, and lets go what is held. */
  readonly yes?: boolean
  /** Called in the moment in which everything changes. */
  readonly onExchange?: () => void
}

/** Which units run. It is told what should run, and makes it so. */
export interface Registry {
  /** Those that receive. */
  readonly sources: ReadonlyMap<string, Source>
  /** Those that map: the same, and removed ones until their last event is mapped. */
  readonly mapping: ReadonlyMap<string, Source>
  readonly destinations: ReadonlyMap<string, Destination>
  readonly delivers: ReadonlyMap<string, Deliver>
  /** Of the sources whose webhooks do not hold their records. */
  readonly fetches: ReadonlyMap<string, FetchStage>
  readonly notifiers: ReadonlyMap<string, Notifier>
  /** What `apply` would do. */
  plan(desired: Desired): readonly PlanEntry[]
  /** Which destinations `apply` would hold. */
  heldBy(desired: Desired, options?: Pick<ApplyOptions, 'yes'>): Promise<readonly Impact[]>
  /**
   * Starts, replaces and stops units. New ones are ready before anything changes; all changes in one moment; old ones end once
   * their work under way is done. Answers what is held. One call at a time.
   */
  apply(desired: Desired, options?: ApplyOptions): Promise<readonly Impact[]>
  start(): void
  /** Wakes all units, or those of a kind with these names. */
  wake(kind?: UnitKind, names?: Iterable<string>): void
  /** Takes over the circuits that other replicas and commands have decided; answers how many. */
  adoptCircuits(): Promise<number>
  /** Goes on with what lasts: drained sources, and held destinations that an operator has enabled. */
  step(): Promise<void>
  /** Ends all units. Resolves once their work under way is done. */
  end(): Promise<void>
}

export interface RegistryDeps extends Omit<UnitDeps, 'destinations' | 'onChanges'> {
  /** Called when there are events to map. */
  readonly onEvents: () => void
}

/** Up to so many items are sent anew without a question. */
export const itemsWithoutQuestion = 100
const releasedAtOnce = 1_000

export function createRegistry(deps: RegistryDeps): Registry {
  const { store, emit, onEvents } = deps
  const units = {
    source: new Map<string, SourceUnit>(),
    destination: new Map<string, DestinationUnit>(),
    endpoint: new Map<string, EndpointUnit>(),
  }
  // What runs, as stages see it. The maps stay, their entries change.
  const sources = new Map<string, Source>()
  const mapping = new Map<string, Source>()
  const destinations = new Map<string, Destination>()
  const delivers = new Map<string, Deliver>()
  const fetches = new Map<string, FetchStage>()
  const notifiers = new Map<string, Notifier>()
  const draining = new Map<string, Source>()
  const ending = new Set<Promise<void>>()
  let wanted: Desired = { sources: new Map(), destinations: new Map(), endpoints: new Map() }
  let held: readonly Impact[] = []
  let isStarted = false
  let isFirst = true
  let isUnsettled = false

  const unitDeps: UnitDeps = { ...deps, destinations, onChanges: (names) => wake('destination', names) }
  const retarget = createRetarget({ store, emit, onChanges: wake })

  function wake(kind?: UnitKind, names?: Iterable<string>): void {
    if (kind !== undefined) {
      for (const name of names ?? units[kind].keys()) units[kind].get(name)?.wake()
      return
    }
    onEvents()
    for (const unit of allUnits()) unit.wake()
  }

  function allUnits(): readonly Unit[] {
    return Object.values(units).flatMap((some) => [...some.values()])
  }

  function plan({ sources, destinations, endpoints }: Desired): readonly PlanEntry[] {
    return [
      ...planOf('destination', units.destination, destinations),
      ...planOf('source', units.source, sources),
      ...planOf('endpoint', units.endpoint, endpoints),
    ]
  }

  async function heldBy(desired: Desired, { yes = false }: ApplyOptions = {}): Promise<readonly Impact[]> {
    const changes = yes ? [] : await retarget.find([...desired.destinations.values()])
    if (changes.length === 0) return []
    const stats = new Map((await store.readStats()).destinations.map((row) => [row.destination, row]))
    const circuits = await readCircuits(store)
    const mayHold = (name: string) => !isFirst || circuits.get(name)?.circuit.held === true
    return changes
      .map(({ to: { destination }, changed }) => {
        const { pending = 0, delivered = 0, dead = 0 } = stats.get(destination) ?? {}
        return { destination, items: pending + delivered + dead, changed }
      })
      .filter(({ destination, items }) => items > itemsWithoutQuestion && mayHold(destination))
  }

  async function apply(desired: Desired, options: ApplyOptions = {}): Promise<readonly Impact[]> {
    const { onExchange = () => {} } = options
    const entries = plan(desired)
    const circuits = await readCircuits(store)
    const toHold = await heldBy(desired, options)

    // Ready before anything changes: what fails until here has changed nothing.
    const made = entries
      .filter(({ act }) => act === 'start' || act === 'replace')
      .map(({ unit, name }) => {
        if (unit === 'source') return createSourceUnit(desired.sources.get(name)!, unitDeps)
        if (unit === 'endpoint') return createEndpointUnit(desired.endpoints.get(name)!, unitDeps)
        return createDestinationUnit(desired.destinations.get(name)!, circuits.get(name), unitDeps)
      })
    for (const one of toHold) {
      const unit = made.find(({ kind, name }) => kind === 'destination' && name === one.destination)
      if (unit?.kind === 'destination') await unit.deliver.hold(heldText(one))
    }
    const isHeld = (name: string) => toHold.some(({ destination }) => destination === name)
    await retarget.prepare([...desired.destinations.values()].filter(({ to }) => !isHeld(to.destination)))

    const old = exchange(entries, made)
    wanted = desired
    isFirst = false
    held = toHold
    onExchange()
    if (isStarted) for (const unit of made) unit.start()
    for (const unit of old) endBeside(unit)
    isUnsettled = true
    await settle().catch((error: unknown) => deps.onError('reload', error)) // then `step` tries again
    wake()
    return held
  }

  /** What follows from an exchange in the store. */
  async function settle(): Promise<void> {
    if (!isUnsettled) return
    await adoptCircuits(0) // what the old ones have decided meanwhile
    for (const [name, deliver] of delivers) {
      if (!held.some(({ destination }) => destination === name)) await deliver.release()
    }
    await releaseWaiting()
    isUnsettled = false
  }

  let seenRevision = 0

  async function adoptCircuits(since = seenRevision): Promise<number> {
    let adopted = 0
    for (const stored of await store.circuitsSince(since)) {
      seenRevision = Math.max(seenRevision, stored.revision)
      if (!delivers.get(stored.destination)?.adopt(stored)) continue
      wake('destination', [stored.destination])
      adopted += 1
    }
    return adopted
  }

  /** In one moment: a stage sees all of the change or nothing. Answers the units that have gone. */
  function exchange(
    entries: readonly PlanEntry[],
    made: readonly (SourceUnit | DestinationUnit | EndpointUnit)[],
  ): readonly Unit[] {
    const old: Unit[] = []
    for (const { unit: kind, name, act } of entries) {
      const unit = kind === 'setting' || act === 'keep' ? undefined : units[kind].get(name)
      if (unit) old.push(unit)
      if (unit && act === 'stop') units[unit.kind].delete(name)
      if (unit?.kind === 'source' && act === 'stop') draining.set(name, unit.source)
    }
    for (const unit of made) {
      if (unit.kind === 'source') units.source.set(unit.name, unit)
      else if (unit.kind === 'destination') units.destination.set(unit.name, unit)
      else {
        unit.takeOver(units.endpoint.get(unit.name))
        units.endpoint.set(unit.name, unit)
      }
    }
    for (const name of units.source.keys()) draining.delete(name)
    fill(sources, units.source, ({ source }) => source)
    fill(fetches, units.source, ({ fetch }) => fetch)
    fill(destinations, units.destination, ({ destination }) => destination)
    fill(delivers, units.destination, ({ deliver }) => deliver)
    fill(notifiers, units.endpoint, ({ notifier }) => notifier)
    fillMapping()
    return old
  }

  function fillMapping(): void {
    fill(mapping, new Map([...draining, ...sources]), (source) => source)
  }

  /** Ends a unit while the others go on. */
  function endBeside(unit: Unit): void {
    const end: Promise<void> = unit
      .end()
      .catch((error: unknown) => deps.onError(`end of ${unit.name}`, error))
      .finally(() => ending.delete(end))
    ending.add(end)
  }

  /** What waits for an API that nobody asks any more goes through mapping once more. */
  async function releaseWaiting(): Promise<void> {
    const names = [...fetches.keys(), ...draining.keys()]
    while ((await store.releaseWaiting(names, releasedAtOnce)) > 0);
  }

  /** A removed source maps with its last definition until none of its events is pending. What waits after that fails. */
  async function drain(): Promise<void> {
    if (draining.size === 0) return
    const left = new Map((await store.listOtherSources([...sources.keys()])).map((row) => [row.source, row]))
    const done = [...draining.keys()].filter((name) => (left.get(name)?.pending ?? 0) === 0)
    if (done.length === 0) return
    for (const name of done) draining.delete(name)
    fillMapping()
    await releaseWaiting()
    onEvents()
  }

  async function sendAnew(): Promise<void> {
    const free = held.filter(({ destination }) => delivers.get(destination)?.circuit().state !== 'disabled')
    if (free.length > 0) {
      held = held.filter((one) => !free.includes(one))
      await retarget.prepare(free.flatMap(({ destination }) => wanted.destinations.get(destination) ?? []))
    }
    await retarget.step()
  }

  let ended: Promise<void> | null = null

  async function endAll(): Promise<void> {
    for (const unit of allUnits()) endBeside(unit)
    await Promise.all(ending)
  }

  return {
    sources,
    mapping,
    destinations,
    delivers,
    fetches,
    notifiers,
    plan,
    heldBy,
    apply,
    start() {
      isStarted = true
      for (const unit of allUnits()) unit.start()
    },
    wake,
    adoptCircuits: () => adoptCircuits(),
    async step() {
      await settle()
      await drain()
      await sendAnew()
    },
    end() {
      ended ??= endAll()
      return ended
    },
  }
}

/** Makes the entries of a map those of another; what gives null is left out. */
function fill<U, T>(map: Map<string, T>, from: ReadonlyMap<string, U>, partOf: (unit: U) => T | null): void {
  for (const name of map.keys()) if (!from.has(name)) map.delete(name)
  for (const [name, unit] of from) {
    const part = partOf(unit)
    if (part === null) map.delete(name)
    else map.set(name, part)
  }
}

/** Why a destination is held, and what ends that. */
export function heldText({ destination, items, changed }: Impact): string {
  return (
    `held: ${changed.join(', ')} changed, so all its ${items} items would be sent anew; ` +
    `\`npx cms-relay enable ${destination}\` or \`npx cms-relay reload --yes\` lets them go`
  )
}
