import { createHash, hash } from 'node:crypto'
import { RelayError } from '../../domain/errors.ts'
import type { InboundRequest, Verified } from '../../domain/inbound-request.ts'
import type { Proof } from '../../domain/proof.ts'
import type { Emit } from '../../domain/signal.ts'
import type { Answer, EventNames, Ping } from '../../mapping/mapper.ts'
import { codingsOf, provenPart, readDecoded, readWebhook, type Webhook } from '../../mapping/webhook/webhook.ts'
import type { Receiving } from '../../store/contract/receiving.ts'

import type { Verdict } from '../../verify/verifier.ts'
import type { Intake } from '../ports.ts'
import type { Source } from '../source.ts'
import { requireAllowed } from './allowed.ts'
import { createDecode, type Decoded } from './decoding.ts'

export interface ReceiveDeps {
  readonly store: Pick<Receiving, 'accept'>
  readonly sources: ReadonlyMap<string, Source>
  /** Limit for a body, also after decompression. Bytes. */
  readonly bodyLimit: () => number
  readonly intake: Pick<Intake, 'hold' | 'release'>
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
export type Receive = (delivery: InboundRequest, sender?: Sender) => Promise<Received>

export interface Sender {
  readonly address: string
  /** Whether its address has sent too much that was not authentic: nothing of it is decompressed on trust. */
  isSuspect(address: string): boolean
}

/** Verify, then read, then write, then answer. The sender is told 202 only for what is on disk. */
export function createReceive({ store, sources, bodyLimit, intake, now, emit, onEvent }: ReceiveDeps): Receive {
  const decode = createDecode({ intake, bodyLimit })

  return async function receive(delivery, sender) {
    const at = now()
    const source = sources.get(delivery.source)
    if (!source?.enabled) throw new RelayError('not_found', `unknown source '${printable(delivery.source, 64)}'`)

    if (sender) requireAllowed(source, sender.address)
    if (delivery.headers['content-encoding']) return receiveEncoded(source, delivery, at, sender)
    // Most of what is asked from here on answers at once. Waiting for it all the same costs a measurable part of an accept.
    const checked = source.verifier.verify(delivery, at)
    const verdict = checked instanceof Promise ? await checked : checked
    if (!verdict.ok) return refuse(source, delivery, verdict.reason)
    admit(source)
    return keep(source, delivery, verdict, verdict.delivery.body, at)
  }

  /** The signature covers the bytes as sent; senders that compress in transit sign what they compressed. */
  async function receiveEncoded(
    source: Source,
    delivery: InboundRequest,
    at: number,
    sender?: Sender,
  ): Promise<Received> {
    let decoded: Decoded | null = null
    try {
      let verdict = await source.verifier.verify(delivery, at)
      if (!verdict.ok && verdict.isMismatch && codingsOf(delivery.headers).length === 1) {
        decoded = await decodeOnTrust(source, delivery, verdict.reason, sender)
        verdict = await source.verifier.verify(delivery, at, decoded.bytes)
      }
      if (!verdict.ok) return refuse(source, delivery, verdict.reason)
      admit(source)
      const { delivery: verified } = verdict
      // If a secret was blanked in it, the body is plain already.
      if (!verified.headers['content-encoding']) return await keep(source, delivery, verdict, verified.body, at)
      decoded ??= await decode(verified)
      return await keep(source, delivery, verdict, decoded.bytes, at)
    } finally {
      decoded?.release()
    }
  }

  /** What can't be decompressed is not verified: whoever sends that time and again is slowed down as any forger. */
  async function decodeOnTrust(
    source: Source,
    delivery: InboundRequest,
    reason: string,
    sender?: Sender,
  ): Promise<Decoded> {
    const check = () => {
      if (sender?.isSuspect(sender.address)) throw unverified(source, reason)
    }
    try {
      return await decode(delivery, check)
    } catch (error) {
      if (!(error instanceof RelayError) || error.code === 'overloaded' || error.code === 'unauthorized') throw error
      throw unverified(source, `${reason}; ${error.message}`)
    }
  }

  async function refuse(source: Source, delivery: InboundRequest, reason: string): Promise<Received> {
    const ping = await readUnsignedPing(source, delivery)
    if (ping) return answerPing(source, ping, delivery)
    throw unverified(source, reason)
  }

  /** Secrets in path, query and body are blanked in what is verified: what is read is what is kept. `bytes` are its body, decompressed. */
  async function keep(
    source: Source,
    delivery: InboundRequest,
    { delivery: verified, proof }: Extract<Verdict, { ok: true }>,
    bytes: Buffer,
    at: number,
  ): Promise<Received> {
    const read = await readKept(source, { ...verified, proof }, bytes)
    if ('ping' in read) return answerPing(source, read.ping, delivery)
    const { id, topic, tag } = read
    const [accepted] = await store.accept([
      {
        source: source.name,
        deliveryId: id,
        topic,
        receivedAt: at,
        method: verified.method,
        path: verified.path,
        query: verified.query,
        headers: source.storableHeaders(verified.headers, proof),
        body: verified.body,
        proof,
        deliveryTag: tag,
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

  function answerPing(source: Source, ping: Ping, { body }: InboundRequest): Received {
    const { status, note } = ping
    emit({ kind: 'webhook.answered', source: source.name, status, bytes: body.length, note })
    return { kind: 'ping', ping }
  }

  async function readUnsignedPing(source: Source, delivery: InboundRequest): Promise<Ping | null> {
    const { headers, body } = delivery
    if (!source.mapper.hasUnsignedPings || headers['content-encoding'] || body.length > longestPing) return null
    const ping = await readWebhook({ ...delivery, limit: longestPing }).then(
      (webhook) => source.mapper.readPing(webhook),
      () => null, // what can't be read is not a ping; the refusal names the signature
    )
    return ping?.unsigned ? ping : null
  }
}

/** A ping says next to nothing. What is longer and unsigned is not parsed. Bytes. */
const longestPing = 64 * 1024

function unverified({ name }: Source, reason: string): RelayError {
  return new RelayError('unauthorized', `webhook of source '${name}' is not verified: ${reason}`)
}

/** Asked once a webhook is verified, so that forged ones can't use up a source's rate. Throws RelayError `rate_limited`. */
function admit({ name, rateLimit }: Source): void {
  if (!rateLimit) return
  const { max, windowMs, pass } = rateLimit
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

type Read = { readonly ping: Ping } | (EventNames & { readonly tag: string | null })

/** A function of its own, so that the values of a body are let go before its event is written: they may cost a hundred times its memory. */
async function readKept(
  source: Source,
  verified: Verified & { readonly proof: Proof | null },
  bytes: Buffer,
): Promise<Read> {
  const { mapper } = source
  const webhook = readDecoded(verified, bytes, !mapper.needsBodyForNames)
  const found = mapper.readPing(webhook)
  const ping = found instanceof Promise ? await found : found
  if (ping) return { ping }
  const names = readNames(source, webhook)
  const { id, topic } = names instanceof Promise ? await names : names
  if (id === null || verified.proof === null || !mapper.readsIdOfRequest) return { id, topic, tag: null }
  const proven = readNames(source, provenPart(webhook))
  const { id: provenId } = proven instanceof Promise ? await proven : proven
  return provenId === null ? { id, topic, tag: tagOf(webhook, topic) } : { id: provenId, topic, tag: null }
}

/**
 * What makes a duplicate beside an id that anybody can write: the body, and what decides how it is read. Else a recorded body
 * that is sent with another topic would fail, and use up the id for the webhook that has the true one.
 */
function tagOf({ digest, method, path, query, headers }: Webhook, topic: string | null): string {
  const parts = [digest, topic, method, path, Object.entries(query), headers['content-type'] ?? null]
  return hash('sha256', JSON.stringify(parts), 'hex').slice(0, 16)
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
