import type { FastifyInstance } from 'fastify'
import { RelayError } from '../domain/errors.ts'

/**
 * Once the server closes: what was under way is finished and answered `connection: close`, so that nobody keeps the
 * server waiting; what begins on an open connection is told 503 with Retry-After.
 */
export function installStopping(app: FastifyInstance): void {
  let isStopping = false
  app.decorate('isStopping', () => isStopping)
  app.addHook('preClose', async () => {
    isStopping = true
  })
  // With callbacks: a promise more for each request is a measurable part of taking a webhook.
  app.addHook('onRequest', (_request, _reply, done) => {
    done(isStopping ? new RelayError('unavailable', 'the relay is stopping') : undefined)
  })
  app.addHook('onSend', (_request, reply, payload, done) => {
    if (isStopping) reply.header('connection', 'close')
    done(null, payload)
  })
}

declare module 'fastify' {
  interface FastifyInstance {
    /** Whether the server has begun to close. */
    readonly isStopping: () => boolean
  }
}
