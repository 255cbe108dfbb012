import type { Emit } from '../../domain/signal.ts'
import type { MoveTo, Store, Target } from '../../store/contract/store.ts'

export interface RetargetDeps {
  readonly store: Pick<Store, 'readTargets' | 'writeTarget' | 'abandonBatches' | 'resendItems'>
  readonly destinations: readonly { readonly to: MoveTo; readonly target: Target }[]
  readonly now: () => number
  readonly emit: Emit
  /** Called when there is something to do for mapping and delivery. */
  readonly onChanges: () => void
}

/**
 * A destination that has become another one since the last start (another website, host, API or kind of connector) has nothing of
 * what was acknowledged: what is known goes out anew.
 */
export interface Retarget {
  /** Before anything is sent: calls to what it was before are given up. */
  prepare(): Promise<void>
  /** Makes the items due, or has their events mapped again. Where it is cut off, the next start begins anew. */
  step(): Promise<void>
}

export function createRetarget({ store, destinations, now, emit, onChanges }: RetargetDeps): Retarget {
  let changes: readonly { readonly to: MoveTo; readonly target: Target; readonly changed: readonly string[] }[] = []

  return {
    async prepare() {
      const known = await store.readTargets()
      const found = []
      for (const { to, target } of destinations) {
        const before = known.get(to.destination)
        const changed = before ? differences(before, target) : []
        if (!before) await store.writeTarget(to.destination, target)
        if (changed.length === 0) continue
        await store.abandonBatches(to.destination, now())
        found.push({ to, target, changed })
      }
      changes = found
    },
    async step() {
      for (const { to, target, changed } of changes) {
        const { moved, mapped_again: mappedAgain, left } = await store.resendItems(to, now())
        await store.writeTarget(to.destination, target)
        const counts = { resent: moved, mappedAgain, dead: left }
        emit({ kind: 'destination.retargeted', destination: to.destination, changed, ...counts })
        onChanges()
      }
      changes = []
    },
  }
}

function differences(before: Target, after: Target): readonly string[] {
  return (Object.keys(after) as (keyof Target)[]).filter((name) => before[name] !== after[name])
}
