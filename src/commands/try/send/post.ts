import type { Environment } from '../../../config/substitute.ts'
import { RelayError } from '../../../domain/errors.ts'
import type { InboundRequest } from '../../../domain/inbound-request.ts'
import { headerIn, readText } from '../../../http-client/answer.ts'
import { createHttpClient } from '../../../http-client/client.ts'
import { readRoot } from '../../../http-client/url.ts'
import { noAnswer } from '../../shared/relay-refusal.ts'

/** What a relay has said to a webhook. */
export interface WebhookAnswer {
  readonly status: number
  readonly text: string
  readonly retryAfter: string | null
}

/** For the whole call. */
const timeoutMs = 30_000
const maxBytes = 1024 * 1024

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

/** Sends a webhook to a relay, its bytes as they are. Throws RelayError `unavailable` if nobody answers. */
export async function postWebhook(url: string, delivery: InboundRequest, env: Environment): Promise<WebhookAnswer> {
  const { method, path, query, headers, body } = delivery
  const { origin, path: prefix } = readRoot(url, '--url ')
  const sent = Object.fromEntries(Object.entries(headers).filter(([name]) => !ofConnection.has(name)))
  const whole = `${prefix}${path}${query === '' ? '' : `?${query}`}`
  const client = createHttpClient({ origin, connections: 1, timeoutMs, env })
  const answer = await client.ask(async (send) => {
    const bytes = method === 'GET' || method === 'HEAD' ? null : body
    const given = await send({ method: method as 'POST', path: whole, headers: sent, body: bytes })
    const retryAfter = headerIn(given.headers['retry-after']) ?? null
    return { kind: 'answer', status: given.statusCode, text: await readText(given.body, maxBytes), retryAfter } as const
  })
  await client.close()
  if (answer.kind === 'answer') return answer
  if (answer.reason === 'other') throw new RelayError('invalid', `the webhook can't be sent: ${answer.message}`)
  throw noAnswer(url, answer.message)
}
