import type { Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { RelayError } from '../domain/errors.ts'

/**
 * Once the server closes: what was under way is finished and answered `connection: close`, so that nobody keeps the
 * server waiting; what begins on an open connection is told 503 with Retry-After; connections over which nothing has come end.
 */
export function installStopping(app: FastifyInstance): void {
  let isStopping = false
  app.decorate('isStopping', () => isStopping)
  const open = new Set<Socket>()
  app.server.on('connection', (socket) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
  })
  app.addHook('preClose', async () => {
    isStopping = true
    // What has arrived already is read first, and answered.
    for (let turn = 0; turn < 2; turn += 1) await setImmediate()
    // Node closes connections between two requests; one before its first would keep the server waiting.
    for (const socket of open) if (socket.bytesRead === 0) socket.destroy()
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
