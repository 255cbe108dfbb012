import { createHash } from 'node:crypto'
import type { Delivery } from '../domain/delivery.ts'
import { RelayError } from '../domain/errors.ts'
import type { Emit } from '../domain/signal.ts'
import type { Answer, EventNames, Ping } from '../mapping/mapper.ts'
import { decodeBody, readDecoded, readWebhook, type Webhook } from '../mapping/webhook.ts'
import type { Store } from '../store/store.ts'
import type { Verdict } from '../verify/verifier.ts'
import type { Source, SourceRateLimit } from './source.ts'
import { storableHeaders } from './storable-headers.ts'

export interface ReceiveDeps {
  readonly store: Pick<Store, 'accept'>
  readonly sources: ReadonlyMap<string, Source>
  /** Limit for a body, also after decompression. Bytes. */
  readonly bodyLimit: number
  readonly now: () => number
  readonly emit: Emit
  /** Called when there is something new to map. */
  readonly onEvent: () => void
}

export type Received =
  | {
      readonly kind: 'kept'
      readonly eventId: string
      readonly duplicate: boolean
      /** What the mapper says instead of our own answer. */
      readonly answer: Answer | undefined
    }
  | { readonly kind: 'ping'; readonly ping: Ping }

/** Takes one webhook in. Throws RelayError: the code says what the sender is told. */
export type Receive = (delivery: Delivery) => Promise<Received>

/** Verify, then read, then write, then answer. The sender is told 202 only for what is on disk. */
export function createReceive({ store, sources, bodyLimit, now, emit, onEvent }: ReceiveDeps): Receive {
  return async function receive(delivery) {
    const at = now()
    const source = sources.get(delivery.source)
    if (!source?.enabled) throw new RelayError('not_found', `unknown source '${printable(delivery.source, 64)}'`)

    // Most of what is asked from here on answers at once. To wait for it all the same takes a measurable part of an accept.
    const checked = verify(source, delivery, at)
    const verdict = checked instanceof Promise ? await checked : checked
    if (!verdict.ok) {
      const ping = await readUnsignedPing(source, delivery)
      if (ping) return answerPing(source, ping, delivery)
      throw new RelayError('unauthorized', `webhook of source '${source.name}' is not verified: ${verdict.reason}`)
    }

    if (source.rateLimit) admit(source, source.rateLimit) // once it is verified: forged ones must not use the rate up
    // From here on, secrets in path, query and body are blanked: what is read is what is kept.
    const { delivery: verified } = verdict
    const bytes = verified.headers['content-encoding'] ? await decode(verified) : verified.body
    const webhook = readDecoded(verified, bytes, !source.mapper.needsBodyForNames)
    const found = source.mapper.readPing(webhook)
    const ping = found instanceof Promise ? await found : found
    if (ping) return answerPing(source, ping, delivery)

    const read = readNames(source, webhook)
    const { id, topic } = read instanceof Promise ? await read : read
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
    emit({
      kind: 'webhook.received',
      source: source.name,
      eventId,
      deliveryId: id,
      topic,
      bytes: delivery.body.length,
      duplicate,
      durationMs: now() - at,
    })
    if (!duplicate) onEvent()
    return { kind: 'kept', eventId, duplicate, answer: source.mapper.accepted }
  }

  function answerPing(source: Source, ping: Ping, { body }: Delivery): Received {
    const { status, note } = ping
    emit({ kind: 'webhook.answered', source: source.name, status, bytes: body.length, note })
    return { kind: 'ping', ping }
  }

  /** The signature covers the bytes as sent; senders that compress in transit sign what they compressed. */
  function verify(source: Source, delivery: Delivery, at: number): Verdict | Promise<Verdict> {
    return delivery.headers['content-encoding']
      ? verifyEncoded(source, delivery, at)
      : source.verifier.verify(delivery, at)
  }

  async function verifyEncoded(source: Source, delivery: Delivery, at: number): Promise<Verdict> {
    const verdict = await source.verifier.verify(delivery, at)
    return verdict.ok ? verdict : source.verifier.verify(delivery, at, await decode(delivery))
  }

  function decode({ headers, body }: Delivery): Promise<Buffer> {
    return decodeBody({ headers, body, limit: bodyLimit })
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

function admit({ name }: Source, { max, windowMs, pass }: SourceRateLimit): void {
  const retryAfterMs = pass()
  if (retryAfterMs === null) return
  const message = `more than ${max} webhooks of source '${name}' in ${windowMs / 1000} s, its rate_limit`
  throw new RelayError('rate_limited', message, { retryAfterMs })
}

/** Names that an expression could not make are left out: the event is kept, and mapping will say what is wrong. */
function readNames(source: Source, webhook: Webhook): EventNames | Promise<EventNames> {
  try {
    const names = source.mapper.readEvent(webhook)
    return names instanceof Promise ? names.then(bounded).catch(() => nameless) : bounded(names)
  } catch {
    return nameless
  }
}

const nameless: EventNames = { id: null, topic: null }

function bounded({ id, topic }: EventNames): EventNames {
  return { id: id === null ? null : boundedId(id), topic: topic === null ? null : printable(topic, 256) }
}

/** A delivery id that is long or holds control characters is known by its hash: it dedupes as well. */
function boundedId(id: string): string {
  if (id.length <= 256 && id === printable(id, 256)) return id
  // In UTF-16, which JavaScript has: UTF-8 makes one character of all that are broken.
  return `sha256:${createHash('sha256').update(id, 'utf16le').digest('hex')}`
}

function printable(text: string, length: number): string {
  if (text.length <= length && /^[\x20-\x7e]*$/.test(text)) return text
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu, '').slice(0, length)
}
