import type { FastifyInstance } from 'fastify'
import { requireAdmin } from '../../src/http/admin-auth.ts'
import { traceActs } from '../../src/http/admin-trace.ts'
import type { Route } from '../../src/http/route.ts'
import { createJsonReader } from '../../src/http/webhook-body.ts'
import { attempts } from './attempts.ts'
import { destinations } from './destinations.ts'
import { events } from './events.ts'
import { items } from './items.ts'
import { mappers } from './mappers.ts'
import { reload } from './reload.ts'
import { signals } from './signals.ts'
import { sources } from './sources.ts'

/** The admin API, under a bearer token. Without a configured token every route of it is 404. */
export function admin(app: FastifyInstance): readonly Route[] {
  const { relay } = app
  traceActs(app, relay.emit)
  requireAdmin(app, () => relay.config.server.admin_token)
  // A body that is signed is kept as it came, and may hold a secret.
  app.addHook('onSend', async (_request, _reply, payload) => {
    return typeof payload === 'string' ? relay.mask(payload) : payload
  })
  // As webhooks are read: integers beyond 2^53 keep their digits, and `__proto__` is left out.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(
    'application/json',
    createJsonReader(relay.intake, () => relay.config.server.body_limit),
  )
  return [
    ...events(relay),
    ...items(relay),
    ...attempts(relay),
    ...destinations(relay),
    ...sources(relay),
    ...mappers(relay),
    ...signals(app),
    ...reload(relay),
  ]
}
