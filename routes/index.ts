import type { FastifyInstance } from 'fastify'
import { addRoutes, type Route } from '../src/http/route.ts'
import { admin } from './api/index.ts'
import { documentation } from './documentation.ts'
import { health } from './health.ts'
import { metrics } from './metrics.ts'
import { webhooks } from './webhooks.ts'

/** The users of a listener: senders of webhooks, operators, or both. */
export type Door = 'all' | 'public' | 'operators'

/** Every route of the relay, by name, as far as it is for those who come in by this door. The table that registers them describes them. */
export async function routes(app: FastifyInstance, { door }: { readonly door: Door }): Promise<void> {
  const { relay } = app
  const table: Route[] = [...health(relay), ...metrics(relay)]
  addRoutes(app, door === 'public' ? health(relay) : table)
  await app.register(async (scope) => {
    const rows = webhooks(scope)
    if (door !== 'operators') addRoutes(scope, rows)
    table.push(...rows)
  })
  if (door === 'public') return
  await app.register(async (scope) => {
    const rows = admin(scope)
    addRoutes(scope, rows)
    table.push(...rows)
  })
  addRoutes(app, documentation(table))
}
