import { randomUUID } from 'node:crypto'
import { readRetryAfter } from '../../domain/retry.ts'
import { headerIn, readDate, readText } from '../../http-client/answer.ts'
import { createHttpClient, type NoAnswer, type SendRequest } from '../../http-client/client.ts'
import { readRoot } from '../../http-client/url.ts'
import { readToken, sign } from '../signer.ts'
import { siteHostOf } from '../site-domain.ts'
import { type CallPath, type Envelope, paths, readEnvelope } from '../wire.ts'
import { excerptOf } from './excerpt.ts'

export interface IngestClientOptions {
  /** Root of the API, with or without a trailing slash; its path is part of what is signed. */
  readonly baseUrl: string
  readonly token: string
  readonly websiteId: string
  readonly siteDomain: string
  /** What produced the items, if the call does not say. */
  readonly connectorType: string
  readonly connectorVersion: string
  /** For a whole call, from `send` to the last byte of the answer. */
  readonly timeoutMs: number
  /** Most sockets; a further call waits for one, within its time. */
  readonly connections: number
  readonly maxAnswerBytes?: number
  readonly now?: () => number
  readonly nonce?: () => string
}

export interface IngestCall {
  readonly path: CallPath
  /** The Idempotency-Key: one per logical call, the same for each of its attempts. */
  readonly key: string
  /** The exact bytes, the same for each attempt. */
  readonly body: Buffer
  readonly connectorType?: string | undefined
}

interface Answered {
  readonly kind: 'answer'
  readonly status: number
  /** Null if the body is not an envelope, or was cut short on a 413. */
  readonly envelope: Envelope | null
  /** What a body that is not an envelope says: a page's title, or its first words. */
  readonly excerpt?: string | undefined
  readonly retryAfterMs: number | null
  /** The server's clock, from its `Date` header, in unix milliseconds. */
  readonly date: number | null
  readonly requestId: string | null
}

/** What came of one attempt. */
export type Answer = (Answered | NoAnswer) & { readonly durationMs: number }

export interface IngestClient {
  /** One attempt, signed with a fresh nonce and timestamp. Never retries, never redirects, never throws for trouble. */
  send(call: IngestCall, signal?: AbortSignal): Promise<Answer>
  /** How far the server's clock is ahead of ours: from now on calls are signed with the server's time. */
  setClockSkew(skewMs: number): void
  /** Waits for the calls under way (each bounded by its timeout), then closes the sockets. */
  close(): Promise<void>
}

const defaultMaxAnswerBytes = 1024 * 1024

/**
 * Calls one destination, over sockets of its own that are kept alive. Secrets are in no message that it gives.
 */
export function createIngestClient({
  maxAnswerBytes = defaultMaxAnswerBytes,
  now = Date.now,
  nonce = randomUUID,
  ...options
}: IngestClientOptions): IngestClient {
  const { token, websiteId, timeoutMs } = options
  const { secret } = readToken(token)
  const siteDomain = siteHostOf(options.siteDomain)
  const base = readRoot(options.baseUrl, 'base url ')
  const client = createHttpClient({ origin: base.origin, connections: options.connections, timeoutMs })
  let clockSkewMs = 0

  // A server may quote what it was sent. Words too short to be a secret would only spoil the message.
  function redact(message: string): string {
    const rest = message.replaceAll(token, '[token]')
    return secret.length < 8 ? rest : rest.replaceAll(secret, '[secret]')
  }

  async function attempt(call: IngestCall, send: SendRequest): Promise<Answered> {
    const path = base.path + paths[call.path]
    const timestampSec = Math.floor((now() + clockSkewMs) / 1000)
    const { statusCode, headers, body } = await send({
      method: 'POST',
      path,
      body: call.body,
      headers: {
        ...sign({ token, websiteId, path, body: call.body, timestampSec, nonce: nonce() }),
        'Content-Type': 'application/json',
        'Idempotency-Key': call.key,
        'X-Site-Domain': siteDomain,
        'X-Connector-Type': call.connectorType ?? options.connectorType,
        'X-Connector-Version': options.connectorVersion,
        Accept: 'application/json',
        'Accept-Encoding': 'identity', // without it a server may choose any encoding (RFC 9110, 12.5.3)
        'User-Agent': `cms-relay/${options.connectorVersion}`,
      },
    })
    const text = await readText(body, maxAnswerBytes).catch((error) => {
      // A server that refuses a body for its size may hang up in mid answer: the status says all that matters.
      if (statusCode === 413) return ''
      throw error
    })
    const envelope = readEnvelope(text, redact)
    const date = readDate(headerIn(headers['date']))
    return {
      kind: 'answer',
      status: statusCode,
      envelope,
      ...(envelope === null && { excerpt: excerptOf(redact(text)) }),
      // A Retry-After that is a date is meant on the server's clock.
      retryAfterMs: readRetryAfter(headerIn(headers['retry-after']), date ?? now()),
      date,
      requestId: redact(requestIdOf(envelope) ?? headerIn(headers['x-request-id']) ?? '').slice(0, 200) || null,
    }
  }

  return {
    send: (call, cut) => client.ask((send) => attempt(call, send), cut),
    setClockSkew(skewMs) {
      clockSkewMs = skewMs
    },
    close: client.close,
  }
}

function requestIdOf(envelope: Envelope | null): string | undefined {
  if (envelope === null) return undefined
  return envelope.meta?.requestId ?? (envelope.ok ? undefined : envelope.error.requestId)
}
