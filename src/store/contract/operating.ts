import type { EventFilter, ItemFilter, ItemKey } from './rows.ts'

/**
 * What people ask for: again, away, elsewhere, given up. What takes many is done in steps, each of them committed: nobody waits long
 * for it, and what has changed between choosing and its step is left alone if it is no longer meant.
 */
export interface Operating {
  /** What `replayEvents` or `purgeEvents` would take now, in their order. */
  chooseEvents(purpose: 'replay' | 'purge', filter: ReplayFilter, limit: number): Promise<Chosen<string>>

  /** Settled events matching the filter go back to `pending`, the oldest first, at most `limit`; answers how many. */
  replayEvents(filter: ReplayFilter, limit: number): Promise<number>

  /**
   * Deletes events matching the filter that are processed, skipped or failed, the oldest first, at most `limit`; answers how
   * many. Their delivery ids are forgotten with them.
   */
  purgeEvents(filter: EventFilter, limit: number): Promise<number>

  /** What `redeliverItems`, `resetItems`, `purgeItems` or `giveUpItems` would take now: their `seq`, in their order. */
  chooseItems(purpose: ItemPurpose, filter: ItemFilter, limit: number, at: number): Promise<Chosen<number>>

  /**
   * Items matching the filter are due at once and will be sent though unchanged, at most `limit`; one that a batch holds
   * goes once more after it. Answers how many it has changed: asked again with the same `at` until 0, all are done. The
   * tombstone of what never was at the destination is left alone.
   */
  redeliverItems(filter: ItemFilter, limit: number, at: number): Promise<number>

  /**
   * As `redeliverItems`, and the version that is known of each item is forgotten: the next change of it is believed, whatever its
   * version and however old its event. Also of items that are not to be sent: a draft's, and what goes out as it is.
   */
  resetItems(filter: ItemFilter, limit: number, at: number): Promise<number>

  /**
   * Dead items matching the filter are given up, at most `limit`; answers how many. They end `delivered`, which means that
   * nothing is to be done, with an error that says so. What the destination has or may have of them stays known: a newer change,
   * a removal or a redelivery is sent as ever.
   */
  purgeItems(filter: ItemFilter, limit: number): Promise<number>

  /** Gives up what is pending at a destination as `purgeItems` does what is dead; for one that is not configured. Answers how many. */
  giveUpItems(filter: ItemFilter & { readonly destination: string }, limit: number): Promise<number>

  /**
   * Takes an item away, known or not: a tombstone at the newer of the known version and now, due at once. What came before does not
   * bring the item back, a newer change does; with `hold` it is noted instead, until the item is released. A hold stays a hold.
   */
  removeItem(removal: Removal): Promise<void>

  /** Ends a hold: what the CMS has wanted last since then is wanted from now on, and due at once. Null if no such item is held. */
  releaseItem(key: ItemKey): Promise<Released | null>

  /**
   * Gives back the items of the destination's batches that nobody is working on, as after an unclear outcome; answers how many
   * batches. For a destination that is not configured any more, or is another one.
   */
  abandonBatches(destination: string): Promise<number>

  /**
   * Moves items matching the filter to another destination, at most `limit`, those that no batch holds. They are delivered anew
   * there. If it knows the item as well, the newer version wins. One whose url is on none of its hosts is mapped again from
   * its event, if that can be.
   */
  moveItems(filter: ItemFilter, to: MoveTo, limit: number): Promise<Moved>

  /** All items of a destination that has become another one are delivered anew; in the words of `moveItems`, `left` are dead. */
  resendItems(to: MoveTo): Promise<Moved>

  /** What each destination was at the ingest API, as far as it was written. */
  readTargets(): Promise<ReadonlyMap<string, Target>>
  writeTarget(destination: string, target: Target): Promise<void>
}

export interface ReplayFilter extends EventFilter {
  /** Of all that match, the newest so many. A purge does not ask for it. */
  readonly last?: number
}

export type ItemPurpose = 'redeliver' | 'reset' | 'purge' | 'give up'

/** What a filter would take. */
export interface Chosen<Id> {
  readonly matching: number
  /** The first of them, at most as many as were asked for. */
  readonly ids: readonly Id[]
}

export interface Removal extends ItemKey {
  /** Keep it away until it is released, whatever the CMS says. */
  readonly hold: boolean
}

/** What came of releasing a held item. */
export interface Released {
  /** What is wanted of it from now on. */
  readonly desiredKind: 'upsert' | 'delete'
  /** Whether the CMS has wanted something newer of it since it was removed. */
  readonly changed: boolean
}

export interface MoveTo {
  readonly destination: string
  /** Where its urls may be, as in a url: `site_domain` and `aliases`. */
  readonly hosts: readonly string[]
  /** Those that send to it: their events can be mapped again for it. */
  readonly sources: readonly string[]
  /** Only count. */
  readonly dryRun?: boolean
}

/** What has become of items that were to be moved. */
export interface Moved {
  readonly moved: number
  /** The other side knew a newer one. */
  readonly superseded: number
  /** Their urls are on another host: their events go through the mapper again. */
  readonly mapped_again: number
  /** The same, and they can't: they are as they were. */
  readonly left: number
  /** The other side's is in a batch, or held by an operator: they are as they were. */
  readonly busy: number
}

/** What a destination is at the ingest API: as another one it knows nothing of what it was sent before. */
export interface Target {
  readonly website_id: string
  readonly site_domain: string
  readonly base_url: string
  readonly connector_type: string
}
