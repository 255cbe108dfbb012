// The yardstick: a Fastify handler that checks the same HMAC over the raw body, and stores nothing.
import { createHmac, timingSafeEqual } from 'node:crypto'
import fastify from 'fastify'
import { secret } from '../shop.ts'

const app = fastify()
app.removeAllContentTypeParsers()
app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))

app.get('/readyz', async () => ({ ok: true }))

app.post<{ Body: Buffer }>('/webhooks/shop', async (request, reply) => {
  const given = Buffer.from(String(request.headers['x-shopify-hmac-sha256']), 'base64')
  const expected = createHmac('sha256', secret).update(request.body).digest()
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return reply.code(401).send({ ok: false })
  return reply.code(202).send({ ok: true, data: { status: 'accepted' } })
})

await app.listen({ host: '127.0.0.1', port: Number(process.env['PORT']) })
