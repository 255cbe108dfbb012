import type { Emit } from '../domain/signal.ts'
import type { Destination } from './destination.ts'

/** What a stage is given to work with, besides its part of the store. */
export interface StageDeps {
  /** Owner of claims. */
  readonly owner: string
  readonly now: () => number
  readonly random: () => number
  readonly newId: () => string
  /** Waits, or rejects when the signal aborts. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>
  readonly emit: Emit
  /** Largest body, also after decompression. Bytes. */
  readonly bodyLimit: () => number
  readonly destinations: ReadonlyMap<string, Destination>
  /** Called with the destinations that have something new to send. */
  readonly onChanges: (destinations: ReadonlySet<string>) => void
}

/** What is being received at once. If a limit is reached, the next sender is told to come again. */
export interface Intake {
  readonly webhooks: number
  readonly bytes: number
  /** Grows with every connection, every part of a body and every webhook that comes, refused ones too. */
  readonly arrivals: number
  /** Counts a new connection. */
  connect(): void
  /** Counts a webhook in. Throws RelayError `overloaded`. */
  enter(): void
  leave(): void
  /** Counts bytes in. Throws RelayError `overloaded`; then they are not counted. */
  hold(bytes: number): void
  release(bytes: number): void
}

/** The wall clock, watched against one that can not be set. Milliseconds. */
export interface WatchedClock {
  readonly now: () => number
  /** Takes note of a time that was told by another process before. */
  readonly heard: (at: number) => void
  /** How far the clock is behind the latest time that it has told, less what has passed since. */
  readonly setBackMs: () => number
  /** From now on the clock is right as it is. */
  readonly trust: () => void
}
