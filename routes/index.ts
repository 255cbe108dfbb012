import type { FastifyInstance } from 'fastify'
import { admin } from './api/index.ts'
import { health } from './health.ts'
import { metrics } from './metrics.ts'
import { webhooks } from './webhooks.ts'

/** Every route of the relay, by name. */
export async function routes(app: FastifyInstance): Promise<void> {
  await app.register(webhooks)
  await app.register(health)
  await app.register(metrics)
  await app.register(admin, { prefix: '/api/v1' })
}
