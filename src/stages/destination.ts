import type { Debounce } from '../domain/debounce.ts'
import type { Backoff } from '../domain/retry.ts'
import type { IngestClient } from '../ingest/client/client.ts'
import type { ItemRules } from '../mapping/mapper.ts'

/** A configured destination, ready for work. Times in milliseconds, sizes in bytes. */
export interface Destination {
  readonly name: string
  readonly enabled: boolean
  readonly websiteId: string
  /** Fingerprint of token and website. */
  readonly credentials: string
  readonly rules: ItemRules
  readonly debounce: Debounce
  readonly maxItems: number
  readonly maxBytes: number
  readonly concurrency: number
  readonly timeoutMs: number
  readonly backoff: Backoff
  readonly maxAgeMs: number
  readonly client: IngestClient
}
