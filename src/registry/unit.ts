import type { LoopsOptions } from '../runtime/loop.ts'
import type { StageDeps } from '../stages/ports.ts'
import type { Store } from '../store/contract/store.ts'

export type UnitKind = 'source' | 'destination' | 'endpoint'

/**
 * Something that runs by itself, and can come and go while the relay runs:
 *
 *     made ──start──▶ running ──end──▶ draining (what is under way is done) ──▶ ended
 */
export interface Unit {
  readonly kind: UnitKind
  readonly name: string
  /** What it was made of. */
  readonly settings: UnitSettings
  start(): void
  /** Looks for work now: something has changed that it was not told of. */
  wake(): void
  /** Begins nothing new. Resolves once what is under way is done and its connections are closed. */
  end(): Promise<void>
}

/** A hash of each setting, by name: what differs between two of them says why a unit is replaced. */
export type UnitSettings = Readonly<Record<string, string>>

/** What all units share. Each that claims under a name of its own adds to `owner`. */
export interface UnitDeps extends LoopsOptions, StageDeps {
  readonly store: Store
  /** Cuts off calls under way. */
  readonly cut: AbortSignal
}
