import type { Emit } from '../domain/signal.ts'
import type { LoopsOptions } from '../runtime/loop.ts'
import type { Destination } from '../stages/destination.ts'
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

/** What all units share. */
export interface UnitDeps extends LoopsOptions {
  readonly store: Store
  /** Owner of claims; each unit that claims under a name of its own adds to it. */
  readonly owner: string
  readonly now: () => number
  readonly random: () => number
  readonly newId: () => string
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>
  readonly emit: Emit
  /** Largest body, also after decompression. Bytes. */
  readonly bodyLimit: () => number
  readonly destinations: ReadonlyMap<string, Destination>
  /** Called with the destinations that have something new to send. */
  readonly onChanges: (destinations: ReadonlySet<string>) => void
  /** Cuts off calls under way. */
  readonly cut: AbortSignal
}
