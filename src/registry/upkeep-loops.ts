import type { Bell, Loops } from '../runtime/loop.ts'
import { createBell, idleMs } from '../runtime/loop.ts'

const pruneEveryMs = 60_000
const watchEveryMs = 15_000

/** The steps of the relay that belong to no unit. Those that count answer how much they did. */
export interface UpkeepSteps {
  readonly map: () => Promise<number>
  /** Once, after the start. */
  readonly begin: () => Promise<void>
  /** Takes back what owners left behind. */
  readonly recover: () => Promise<void>
  readonly prune: () => Promise<number>
  /** What comes from without: files that are gone, a clock that was set back, circuits that others have decided. */
  readonly look: () => Promise<number>
  readonly watch: () => Promise<void>
  readonly refusals: () => Promise<void>
}

/** Runs each step in a loop of its own. */
export function runUpkeep(loops: Loops, steps: UpkeepSteps, bells: { readonly map: Bell; readonly prune: Bell }): void {
  loops.run('map', bells.map, async () => ((await steps.map()) > 0 ? 0 : idleMs))
  loops.run('start', createBell(), () => steps.begin().then(() => Number.POSITIVE_INFINITY), Number.POSITIVE_INFINITY)
  loops.run(
    'prune',
    bells.prune,
    async () => {
      await steps.recover()
      return (await steps.prune()) > 0 ? 0 : pruneEveryMs
    },
    pruneEveryMs,
  )
  loops.run('look', createBell(), async () => ((await steps.look()) > 0 ? 0 : idleMs))
  loops.run('watch', createBell(), () => steps.watch().then(() => watchEveryMs), watchEveryMs)
  loops.run('refusals', createBell(), () => steps.refusals().then(() => idleMs))
}
