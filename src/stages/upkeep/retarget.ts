import type { Emit } from '../../domain/signal.ts'
import type { Operating } from '../../store/contract/operating.ts'
import type { MoveTo, Target } from '../../store/contract/store.ts'

/** A destination, as the ingest API knows it. */
export interface Retargetable {
  readonly to: MoveTo
  readonly target: Target
}

/** One that is another one than it was. */
export interface Retargeted extends Retargetable {
  /** The settings that have changed. */
  readonly changed: readonly string[]
}

export interface RetargetDeps {
  readonly store: Pick<Operating, 'readTargets' | 'writeTarget' | 'abandonBatches' | 'resendItems'>
  readonly emit: Emit
  /** Called when there is something to do for mapping and delivery. */
  readonly onChanges: () => void
}

/**
 * A destination that has become another one (another website, host, API or kind of connector) has nothing of what was
 * acknowledged: what is known goes out anew.
 */
export interface Retarget {
  /** Those that have become others. Changes nothing. */
  find(destinations: readonly Retargetable[]): Promise<readonly Retargeted[]>
  /** Before anything is sent: calls to what they were before are given up. */
  prepare(destinations: readonly Retargetable[]): Promise<void>
  /** Makes the items due, or has their events mapped again. If it is cut off, the next start begins anew. */
  step(): Promise<void>
}

export function createRetarget({ store, emit, onChanges }: RetargetDeps): Retarget {
  const prepared = new Map<string, Retargeted>()
  let underWay: Promise<void> | null = null

  function changedIn(destinations: readonly Retargetable[], known: ReadonlyMap<string, Target>): readonly Retargeted[] {
    return destinations.flatMap(({ to, target }) => {
      const before = known.get(to.destination)
      const changed = before ? differences(before, target) : []
      return changed.length > 0 ? [{ to, target, changed }] : []
    })
  }

  async function sendAnew(): Promise<void> {
    for (const [name, one] of prepared) {
      const { moved, mapped_again: mappedAgain, left } = await store.resendItems(one.to)
      await store.writeTarget(name, one.target)
      if (prepared.get(name) === one) prepared.delete(name)
      const counts = { resent: moved, mappedAgain, dead: left }
      emit({ kind: 'destination.retargeted', destination: name, changed: one.changed, ...counts })
      onChanges()
    }
  }

  return {
    find: async (destinations) => changedIn(destinations, await store.readTargets()),
    async prepare(destinations) {
      const known = await store.readTargets()
      for (const { to, target } of destinations) {
        if (!known.has(to.destination)) await store.writeTarget(to.destination, target)
      }
      for (const one of changedIn(destinations, known)) {
        await store.abandonBatches(one.to.destination)
        prepared.set(one.to.destination, one)
      }
    },
    // The start and the loop may ask at once: nothing is sent anew twice for one change.
    step: () => {
      underWay ??= sendAnew().finally(() => {
        underWay = null
      })
      return underWay
    },
  }
}

function differences(before: Target, after: Target): readonly string[] {
  return (Object.keys(after) as (keyof Target)[]).filter((name) => before[name] !== after[name])
}
