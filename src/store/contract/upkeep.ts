import type { Rhythm } from '../../domain/silence.ts'

/** What keeps a store healthy and its replicas out of each other's way. */
export interface Upkeep {
  /**
   * Takes back what was left behind: claims whose lease is over, and those of `owner`, as a replica asks before it works under a name
   * that it may have had before. Events become claimable, claimed batches without bytes free their items, sealed batches can be claimed
   * again with the same key and bytes. What is due later than `longestWaitMs` from now becomes due: the clock has stepped back since.
   * An engine that only one process can work on takes back all claims when that process opens it.
   */
  recover(recovery?: Recovery): Promise<void>

  /**
   * Lets one replica at a time do something: true if `name` is the owner's for the next `ms`, also if it was before. False while
   * it is another's.
   */
  lease(name: string, owner: string, ms: number): Promise<boolean>

  /**
   * Calls `wake` when other replicas have brought work, as far as the engine hears of it; it may be silent, so polling must find all.
   * Answers what ends that.
   */
  onWork(wake: () => void): () => void

  /**
   * The latest time that an item, or one of the newest events and attempts, has; null if there is none. If it is ahead of
   * the clock, the clock was set back while nobody was there to see it.
   */
  newestTime(): Promise<number | null>

  /** How often webhooks of each source come, as far as it was written. */
  readRhythms(): Promise<ReadonlyMap<string, Rhythm>>
  writeRhythms(rhythms: ReadonlyMap<string, Rhythm>): Promise<void>

  /**
   * Deletes up to `limit` events that were received and settled so long ago, and up to `limit` batches that were settled so long ago, with
   * their attempts (fewer if they held many items); answers how many of both. Numbers as old as such events go with them.
   */
  prune(agesMs: { readonly events: number; readonly attempts: number }, limit: number): Promise<number>

  /** Gives a little of the room that is free back to the disk, if much is; answers how much, 0 when there is nothing to do. */
  shrink(): Promise<number>

  /** Throws RelayError `unavailable` if the store cannot be written. */
  checkHealth(): Promise<void>

  /**
   * Looks whether what is open is still what the url names, and keeps itself ready to notice at the next start that something of it is
   * missing. Throws RelayError `unavailable` if it is not the same any more: then nothing is accepted or settled until it is.
   */
  checkFiles(): Promise<StoreFiles>
  close(): Promise<void>
}

export interface Recovery {
  readonly owner?: string
  readonly longestWaitMs?: number
}

/** What is not yet worked into the database itself; zeros if the engine has no such thing. */
export interface StoreFiles {
  readonly logBytes: number
  readonly logPages: number
}
