import { expect, onTestFinished, test } from 'vitest'
import { createApps } from '../../src/app.ts'
import { adminToken, shopSecret, startRelay } from '../support.ts'

const nowhere = 'http://127.0.0.1:9/v1/ingest'

test('a listener for operators takes the admin API and the metrics off the public one; both say whether the relay is well', async () => {
  const { relay, app } = await startRelay({ baseUrl: nowhere, server: { admin: { port: 0 } } })
  const apps = await createApps(relay, app.logger)
  onTestFinished(async () => {
    await Promise.all(apps.map((one) => one.close()))
  })
  const headers = { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' }
  const body = '{"event":"post.deleted","type":"post","id":1}'
  const asked = async (method: 'GET' | 'POST' | 'HEAD', url: string) =>
    Promise.all(
      apps.map(async (one) => {
        const payload = method === 'POST' ? { payload: body } : {}
        return (await one.inject({ method, url, headers, ...payload })).statusCode
      }),
    )
  expect(await asked('GET', '/healthz')).toEqual([200, 200])
  expect(await asked('GET', '/readyz')).toEqual([200, 200])
  expect(await asked('GET', '/metrics')).toEqual([404, 200])
  expect(await asked('HEAD', '/metrics')).toEqual([404, 200])
  expect(await asked('GET', '/openapi.json')).toEqual([404, 200])
  expect(await asked('GET', '/docs')).toEqual([404, 200])
  expect(await asked('GET', '/api/v1/events')).toEqual([404, 200])
  expect(await asked('POST', '/api/v1/events/purge')).toEqual([404, 400])
  expect(await asked('GET', '/api/v1/signals?type=x')).toEqual([404, 400])
  expect(await asked('POST', '/webhooks/demo')).toEqual([202, 404])
  expect(await asked('GET', '/webhooks/demo')).toEqual([404, 404])
})

test('without it there is one listener for all', async () => {
  const { relay, app } = await startRelay({ baseUrl: nowhere })
  const [all, ...others] = await createApps(relay, app.logger)
  onTestFinished(() => all!.close())
  expect(others).toEqual([])
  expect((await all!.inject('/metrics')).statusCode).toBe(200)
})

test('an unknown and a disabled source answer alike, by any method, whatever is sent', async () => {
  const settings = { destination: 'main', vars: { origin: 'https://example.com' } }
  const { app } = await startRelay({
    baseUrl: nowhere,
    sources: {
      off: { ...settings, mapper: 'shopify', secret: shopSecret, enabled: false },
      // Both know pings and challenges that need no signature.
      woo: {
        mapper: 'woocommerce',
        destination: 'main',
        secret: 'woo-secret-1',
        vars: { currency: 'EUR' },
        enabled: false,
      },
      open: { ...settings, mapper: 'generic', verify: 'none', enabled: false },
      demo: { ...settings, mapper: 'generic', verify: 'none' },
    },
  })
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  const requests = [
    ...(['GET', 'HEAD', 'PUT', 'OPTIONS', 'DELETE', 'PATCH', 'POST'] as const).map((method) => ({ method, more: '' })),
    { method: 'GET' as const, more: '?challenge=abc' },
    { method: 'POST' as const, more: '', payload: 'webhook_id=7', headers: form },
    { method: 'POST' as const, more: '/deeper', payload: '{}' },
    { method: 'POST' as const, more: '', payload: 'not gzip', headers: { 'content-encoding': 'gzip, gzip' } },
    { method: 'POST' as const, more: '', payload: '{', headers: { 'content-type': 'application/json' } },
  ]
  for (const { more, ...request } of requests) {
    const ask = async (source: string) => {
      const { statusCode, headers, body } = await app.inject({ ...request, url: `/webhooks/${source}${more}` })
      const { date: _date, 'content-length': _length, ...others } = headers // the number of a request is in its body
      return { statusCode, headers: others, body: body.replaceAll(source, 'NAME').replace(/req_\w+/, 'ID') }
    }
    const unknown = await ask('aaa')
    expect(unknown.statusCode).toBe(404)
    for (const source of ['off', 'woo']) expect(await ask(source), JSON.stringify(request)).toEqual(unknown)
    const { method } = request
    // One that is on shows it to POST alone: by any other method it is not told from one that is not there.
    if (method !== 'POST') expect(await ask('demo')).toEqual(unknown)
  }
})
