import { expect, test } from 'vitest'
import { folder } from '../mapping/support.ts'
import { startRelay } from '../support.ts'

const nowhere = 'http://127.0.0.1:9/v1/ingest'
const mapper = `
name: greeter
title: Greeter
verify: { scheme: header, header: x-token }
pings:
  - { name: challenge, method: GET, match: $exists($query.challenge), body: $query.challenge, unsigned: true }
  - { name: hello, match: kind = "hello", unsigned: true }
records:
  - { name: post, type: post, id: '"post:" & id', live: false }
`
const token = 'a-token-that-is-fixed'
const body = { kind: 'gone', id: 7 }

async function start(server: Record<string, unknown> = {}) {
  const hook = {
    mapper: 'greeter',
    destination: 'main',
    secret: token,
    allow_from: ['203.0.113.0/24', '2001:db8::/32'],
  }
  const mappersDir = folder({ 'greeter.yaml': mapper })
  const test = await startRelay({ baseUrl: nowhere, sources: { hook }, mappersDir, server })
  const post = (remoteAddress: string, headers: Record<string, string> = {}, payload: unknown = body) =>
    test.app.inject({
      method: 'POST',
      url: '/webhooks/hook',
      payload: JSON.stringify(payload),
      headers: { 'content-type': 'application/json', 'x-token': token, ...headers },
      remoteAddress,
    })
  const get = (remoteAddress: string, method: 'GET' | 'HEAD' = 'GET') =>
    test.app.inject({ method, url: '/webhooks/hook?challenge=c-1', remoteAddress })
  return { ...test, post, get }
}

test('a webhook from an address that the source does not allow is answered as one with a wrong signature, and counted', async () => {
  const { post, relay, signals, app, admin } = await start()
  for (const address of ['203.0.113.9', '::ffff:203.0.113.9', '2001:db8::1']) {
    expect((await post(address)).statusCode, address).toBe(202)
  }
  for (const address of ['203.0.114.9', '::ffff:203.0.114.9', '2001:db9::1']) {
    const answer = await post(address)
    expect(answer.statusCode, address).toBe(401)
    expect(answer.json().error).toMatchObject({ code: 'unauthorized', details: {}, retryable: false })
    expect(answer.body).not.toMatch(/address|allow_from/)
  }
  const wrong = await post('203.0.113.9', { 'x-token': 'wrong' })
  expect(wrong.statusCode).toBe(401)
  expect((await relay.store.listEvents({}, { limit: 10 })).rows).toHaveLength(3)
  expect(signals.filter(({ kind }) => kind === 'webhook.refused')).toMatchObject([
    ...Array(3).fill({ source: 'hook', code: 'address' }),
    { source: 'hook', code: 'unauthorized' },
  ])
  const metrics = (await app.inject('/metrics')).body
  expect(metrics).toContain('cms_relay_webhooks_refused_total{source="hook",reason="address"} 3')
  const errors = (await admin('GET', '/events?group_by=error')).json().data
  expect(errors).toMatchObject([{ source: 'hook', code: 'address', status: 'refused', count: 3 }])
})

test('handshakes and unsigned pings are refused from other addresses, too', async () => {
  const { post, get } = await start()
  const hello = { kind: 'hello' }
  expect((await get('203.0.113.9')).body).toBe('c-1')
  expect((await post('203.0.113.9', { 'x-token': '' }, hello)).statusCode).toBe(200)
  expect((await get('203.0.114.9')).statusCode).toBe(401)
  expect((await get('203.0.114.9', 'HEAD')).statusCode).toBe(401)
  expect((await post('203.0.114.9', { 'x-token': '' }, hello)).statusCode).toBe(401)
})

test('behind a trusted proxy, the address that it tells counts', async () => {
  const trusting = await start({ trust_proxy: ['10.0.0.0/8'] })
  const told = (address: string) => ({ 'x-forwarded-for': address })
  expect((await trusting.post('10.0.0.1', told('203.0.113.9'))).statusCode).toBe(202)
  expect((await trusting.post('10.0.0.1', told('203.0.114.9'))).statusCode).toBe(401)
  expect((await trusting.post('10.0.0.1', told('203.0.113.9, 203.0.114.9'))).statusCode).toBe(401)
  expect((await trusting.post('203.0.114.9', told('203.0.113.9'))).statusCode).toBe(401)
})

test('nobody is believed who names an address where no proxy is trusted', async () => {
  const { post } = await start()
  expect((await post('203.0.114.9', { 'x-forwarded-for': '203.0.113.9' })).statusCode).toBe(401)
})
