import { createBell, createLoops, restAfter } from '../runtime/loop.ts'
import { createDeliver, type Deliver } from '../stages/deliver/deliver.ts'
import type { Destination } from '../stages/destination.ts'
import type { MoveTo, StoredCircuit, Target } from '../store/contract/store.ts'
import type { Unit, UnitDeps, UnitSettings } from './unit.ts'

/** What a destination is made of. */
export interface DestinationPlan {
  readonly settings: UnitSettings
  /** What it is at the ingest API, and where its items may be. */
  readonly target: Target
  readonly to: MoveTo
  /** Opens its client. */
  make(): Destination
}

/** A destination: its client, circuit and limits, and as many loops as it may have calls under way. */
export interface DestinationUnit extends Unit {
  readonly kind: 'destination'
  readonly destination: Destination
  readonly deliver: Deliver
}

export function createDestinationUnit(
  { settings, make }: DestinationPlan,
  circuit: StoredCircuit | undefined,
  deps: UnitDeps,
): DestinationUnit {
  const destination = make()
  const { name, concurrency } = destination
  const { cut, now } = deps
  const bell = createBell()
  const loops = createLoops(deps)
  const deliver = createDeliver({ ...deps, destination, circuit })

  /** Authentication failures may have disabled it for other credentials than these. */
  async function reconsider(): Promise<void> {
    try {
      await deliver.reconsider(cut)
      bell.ring()
    } catch (error) {
      deps.onError(`deliver ${name}`, error)
    }
  }

  let reconsidering: Promise<void> | null = null
  return {
    kind: 'destination',
    name,
    settings,
    destination,
    deliver,
    start() {
      reconsidering = reconsider()
      for (let loop = 0; loop < concurrency; loop += 1) {
        loops.run(`deliver ${name}`, bell, () => restAfter(deliver.step(cut), deliver.nextAt, now))
      }
    },
    wake: bell.ring,
    async end() {
      await Promise.all([loops.end(), reconsidering])
      await destination.client.close()
    },
  }
}
