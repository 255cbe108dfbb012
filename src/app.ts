import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import rateLimit from '@fastify/rate-limit'
import fastify, { type FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { type Door, routes } from '../routes/index.ts'
import { astrayTls } from './http/astray.ts'
import { answerLast, installContinue, installEarlyAnswers } from './http/early-answer.ts'
import { expectedError, installErrors, sendError, unreadableAnswer } from './http/errors.ts'
import { noCompilers } from './http/no-compilers.ts'
import { installSecurityHeaders, protect } from './http/security-headers.ts'
import { installStopping } from './http/stopping.ts'
import { createTrust } from './http/trust-proxy.ts'
import type { Relay } from './relay.ts'

declare module 'fastify' {
  interface FastifyInstance {
    readonly relay: Relay
    readonly logger: Logger
  }
}

/** One for each listener: with `server.admin` the second is for operators alone. They do not listen yet. */
export async function createApps(relay: Relay, logger: Logger): Promise<readonly FastifyInstance[]> {
  if (!relay.config.server.admin) return [await createApp(relay, logger)]
  return [await createApp(relay, logger, 'public'), await createApp(relay, logger, 'operators')]
}

/** The HTTP side of a relay. Does not listen. */
export async function createApp(relay: Relay, logger: Logger, door: Door = 'all'): Promise<FastifyInstance> {
  const app = fastify({
    // The stages write one wide line for each event; one for each request would say nothing more. Where Fastify has a logger,
    // it listens to each answer and gives each request a logger of its own, whether a line is written or not.
    logger: false,
    genReqId: createRequestIds(),
    bodyLimit: Number.MAX_SAFE_INTEGER, // readers of bodies have the limit of the configuration in force
    trustProxy: createTrust(() => relay.config.server.trust_proxy),
    forceCloseConnections: 'idle',
    // A sender that never finishes its request must not hold a connection for ever.
    requestTimeout: 30_000,
    return503OnClosing: false, // our own says when to try again
    clientErrorHandler(error, socket) {
      if (!answerLast(socket as Socket, app.isStopping, unreadableAnswer(error))) return
      const astray = astrayTls(error)
      if (astray) relay.emit(astray)
    },
    frameworkErrors: (error, request, reply) => void sendError(protect(reply), request, expectedError(error)),
    routerOptions: { maxParamLength: 4096 },
    schemaController: { compilersFactory: noCompilers },
  })
  // The body of a request for what is not there is not read: parsing one costs more than sending it.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, _payload, done) => done(null))
  app.decorate('relay', relay)
  app.decorate('logger', logger)
  app.decorateRequest('held', 0)
  app.server.on('connection', relay.intake.connect)
  // Node reads 2,000 by default, which cost a stranger 16 KB and the relay a hundred times that.
  app.server.maxHeadersCount = 200
  installErrors(app)
  installSecurityHeaders(app)
  installStopping(app)
  installEarlyAnswers(app.server, app.isStopping)
  installContinue(app.server)
  await app.register(rateLimit, { global: false })
  await app.register(routes, { door })
  return app
}

/** Ids that no other process gives out: a random part, made once, and a number. */
function createRequestIds(): () => string {
  const run = randomBytes(8).toString('hex')
  let last = 0
  return () => {
    last += 1
    return `req_${run}_${last}`
  }
}
