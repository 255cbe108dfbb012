import { createBell, createLoops, restAfter } from '../runtime/loop.ts'
import { createFetch, type FetchStage } from '../stages/fetch/fetch.ts'
import type { Source } from '../stages/source.ts'
import type { Unit, UnitDeps, UnitSettings } from './unit.ts'

/** What a source is made of. */
export interface SourcePlan {
  readonly settings: UnitSettings
  readonly source: Source
}

/** A source: its mapper, verifier and limits, and the loops that ask the API of its CMS. */
export interface SourceUnit extends Unit {
  readonly kind: 'source'
  readonly source: Source
  /** Null if its webhooks hold their records. */
  readonly fetch: FetchStage | null
}

export function createSourceUnit({ source, settings }: SourcePlan, deps: UnitDeps): SourceUnit {
  const bell = createBell()
  const loops = createLoops(deps)
  // A name of its own: what the unit before it is still asking for is not given out again.
  const fetch = source.fetch && createFetch({ ...deps, source, owner: `${deps.owner} ${deps.newId()}` })
  return {
    kind: 'source',
    name: source.name,
    settings,
    source,
    fetch,
    start() {
      for (const worker of fetch?.workers ?? []) {
        const step = () => restAfter(fetch!.step(worker, deps.cut), fetch!.nextAt, deps.now)
        loops.run(`fetch ${source.name}`, bell, step)
      }
    },
    wake: bell.ring,
    async end() {
      await loops.end()
      await source.fetch?.client.close()
    },
  }
}
