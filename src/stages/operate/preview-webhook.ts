import type { Change } from '../../domain/change.ts'
import { messageOf, RelayError } from '../../domain/errors.ts'
import { type FetchAnswers, fetchText } from '../../domain/fetch.ts'
import type { InboundRequest } from '../../domain/inbound-request.ts'
import type { Proof } from '../../domain/proof.ts'
import { type Version, versionText } from '../../domain/version.ts'
import { type CountedSilence, createSilences } from '../../mapping/compile/silence.ts'
import { completeDraft } from '../../mapping/item/item.ts'
import { type ItemRules, type Mapper, nothingFetched, type Ping } from '../../mapping/mapper.ts'
import { readWebhook } from '../../mapping/webhook/webhook.ts'
import type { FixtureAnswer } from '../fetch/fixture-answers.ts'

/** What one webhook would come to. */
export interface WebhookPreview {
  readonly event: {
    readonly id: string | null
    readonly topic: string | null
    readonly mapper: string
    readonly mapperVersion: string
  }
  readonly changes: readonly WebhookChange[]
  /** Why nothing came out, or what has to be asked of the CMS before all can; null if all did. */
  readonly skipped: string | null
  /** The expressions that gave nothing, with the number of records for which they did. */
  readonly nothing: readonly CountedSilence[]
  /** What should have come out and could not, each naming record, field and cause. */
  readonly problems: readonly string[]
  /** The answer, if it is a ping and no event. */
  readonly ping: Ping | null
}

export type WebhookChange =
  | {
      readonly kind: 'upsert'
      readonly item: Extract<Change, { kind: 'upsert' }>['item']
      readonly version: string | null
    }
  | {
      readonly kind: 'delete'
      readonly type: string
      readonly id: string
      readonly version: string | null
      /** Whether the tombstone is sent even if the relay never sent the item. */
      readonly certain: boolean
    }

/**
 * The preview of one webhook: nothing is verified, kept, fetched or sent. What the CMS's API would answer is in `answers`,
 * what of the request would be proven in `proof`.
 * Throws RelayError for a body that can't be read.
 */
export async function previewWebhook(
  mapper: Mapper,
  delivery: InboundRequest,
  rules: ItemRules,
  limit: number,
  answers: FetchAnswers = nothingFetched.answers,
  proof: Proof | null = null,
): Promise<WebhookPreview> {
  const webhook = await readWebhook({ ...delivery, limit, proof })
  const ping = await mapper.readPing(webhook)
  const { id, topic } = await mapper.readEvent(webhook)
  const event = { id, topic, mapper: mapper.name, mapperVersion: mapper.version }
  if (ping) {
    const skipped = `a ping: answered ${ping.status}, no event`
    return { event, changes: [], skipped, nothing: [], problems: [], ping }
  }

  const silences = createSilences()
  const mapping = await mapper.map(webhook, { answers, acceptsOlder: false }, silences.add)
  const problems = [...mapping.problems]
  const changes: WebhookChange[] = []
  for (const draft of mapping.drafts) {
    try {
      const change = completeDraft(draft, rules)
      changes.push(
        change.kind === 'upsert'
          ? { kind: 'upsert', item: change.item, version: wordsOf(change.version) }
          : {
              kind: 'delete',
              type: change.type,
              id: change.id,
              version: wordsOf(change.version),
              certain: change.certain,
            },
      )
    } catch (error) {
      if (!(error instanceof RelayError)) throw error
      problems.push(messageOf(error))
    }
  }
  const { requests } = mapping
  const skipped = requests.length > 0 ? `has to ask ${requests.map(fetchText).join(', ')}` : mapping.skipped
  return { event, changes, skipped, nothing: silences.list(), problems, ping: null }
}

function wordsOf(version: Version | null): string | null {
  return version === null ? null : versionText(version)
}

/** A fixture: `{headers, body}` or `{headers, rawBody}`, and if it matters `query` and `method`. */
export interface Fixture {
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly body?: unknown
  readonly rawBody?: string | undefined
  readonly query?: string | undefined
  readonly method?: string | undefined
  /** What the CMS's API answers. */
  readonly fetched?: readonly FixtureAnswer[] | undefined
}

/** A fixture as it would come in. A `body` that is text stands for itself, anything else for its JSON. */
export function deliveryOf(
  { headers = {}, body, rawBody, query = '', method = 'POST' }: Fixture,
  source: string,
): InboundRequest {
  const text = rawBody ?? (typeof body === 'string' ? body : body === undefined ? '' : JSON.stringify(body))
  const lower = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
  // What is given is plain text, whatever the sender had done to it on the way.
  const { 'content-encoding': _encoding, ...rest } = lower
  const typed = rest['content-type'] === undefined ? { ...rest, 'content-type': 'application/json' } : rest
  return { source, method, path: `/webhooks/${source}`, query, headers: typed, body: Buffer.from(text) }
}
