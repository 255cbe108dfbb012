import type { FastifyInstance } from 'fastify'

/** `/metrics`, in Prometheus' text format. */
export async function metrics(app: FastifyInstance): Promise<void> {
  app.get('/metrics', async (_request, reply) => {
    const { relay } = app
    const { metrics, store, storeWatch, delivers } = relay
    const text = await metrics.render(
      await store.readStats(),
      delivers,
      relay.rhythms(),
      storeWatch.files(),
      relay.now(),
    )
    return reply.type(relay.metrics.contentType).send(text)
  })
}
