import type { Change } from '../domain/change.ts'
import type { FetchAnswers, FetchNeeds, FetchRequest } from '../domain/fetch.ts'
import type { Version } from '../domain/version.ts'
import type { Silence } from './compile/silence.ts'
import type { Answer, DraftFields, Ping, Webhook } from './shapes.ts'

export type { Answer, DraftFields, Ping } from './shapes.ts'

/** Names of headers; `all` if they can't be told. */
export type HeaderNames = ReadonlySet<string> | 'all'

/** A mapper with a source's vars and models: everything compiled and checked. */
export interface Mapper {
  readonly name: string
  /** Hash of the definition and of what the source adds to it. */
  readonly version: string
  /** Whether names and pings may depend on the body of a POST. If not, it need not be parsed to keep the webhook. */
  readonly needsBodyForNames: boolean
  /** Whether the delivery id may depend on headers, query or path. */
  readonly readsIdOfRequest: boolean
  /** The headers that it may read: with the webhook, these are kept. */
  readonly headers: HeaderNames
  /** The delivery id and the topic; null if the CMS sends none. A promise only if an expression needs one. */
  readEvent(webhook: Webhook): EventNames | Promise<EventNames>
  /** Whether some ping may be answered without a valid signature. */
  readonly hasUnsignedPings: boolean
  /** The answer to a ping, test or handshake; null if the webhook is an event, at once if there are no pings. */
  readPing(webhook: Webhook): Ping | null | Promise<Ping | null>
  /** How a webhook is answered that has been kept; left out, with the relay's own 202. */
  readonly accepted?: Answer | undefined
  /** How the API of the CMS is reached; null if the webhooks hold their records. */
  readonly fetch: FetchNeeds | null
  /** How it is shown that the API can be asked; null if the mapper does not say, or asks nothing. */
  readonly check: ApiCheck | null
  /**
   * What the webhook wants. Throws nothing for bad content: what could not be mapped is in `problems`. It does no I/O: what
   * it has to know besides the webhook is in `requests`, and mapping again with their answers goes on from there.
   */
  map(webhook: Webhook, fetched?: Fetched, onSilence?: OnSilence): Promise<Mapping>
}

/** A request that shows whether the base url and the credential of a source are good. */
export interface ApiCheck {
  /** Null if the vars of the source leave nothing to check. Throws RelayError `invalid` if an expression fails. */
  request(): Promise<FetchRequest | null>
  /** Whether the body of an answer is one of the API that is meant. */
  isExpected(body: unknown): Promise<boolean>
  /** What the credential has to be allowed, for people. */
  readonly needs: string | null
}

/** Is told of expressions that gave nothing, for a dry run: they are evaluated once more for that. */
export type OnSilence = (silence: Silence) => void

/** What the API of the CMS has answered so far. */
export interface Fetched {
  readonly answers: FetchAnswers
  /** When the first of them was asked for, in unix milliseconds; left out if nothing was. */
  readonly askedAt?: number | undefined
  /** Whether an answer counts that is older than the webhook: it has been waited for long enough. */
  readonly acceptsOlder: boolean
}

export const nothingFetched: Fetched = { answers: () => undefined, acceptsOlder: false }

export interface EventNames {
  readonly id: string | null
  readonly topic: string | null
}

export interface Mapping {
  readonly drafts: readonly Draft[]
  /** Why nothing came out, for people: which record and which expression; null if something did. */
  readonly skipped: string | null
  /** Records that should have come out and could not, each naming mapper, record, field and cause. */
  readonly problems: readonly string[]
  /** What has to be asked before the records that need it can come out. */
  readonly requests: readonly FetchRequest[]
  /** Records that are not in the drafts because the answer is older than the webhook, in words. */
  readonly late: readonly string[]
}

/** What a record asks for, before what depends on the destination (language default, host check, checksum). */
export type Draft = DraftOrigin &
  (
    | {
        readonly kind: 'upsert'
        readonly version: Version | null
        readonly fields: DraftFields
        /** The registered model of the record; left out for a record without models. */
        readonly model?: string
      }
    | Extract<Change, { kind: 'delete' }>
  )

interface DraftOrigin {
  readonly record: string
  /** Whether the CMS's API has answered with it; left out, the webhook says it. */
  readonly isFetched?: boolean
  /** True if only something that the proof does not cover says so: at the same version it changes nothing. */
  readonly unproven?: boolean
}

/** What a destination asks of an item. */
export interface ItemRules {
  /** The host that every url must have, without scheme; null in a dry run that knows no destination. */
  readonly siteDomain: string | null
  /** Further hosts of the site. */
  readonly aliases?: readonly string[]
  /** BCP-47; for items that name no language. */
  readonly defaultLanguage: string | undefined
}
