import { createHash } from 'node:crypto'
import type { Delivery } from '../domain/delivery.ts'
import { RelayError } from '../domain/errors.ts'
import type { Emit } from '../domain/signal.ts'
import type { EventNames, Ping } from '../mapping/mapper.ts'
import { decodeBody, readWebhook, type Webhook } from '../mapping/webhook.ts'
import type { Store } from '../store/store.ts'
import type { Verdict } from '../verify/verifier.ts'
import type { Source } from './source.ts'
import { storableHeaders } from './storable-headers.ts'

export interface ReceiveDeps {
  readonly store: Pick<Store, 'accept'>
  readonly sources: ReadonlyMap<string, Source>
  /** Limit for a body, also after decompression. Bytes. */
  readonly bodyLimit: number
  readonly now: () => number
  readonly emit: Emit
}

export type Received =
  | { readonly kind: 'kept'; readonly eventId: string; readonly duplicate: boolean }
  | { readonly kind: 'ping'; readonly ping: Ping }

/** Takes one webhook in. Throws RelayError: the code says what the sender is told. */
export type Receive = (delivery: Delivery, admit?: Admit) => Promise<Received>

/** Asked once a webhook is verified, so that forged ones can't use up a source's rate. Throws RelayError `rate_limited`. */
export type Admit = (source: string) => Promise<void>

/** Verify, then read, then write, then answer. The sender is told 202 only for what is on disk. */
export function createReceive({ store, sources, bodyLimit, now, emit }: ReceiveDeps): Receive {
  return async function receive(delivery, admit) {
    const at = now()
    const source = sources.get(delivery.source)
    if (!source?.enabled) throw new RelayError('not_found', `unknown source '${printable(delivery.source, 64)}'`)

    const verdict = await verify(source, delivery, at)
    if (!verdict.ok) {
      const ping = await readUnsignedPing(source, delivery)
      if (ping) return answerPing(source, ping, delivery)
      throw new RelayError('unauthorized', `webhook of source '${source.name}' is not verified: ${verdict.reason}`)
    }

    await admit?.(source.name)
    // From here on, secrets in path, query and body are blanked: what is read is what is kept.
    const { delivery: verified } = verdict
    const webhook = await readWebhook({ ...verified, limit: bodyLimit, later: !source.mapper.needsBodyForNames })
    const ping = await source.mapper.readPing(webhook)
    if (ping) return answerPing(source, ping, delivery)

    const { id, topic } = await readNames(source, webhook)
    const [accepted] = await store.accept([
      {
        source: source.name,
        deliveryId: id,
        topic,
        receivedAt: at,
        method: verified.method,
        path: verified.path,
        query: verified.query,
        headers: storableHeaders(verified.headers, source.verifier.proofHeaders),
        body: verified.body,
      },
    ])
    if (!accepted) throw new Error('the store accepted an event without an answer')
    const { eventId, duplicate } = accepted
    const bytes = delivery.body.length
    emit({
      kind: 'webhook.received',
      source: source.name,
      eventId,
      deliveryId: id,
      topic,
      bytes,
      duplicate,
      durationMs: now() - at,
    })
    return { kind: 'kept', eventId, duplicate }
  }

  function answerPing(source: Source, ping: Ping, { body }: Delivery): Received {
    const { status, note } = ping
    emit({ kind: 'webhook.answered', source: source.name, status, bytes: body.length, note })
    return { kind: 'ping', ping }
  }

  /** The signature covers the bytes as sent; senders that compress in transit sign what they compressed. */
  async function verify(source: Source, delivery: Delivery, at: number): Promise<Verdict> {
    const answer = source.verifier.verify(delivery, at)
    const verdict = answer instanceof Promise ? await answer : answer // most answer at once, and nothing waits
    if (verdict.ok || !delivery.headers['content-encoding']) return verdict
    const decoded = await decodeBody({ headers: delivery.headers, body: delivery.body, limit: bodyLimit })
    return source.verifier.verify(delivery, at, decoded)
  }

  async function readUnsignedPing(source: Source, delivery: Delivery): Promise<Ping | null> {
    if (!source.mapper.hasUnsignedPings) return null
    const ping = await readWebhook({ ...delivery, limit: bodyLimit }).then(
      (webhook) => source.mapper.readPing(webhook),
      () => null, // what can't be read is no ping; the refusal names the signature
    )
    return ping?.unsigned ? ping : null
  }
}

/** Names that an expression could not make are left out: the event is kept, and mapping will say what is wrong. */
async function readNames(source: Source, webhook: Webhook): Promise<EventNames> {
  try {
    const { id, topic } = await source.mapper.readEvent(webhook)
    return { id: id === null ? null : boundedId(id), topic: topic === null ? null : printable(topic, 256) }
  } catch {
    return { id: null, topic: null }
  }
}

/** A delivery id that is long or holds control characters is known by its hash: it dedupes as well. */
function boundedId(id: string): string {
  if (id.length <= 256 && id === printable(id, 256)) return id
  return `sha256:${createHash('sha256').update(id).digest('hex')}`
}

function printable(text: string, length: number): string {
  if (text.length <= length && /^[\x20-\x7e]*$/.test(text)) return text
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu, '').slice(0, length)
}
