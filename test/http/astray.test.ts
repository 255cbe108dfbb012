import { expect, test } from 'vitest'
import { openSocket } from '../e2e/raw-socket.ts'
import { startRelay } from '../support.ts'

async function posted(url: string) {
  const { app, signals } = await startRelay({ baseUrl: 'http://127.0.0.1:9/v1/ingest' })
  const { statusCode } = await app.inject({ method: 'POST', url, payload: '{}' })
  return { statusCode, signals }
}

test.each([
  ['/webhook/shop', '/webhook/…'],
  ['/hooks/shop/a-secret-in-a-path?token=another', '/hooks/…'],
  ['/webhooks', '/webhooks'],
  ['/', '/'],
])('a POST to %s, where no source is, is told of as one to %s', async (url, shown) => {
  const { statusCode, signals } = await posted(url)
  expect(statusCode).toBe(404)
  expect(signals).toEqual([
    { kind: 'webhook.refused', source: null, code: 'not_found', reason: `no route POST ${shown}`, bytes: 0 },
  ])
})

test.each(['/api/v1/evnts', '/v1/ingest/items', '/oauth/begin'])(
  'a POST to %s is a call, and no webhook',
  async (url) => {
    const { statusCode, signals } = await posted(url)
    expect(statusCode).toBe(404)
    expect(signals.filter(({ kind }) => kind === 'webhook.refused')).toEqual([])
  },
)

test('a sender that speaks https to a port that speaks http is told of', async () => {
  const { app, signals } = await startRelay({ baseUrl: 'http://127.0.0.1:9/v1/ingest' })
  const { write, until } = await openSocket(await app.listen({ port: 0, host: '127.0.0.1' }))
  write(Buffer.from('16030100', 'hex'))
  await until(/^HTTP\/1\.1 400 /)
  expect(signals).toMatchObject([{ source: null, code: 'invalid', reason: expect.stringMatching(/^https came/) }])
})

test('what is neither http nor https is told to nobody', async () => {
  const { app, signals } = await startRelay({ baseUrl: 'http://127.0.0.1:9/v1/ingest' })
  const { write, until } = await openSocket(await app.listen({ port: 0, host: '127.0.0.1' }))
  write('\x00\x01\x02\x03')
  await until(/^HTTP\/1\.1 400 /)
  expect(signals).toEqual([])
})
