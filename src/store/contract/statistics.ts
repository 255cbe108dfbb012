/** What happened, by the minute. */
export interface Statistics {
  /** Adds to the numbers of webhooks that were not accepted, and keeps the last 100 refused ones of each source. */
  addTurnedAway(webhooks: TurnedAway): Promise<void>
  /** The last webhooks of a source that were refused, newest first, at most 100. */
  listRefusals(source: string): Promise<readonly RefusedWebhook[]>
  /** Notes how much waits now; asked again in the same minute, the later look counts. */
  noteWaiting(): Promise<void>
  /** Numbers by step and source or destination, in this order; steps in which nothing happened are left out. Kept as long as settled events. */
  readStatsSeries(query: StatsQuery): Promise<readonly StatsPoint[]>
}

/** Webhooks that came in and made no event. */
export interface TurnedAway {
  /** Refused for a limit of the relay. */
  readonly refusals: readonly Refusal[]
  readonly counts: readonly TurnedAwayCount[]
  /** Refused for any reason, oldest first. */
  readonly last: readonly RefusedWebhook[]
}

/** Webhooks of one source that were refused with one code. Unix milliseconds. */
export interface Refusal {
  readonly source: string
  readonly code: string
  /** Why the newest of them. */
  readonly reason: string
  readonly count: number
  readonly firstAt: number
  readonly lastAt: number
}

export interface TurnedAwayCount {
  readonly source: string
  /** In the minute that they count in. */
  readonly at: number
  readonly duplicate: number
  readonly refused: number
}

export interface RefusedWebhook {
  readonly source: string
  readonly at: number
  readonly code: string
  readonly reason: string
  /** The network of the sender; null: not known. */
  readonly address: string | null
}

export interface StatsQuery {
  /** From the step that holds this time on. */
  readonly since: number
  /** Steps that begin before. */
  readonly until: number
  readonly step: '1m' | '1h'
  readonly groupBy: 'source' | 'destination'
}

/** What happened in one step to a source or a destination. */
export interface StatsPoint {
  /** When the step begins. */
  readonly at: number
  /** Of the source or the destination. */
  readonly name: string
  /** Webhooks, by the time of their receipt; of a destination there are none, nor events. */
  readonly accepted: number
  readonly duplicate: number
  readonly refused: number
  /** Events, by the time of their settlement; replayed ones count again. */
  readonly processed: number
  readonly skipped: number
  readonly failed: number
  /** Items that a call has brought over, or that were given up. */
  readonly delivered: number
  readonly dead: number
  /** The most that waited at once: events of a source, items of a destination. */
  readonly pending: number
  /** The longest that one of these had waited. */
  readonly oldestPendingMs: number
  /** From the receipt of an item's oldest webhook to its delivery; null: nothing was delivered. */
  readonly p50Ms: number | null
  readonly p95Ms: number | null
}
