// The yardstick with the relay's store behind it, and nothing else: what durable accepts cost without the rest.
import { createHmac, timingSafeEqual } from 'node:crypto'
import fastify from 'fastify'
import { openSqlite } from '../../src/store/sqlite/open.ts'
import { secret } from '../shop.ts'

const store = await openSqlite(process.env['BENCH_DATABASE']!, { lock: true })
const app = fastify()
app.removeAllContentTypeParsers()
app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))

app.get('/readyz', async () => ({ ok: true }))

app.post<{ Body: Buffer }>('/webhooks/shop', async (request, reply) => {
  const { headers, body } = request
  const given = Buffer.from(String(headers['x-shopify-hmac-sha256']), 'base64')
  const expected = createHmac('sha256', secret).update(body).digest()
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return reply.code(401).send({ ok: false })
  const event = {
    source: 'shop',
    deliveryId: String(headers['x-shopify-webhook-id']),
    topic: String(headers['x-shopify-topic']),
    receivedAt: Date.now(),
    method: 'POST',
    path: '/webhooks/shop',
    query: '',
    headers: headers as Record<string, string>,
    body,
  }
  const [accepted] = await store.accept([event])
  return reply.code(202).send({ ok: true, data: { event_id: accepted?.eventId, status: 'accepted' } })
})

await app.listen({ host: '127.0.0.1', port: Number(process.env['PORT']) })
