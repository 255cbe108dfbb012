import type { FastifyInstance } from 'fastify'

/** `/metrics`, in Prometheus' text format. */
export async function metrics(app: FastifyInstance): Promise<void> {
  app.get('/metrics', async (_request, reply) => {
    const { relay } = app
    const text = await relay.metrics.render(await relay.store.readStats(), relay.delivers, relay.rhythms(), relay.now())
    return reply.type(relay.metrics.contentType).send(text)
  })
}
