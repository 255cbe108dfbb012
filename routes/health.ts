import type { FastifyInstance } from 'fastify'
import { ok } from '../src/api/envelope.ts'

/** `/healthz`: the process is alive. `/readyz`: the store can be written and the loops run. */
export async function health(app: FastifyInstance): Promise<void> {
  app.get('/healthz', async (request) => ok({ status: 'alive' }, request.id))
  app.get('/readyz', async (request) => {
    await app.relay.checkReady()
    return ok({ status: 'ready' }, request.id)
  })
}
