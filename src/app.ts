import { randomUUID } from 'node:crypto'
import rateLimit from '@fastify/rate-limit'
import fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify'
import { routes } from '../routes/index.ts'
import { expectedError, installErrors, sendError } from './plugins/errors.ts'
import { installSecurityHeaders, protect } from './plugins/security-headers.ts'
import { installStopping } from './plugins/stopping.ts'
import type { Relay } from './relay.ts'

declare module 'fastify' {
  interface FastifyInstance {
    readonly relay: Relay
  }
}

/** The HTTP side of a relay. Does not listen. */
export async function createApp(relay: Relay, log: FastifyBaseLogger): Promise<FastifyInstance> {
  const { server } = relay.config
  const app = fastify({
    loggerInstance: shared(log),
    // The stages write one wide line for each event; a second one for each request would say nothing more.
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => randomUUID(),
    bodyLimit: server.body_limit,
    trustProxy: trustProxyOf(server.trust_proxy),
    forceCloseConnections: 'idle',
    // A sender that never finishes its request must not hold a connection for ever.
    requestTimeout: 30_000,
    return503OnClosing: false, // our own says when to try again
    frameworkErrors: (error, request, reply) => void sendError(protect(reply), request, expectedError(error)),
    routerOptions: { maxParamLength: 4096 },
    schemaController: { compilersFactory: noCompilers },
  })
  app.decorate('relay', relay)
  installErrors(app)
  installSecurityHeaders(app)
  installStopping(app)
  await app.register(rateLimit, { global: false })
  await app.register(routes)
  return app
}

/** The same logger for every request: a line that is about a request names it. (Fastify checks what a factory makes each time.) */
function shared(log: FastifyBaseLogger): FastifyBaseLogger {
  const one: FastifyBaseLogger = Object.assign(Object.create(log) as FastifyBaseLogger, { child: () => one })
  return one
}

/** What comes in is checked with zod: Fastify need not load compilers of JSON Schema, a twentieth of the time to start. */
const noCompilers = {
  buildValidator: () => () => {
    throw new Error('no route has a schema for Fastify')
  },
  buildSerializer: () => () => {
    throw new Error('no route has a schema for Fastify')
  },
}

function trustProxyOf(setting: Relay['config']['server']['trust_proxy']): boolean | string | string[] {
  return Array.isArray(setting) ? [...setting] : (setting as boolean | string)
}
