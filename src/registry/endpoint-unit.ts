import { createBell, createLoops, restAfter } from '../runtime/loop.ts'
import { createNotifier, type Endpoint, type Notifier } from '../stages/notify/notify.ts'
import type { Unit, UnitDeps, UnitSettings } from './unit.ts'

/** What an endpoint is made of. */
export interface EndpointPlan {
  readonly settings: UnitSettings
  readonly endpoint: Endpoint
}

/** An operator's endpoint: the queue of its webhooks, and the loop that sends them. */
export interface EndpointUnit extends Unit {
  readonly kind: 'endpoint'
  readonly notifier: Notifier
  /** Goes on with the queue of the unit that it replaces. */
  takeOver(before: EndpointUnit | undefined): void
}

export function createEndpointUnit({ settings, endpoint }: EndpointPlan, deps: UnitDeps): EndpointUnit {
  const bell = createBell()
  const loops = createLoops(deps)
  const notifier = createNotifier({ ...deps, endpoint })
  return {
    kind: 'endpoint',
    name: endpoint.name,
    settings,
    notifier,
    start() {
      loops.run(`notify ${endpoint.name}`, bell, () =>
        restAfter(notifier.step(deps.cut), async () => notifier.nextAt(), deps.now),
      )
    },
    takeOver: (before) => notifier.takeOver(before?.notifier.handOver() ?? []),
    wake: bell.ring,
    async end() {
      await loops.end()
      await notifier.flush(deps.cut)
      await endpoint.client.close()
    },
  }
}
