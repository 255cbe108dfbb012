import { messageOf, RelayError } from '../../domain/errors.ts'
import type { InboundRequest } from '../../domain/inbound-request.ts'

/** What a relay has said to a webhook. */
export interface WebhookAnswer {
  readonly status: number
  readonly text: string
  readonly retryAfter: string | null
}

/** For the whole call. */
const timeoutMs = 30_000

/** What belongs to the connection that a fixture was recorded from. */
const ofConnection = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'te',
  'transfer-encoding',
  'upgrade',
])

/** Posts a webhook, its bytes as they are. Throws RelayError `unavailable` if nobody answers. */
export async function postWebhook(origin: string, delivery: InboundRequest): Promise<WebhookAnswer> {
  const { method, path, query, headers, body } = delivery
  const url = new URL(query === '' ? path : `${path}?${query}`, origin)
  const sent = Object.entries(headers).filter(([name]) => !ofConnection.has(name))
  try {
    const answer = await fetch(url, {
      method,
      headers: Object.fromEntries(sent),
      ...(method !== 'GET' && method !== 'HEAD' && { body: new Uint8Array(body) }),
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    })
    return { status: answer.status, text: await answer.text(), retryAfter: answer.headers.get('retry-after') }
  } catch (cause) {
    if (cause instanceof TypeError && /header|ByteString/i.test(cause.message)) {
      throw new RelayError('invalid', `a header can't be sent: ${messageOf(cause)}`, { cause })
    }
    const hint = 'start it with `cms-relay serve`, or say with --url where it listens'
    throw new RelayError('unavailable', `no relay answers at ${origin}: ${hint}`, { cause })
  }
}
