import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { RelayError } from '../domain/errors.ts'
import { addressGroup, addressOf } from './address-group.ts'
import { createRefusedAdmins } from './admin-trace.ts'

/** Whose token `server.admin_token` is. */
const configured = 'admin'
/** Wrong tokens that one address may send in a minute. */
const failuresPerMinute = 20
const refusedEveryMs = 10_000

/** Every route of this scope needs `Authorization: Bearer <token>`, compared in constant time. No token: no API. */
export function requireAdmin(app: FastifyInstance, token: () => string | undefined): void {
  const { relay } = app
  const refused = createRefusedAdmins(relay.now, relay.emit)
  const timer = setInterval(refused.step, refusedEveryMs).unref()
  app.addHook('onClose', async () => {
    clearInterval(timer)
    refused.end()
  })

  const failures = app.createRateLimit({
    max: failuresPerMinute,
    timeWindow: 60_000,
    keyGenerator: (request) => addressGroup(addressOf(request)),
  })

  app.addHook('onRequest', async (request, reply) => {
    const expected = token()
    if (!expected) throw new RelayError('not_found', 'the admin API is off: no server.admin_token is configured')
    const given = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
    // The right token always passes: somebody who guesses behind the same proxy can't lock the operator out.
    if (given !== undefined && timingSafeEqual(digest(given), digest(expected))) {
      request.who = configured
      return
    }
    const limit = await failures(request)
    const isOver = !limit.isAllowed && limit.isExceeded
    refused.note({ ip: addressOf(request), code: isOver ? 'rate_limited' : 'unauthorized', requestId: request.id })
    if (isOver) {
      throw new RelayError('rate_limited', 'too many wrong admin tokens from this address', { retryAfterMs: limit.ttl })
    }
    reply.header('www-authenticate', 'Bearer')
    throw new RelayError(
      'unauthorized',
      given === undefined ? 'a bearer token is required' : 'the bearer token is wrong',
    )
  })
}

/** Hashed first, so that the lengths are equal and say nothing. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
