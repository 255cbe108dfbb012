import { expect, test, vi } from 'vitest'
import { openSocket, requestText } from '../e2e/raw-socket.ts'
import { startRelay } from '../support.ts'

test.each([
  ['without a proxy', {}],
  ['behind a proxy that is trusted', { trust_proxy: ['127.0.0.1'] }],
])('a sender that hangs up amid its body is refused, and that is no bug: %s', async (_of, server) => {
  const { app, signals } = await startRelay({ baseUrl: 'http://127.0.0.1:9/v1/ingest', server })
  const failed = vi.spyOn(app.log, 'error')
  const client = await openSocket(await app.listen({ host: '127.0.0.1', port: 0 }))
  const began = new Promise((resolve) => app.server.once('request', resolve))
  const headers = { 'content-type': 'application/json', 'content-length': '89', 'x-forwarded-for': '203.0.113.7' }
  client.write(requestText('/webhooks/shop', headers))
  await began
  client.socket.resetAndDestroy()
  await vi.waitFor(() => expect(signals.some(({ kind }) => kind === 'webhook.refused')).toBe(true))
  expect(failed).not.toHaveBeenCalled()
})
