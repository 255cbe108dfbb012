import type { Route } from '../src/http/route.ts'
import type { Relay } from '../src/relay.ts'

/** `/metrics`, in Prometheus' text format. */
export function metrics(relay: Relay): readonly Route[] {
  const { metrics, store, storeWatch, delivers } = relay
  return [
    {
      method: 'GET',
      path: '/metrics',
      name: 'readMetrics',
      tag: 'health',
      role: 'public',
      summary: 'Metrics, for Prometheus',
      answers: { 200: { description: 'In its text format.', type: 'text/plain', schema: null } },
      errors: [],
      async handler(_request, reply) {
        const stats = await store.readStats()
        const text = await metrics.render(stats, delivers, relay.rhythms(), storeWatch.files(), relay.now())
        return reply.type(metrics.contentType).send(text)
      },
    },
  ]
}
