import type { FastifyInstance } from 'fastify'
import { admin } from './api/index.ts'
import { health } from './health.ts'
import { metrics } from './metrics.ts'
import { webhooks } from './webhooks.ts'

/** Who comes in: senders of webhooks, operators, or both. */
export type Door = 'all' | 'public' | 'operators'

/** Every route of the relay, by name, as far as it is for those who come in by this door. */
export async function routes(app: FastifyInstance, { door }: { readonly door: Door }): Promise<void> {
  await app.register(health)
  if (door !== 'operators') await app.register(webhooks)
  if (door === 'public') return
  await app.register(metrics)
  await app.register(admin, { prefix: '/api/v1' })
}
