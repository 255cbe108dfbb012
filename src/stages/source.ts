import type { FetchClient } from '../cms-api/client.ts'
import type { FixedWindow } from '../domain/fixed-window.ts'
import type { SilentAfter } from '../domain/silence.ts'
import type { Mapper } from '../mapping/mapper.ts'
import type { Verifier } from '../verify/verifier.ts'
import type { StorableHeaders } from './receive/storable-headers.ts'

/** A configured source, ready for work. */
export interface Source {
  readonly name: string
  readonly enabled: boolean
  readonly mapper: Mapper
  readonly verifier: Verifier
  readonly storableHeaders: StorableHeaders
  /** Names of destinations. */
  readonly destinations: readonly string[]
  /** How the API of the CMS is asked; null if the webhooks hold their records. */
  readonly fetch: SourceFetch | null
  /** Whether webhooks may come from an address; left out: from any. */
  readonly isAllowed?: ((address: string) => boolean) | null
  readonly silentAfter: SilentAfter
  /** How far ahead of its receipt a version may lie. Milliseconds. */
  readonly maxClockLeadMs: number
  /** Counts verified webhooks; null if the source has no limit. */
  readonly rateLimit: SourceRateLimit | null
}

/** As much of a source as mapping asks for: it needs no secret. */
export type MappingSource = Pick<Source, 'name' | 'mapper' | 'destinations' | 'maxClockLeadMs'>

export interface SourceRateLimit {
  readonly max: number
  readonly windowMs: number
  readonly pass: FixedWindow
}

/** Times in milliseconds. */
export interface SourceFetch {
  readonly client: FetchClient
  /** Requests under way at once. */
  readonly concurrency: number
  /** How long an event may wait until it fails. */
  readonly maxAgeMs: number
  /** How long an answer that is older than the webhook is asked for again. */
  readonly maxLagMs: number
  /** The setting that holds the credentials, for messages. */
  readonly credentials: string
}
