/**
 * What happens in the relay, as data: logs and metrics are made from it in one place. Durations in milliseconds. Holds no
 * secrets and no bodies.
 */
export type Signal =
  | {
      readonly kind: 'webhook.received'
      readonly source: string
      readonly eventId: string
      readonly deliveryId: string | null
      readonly topic: string | null
      readonly bytes: number
      readonly duplicate: boolean
      readonly durationMs: number
    }
  | {
      readonly kind: 'webhook.answered'
      readonly source: string
      readonly status: number
      readonly bytes: number
      /** What the operator has to be told of it. */
      readonly note?: string | undefined
    }
  | {
      readonly kind: 'webhook.refused'
      /** Null if no such source is configured: names made up by strangers are not labels. */
      readonly source: string | null
      /** `address`: it is not in the `allow_from` of the source. */
      readonly code: string
      readonly reason: string
      readonly bytes: number
    }
  | {
      /** Verified webhooks over the `rate_limit` of their source were refused. Told once a minute at most. */
      readonly kind: 'webhook.rate_limited'
      readonly source: string
      /** Since it was told before. */
      readonly count: number
      readonly reason: string
    }
  | {
      /** Requests to the admin API without the token, or with a wrong one. Told once a minute at most for each address. */
      readonly kind: 'admin.refused'
      readonly ip: string
      /** `unauthorized`, or `rate_limited` once there were too many. Of the newest. */
      readonly code: string
      /** Since it was told before. */
      readonly count: number
      readonly requestId: string
    }
  | {
      /** Something was done by the admin API, or a body was read. */
      readonly kind: 'admin.done'
      /** Whose token it was. */
      readonly who: string
      /** Of bulk acts such as `events.purged`; else the method and the route. */
      readonly what: string
      /** The ids and names in the path. */
      readonly target: string | null
      readonly status: number
      readonly ip: string
      readonly requestId: string
      /** Of bulk acts: how many, of which. */
      readonly count?: number
      readonly filter?: object
      readonly dryRun?: boolean
    }
  | {
      readonly kind: 'event.mapped'
      readonly eventId: string
      readonly source: string
      readonly deliveryId: string | null
      readonly topic: string | null
      readonly bytes: number
      readonly mapper: string
      readonly status: 'processed' | 'skipped' | 'failed'
      readonly reason: string | null
      readonly applied: number
      readonly unchanged: number
      readonly stale: number
      /** Changes of items that an operator holds; left out if there are none. */
      readonly held?: number
      /** Changes whose version lies too far ahead to be believed; left out if there are none. */
      readonly ahead?: number
      /** Removals that were stale though the item is wanted; left out if there are none. */
      readonly staleRemovals?: number
      /** What it is about, the first 100; lines of the log and subscribers don't have them. */
      readonly items: readonly { readonly destination: string; readonly type: string; readonly id: string }[]
      readonly durationMs: number
    }
  | {
      /** A record's version lies too far ahead: it counts as the time at which it was heard of. Told once a minute for a source. */
      readonly kind: 'item.version_ahead'
      readonly source: string
      readonly eventId: string
      readonly destination: string
      readonly type: string
      readonly id: string
      /** As the record gave it. */
      readonly version: string
      readonly countedAs: string
      /** So many since the last one that was told, this one included. */
      readonly count: number
    }
  | {
      /** A removal was older than what is known of an item, which stays. Told once a minute for a source. */
      readonly kind: 'item.removal_stale'
      readonly source: string
      readonly eventId: string
      readonly destination: string
      readonly type: string
      readonly id: string
      readonly version: string | null
      readonly known: string | null
      readonly count: number
    }
  | {
      /** One try to get what an event has to know from the API of its CMS. */
      readonly kind: 'event.fetched'
      readonly eventId: string
      readonly source: string
      readonly topic: string | null
      readonly attempt: number
      readonly requests: readonly { readonly outcome: string; readonly durationMs: number }[]
      /** `waiting`: it is tried again. */
      readonly status: 'waiting' | 'processed' | 'skipped' | 'failed'
      readonly error: string | null
      /** When it is tried again; null if it is not. */
      readonly afterMs: number | null
      readonly durationMs: number
    }
  | {
      readonly kind: 'batch.attempted'
      readonly batchId: string
      readonly destination: string
      readonly call: string
      readonly items: number
      /** The item, if it is alone in its batch. */
      readonly item: { readonly type: string; readonly id: string } | null
      readonly bytes: number
      readonly attempt: number
      readonly status: number | null
      readonly outcome: string
      readonly error: string | null
      readonly requestId: string | null
      readonly durationMs: number
      readonly delivered: number
      /** From receipt to delivery, of each delivered item. */
      readonly latenciesMs: readonly number[]
    }
  | {
      /** Items of one call that the ingest API now has; a large call has several, with at most 100 items in each. */
      readonly kind: 'item.delivered'
      readonly destination: string
      readonly batchId: string
      readonly items: readonly DeliveredItem[]
    }
  | {
      readonly kind: 'item.dead'
      readonly destination: string
      readonly type: string
      readonly id: string
      readonly error: string
    }
  | {
      readonly kind: 'destination.changed'
      readonly destination: string
      readonly state: 'closed' | 'open' | 'disabled'
      readonly reason: string | null
    }
  | {
      /** The call that enabling a destination begins with. */
      readonly kind: 'destination.tested'
      readonly destination: string
      readonly result: 'accepted' | 'refused' | 'unclear'
      readonly status: number | null
      readonly error: string | null
      readonly durationMs: number
    }
  /** Of this machine, against a clock that can't be set. */
  | { readonly kind: 'clock.stepped_back'; readonly byMs: number }
  | {
      /** It is another website, host, API or kind of connector than at the last start: what is known goes out anew. */
      readonly kind: 'destination.retargeted'
      readonly destination: string
      /** The settings that have changed. */
      readonly changed: readonly string[]
      readonly resent: number
      /** Their urls are on the old host: their events are mapped again. */
      readonly mappedAgain: number
      /** The same, and that can't be done. */
      readonly dead: number
    }
  /** The store has something of what is not configured: said once, at the start. */
  | {
      readonly kind: 'destination.unconfigured'
      readonly destination: string
      readonly pending: number
      readonly dead: number
      readonly advice: string
    }
  | {
      readonly kind: 'source.unconfigured'
      readonly source: string
      readonly waiting: number
      readonly failed: number
      readonly advice: string
    }
  /** What the store has open is not what stands at its place any more; said once. */
  | { readonly kind: 'store.lost'; readonly error: string }
  | { readonly kind: 'store.back' }
  | {
      /** Somebody reads the database for so long that its log can't be worked in. */
      readonly kind: 'store.log_grows'
      readonly logBytes: number
      readonly logPages: number
      readonly stuckMs: number
    }
  | { readonly kind: 'destination.clock_skew'; readonly destination: string; readonly skewMs: number }
  | {
      /** Said once for each silence. */
      readonly kind: 'source.silent'
      readonly source: string
      /** When its last webhook came, in unix milliseconds. */
      readonly lastAt: number
      readonly silentMs: number
      /** Longer than this is unusual for the source. */
      readonly limitMs: number
    }
  | { readonly kind: 'source.resumed'; readonly source: string; readonly silentMs: number }
  | {
      /** One try to tell an endpoint of the operator. */
      readonly kind: 'notification.attempted'
      readonly endpoint: string
      /** What it is told of. */
      readonly type: string
      readonly id: string
      readonly attempt: number
      readonly outcome: 'sent' | 'retry' | 'dropped'
      readonly status: number | null
      readonly error: string | null
      /** When it is tried again; null if it is not. */
      readonly afterMs: number | null
      readonly durationMs: number
    }
  | {
      readonly kind: 'notification.dropped'
      readonly endpoint: string
      readonly count: number
      readonly reason: string
    }
  | {
      /** A reload has brought the relay to what the configuration says now. */
      readonly kind: 'config.reloaded'
      /** What was started, replaced and stopped, in words. */
      readonly changes: readonly string[]
      /** Settings that count from the next start on. */
      readonly needsRestart: readonly string[]
      readonly warnings: readonly string[]
    }
  /** The configuration has mistakes, so a reload has changed nothing. */
  | { readonly kind: 'config.refused'; readonly issues: readonly string[] }
  | { readonly kind: 'step.failed'; readonly loop: string; readonly error: unknown }

export interface DeliveredItem {
  readonly type: string
  readonly id: string
  /** Null if an operator wanted it. */
  readonly source: string | null
  /** The newest event behind it; null if an operator wanted it, or if the item has changed since it was sent. */
  readonly eventId: string | null
}

export type Emit = (signal: Signal) => void
