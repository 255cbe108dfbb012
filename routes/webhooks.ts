import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { envelopeOf, ok } from '../src/api/envelope.ts'
import { acceptedSchema } from '../src/api/events.ts'
import { RelayError } from '../src/domain/errors.ts'
import type { InboundRequest } from '../src/domain/inbound-request.ts'
import { addressGroup, addressOf } from '../src/http/address-group.ts'
import { type Sent, sendAccepted, sendAnswer } from '../src/http/answer.ts'
import { createEndOfTick } from '../src/http/end-of-tick.ts'
import { expectedError, sendError } from '../src/http/errors.ts'
import type { Route } from '../src/http/route.ts'
import { createSuspects } from '../src/http/suspects.ts'
import { createBodyReader, releaseBody } from '../src/http/webhook-body.ts'
import { ForbiddenAddress } from '../src/stages/receive/allowed.ts'
import type { Received } from '../src/stages/receive/receive.ts'

type Webhook = FastifyRequest<{ Params: { source: string; '*'?: string }; Body: Buffer | undefined }>

/** Failed signatures that one address may send in a minute before it is told to wait. */
const failuresPerMinute = 30
const noBytes = Buffer.alloc(0)

/** `POST /webhooks/:source`: receive. `GET`: a challenge, if the mapper knows one. */
export function webhooks(app: FastifyInstance): readonly Route[] {
  // The signature covers the bytes as sent, so in this scope (only) nothing parses the body.
  app.removeAllContentTypeParsers()
  const { relay } = app
  const { intake } = relay
  // Fastify finds a parser by its name quicker than by '*'.
  app.addContentTypeParser(
    ['application/json', '*'],
    createBodyReader(intake, () => relay.config.server.body_limit),
  )
  // A Content-Type that is none says no more than one left out, and Fastify would refuse it.
  app.addHook('onRequest', (request, _reply, done) => {
    const isWrong = request.mediaType === undefined && request.headers['content-type'] !== undefined
    if (isWrong) request.headers = { 'content-type': undefined } // only for Fastify: `raw` keeps what was sent
    done()
  })

  const failures = app.createRateLimit({
    max: failuresPerMinute,
    timeWindow: 60_000,
    keyGenerator: (request) => addressGroup(addressOf(request)),
  })

  const suspects = createSuspects(relay.now)
  const isSuspect = (address: string) => suspects.has(addressGroup(address))

  const endOfTick = createEndOfTick()

  async function handle(request: Webhook, reply: FastifyReply): Promise<Sent> {
    intake.enter()
    try {
      await endOfTick()
      const received = await relay.receive(deliveryOf(request), { address: addressOf(request), isSuspect })
      if (received.kind === 'kept' && received.duplicate) relay.refusals.noteDuplicate(request.params.source)
      return answer(received, request, reply)
    } finally {
      intake.leave()
      releaseBody(intake, request)
    }
  }

  // Also what Fastify itself refuses, such as a body over the limit, is counted and logged.
  app.setErrorHandler(async (error, request, reply) => {
    releaseBody(intake, request)
    const expected = expectedError(error)
    if (!expected) throw error
    return sendError(reply, request, await refused(expected, request as Webhook))
  })

  /** Counts the refusal; an address that keeps sending what is not authentic is slowed down. */
  async function refused(error: RelayError, request: Webhook): Promise<RelayError> {
    const answered = error.code === 'unauthorized' ? await slowedDown(error, request) : error
    const source = relay.sources.has(request.params.source) ? request.params.source : null
    const bytes = request.body?.length ?? 0
    const isForbidden = error instanceof ForbiddenAddress
    const reason = isForbidden ? `${error.message}: its address is not in allow_from` : error.message
    const address = addressGroup(addressOf(request))
    if (source !== null) relay.refusals.note({ source, code: isForbidden ? 'address' : error.code, reason, address })
    relay.emit({ kind: 'webhook.refused', source, code: isForbidden ? 'address' : answered.code, reason, bytes })
    return answered
  }

  async function slowedDown(error: RelayError, request: Webhook): Promise<RelayError> {
    const limit = await failures(request)
    if (limit.isAllowed || !limit.isExceeded) return error
    suspects.add(addressGroup(addressOf(request)), limit.ttl)
    const message = 'too many unverified webhooks from this address'
    return new RelayError('rate_limited', message, { retryAfterMs: limit.ttl })
  }

  const answerChallenge = async (request: Webhook, reply: FastifyReply) => {
    return sendAnswer(reply, await relay.answerChallenge(deliveryOf(request), addressOf(request)), request.id)
  }

  return [
    { ...receiving, path: '/webhooks/:source', name: 'receiveWebhook', handler: handle },
    { ...receiving, path: '/webhooks/:source/*', name: 'receiveWebhookBelow', handler: handle },
    { ...greeting, path: '/webhooks/:source', name: 'answerChallenge', handler: answerChallenge },
    { ...greeting, path: '/webhooks/:source/*', name: 'answerChallengeBelow', handler: answerChallenge },
  ]
}

const anyAnswer = { description: 'As the mapper says.', type: '*/*', schema: null }

const receiving = {
  method: 'POST',
  tag: 'webhooks',
  role: 'source',
  summary: 'Receive a webhook: it is kept on disk, or known already; a ping is answered as the mapper says',
  body: 'bytes',
  answers: {
    202: { description: 'Kept.', type: 'application/json', schema: envelopeOf(acceptedSchema) },
    '2XX': anyAnswer,
  },
  errors: [],
} as const

const greeting = {
  method: 'GET',
  tag: 'webhooks',
  role: 'source',
  summary: 'Answer a challenge, if the mapper knows one',
  answers: { '2XX': anyAnswer },
  errors: [],
} as const

function deliveryOf({ params, method, url, raw: { headers }, body }: Webhook): InboundRequest {
  const mark = url.indexOf('?')
  return {
    source: params.source,
    method,
    path: mark < 0 ? url : url.slice(0, mark),
    query: mark < 0 ? '' : url.slice(mark + 1),
    headers: textsOf(headers),
    body: body ?? noBytes, // Fastify skips the parser for an empty body
  }
}

/** Node joins the values of a header that came several times, all but those of one that no request has. */
function textsOf(headers: Webhook['headers']): Record<string, string> {
  const { 'set-cookie': cookies } = headers
  return (cookies ? { ...headers, 'set-cookie': cookies.join(', ') } : headers) as Record<string, string>
}

function answer(received: Received, request: Webhook, reply: FastifyReply): Sent {
  if (received.kind === 'ping') return sendAnswer(reply, received.ping, request.id)
  const { eventId, answer: wanted } = received
  const status = received.duplicate ? 'duplicate' : 'accepted'
  if (!wanted) return sendAccepted(reply, eventId, status)
  return sendAnswer(reply, wanted, request.id, ok({ event_id: eventId, status }, request.id))
}
