import { createHmac } from 'node:crypto'
import { expect, test } from 'vitest'
import { product, startRelay } from '../support.ts'

const baseUrl = 'http://127.0.0.1:9/v1/ingest'
const minute = 60_000

test('a recorded webhook is known within its window, and refused after it', async () => {
  const key = Buffer.alloc(24, 7)
  const secret = `whsec_${key.toString('base64')}`
  const svix = { mapper: 'standard-webhooks', destination: 'main', secret, vars: { origin: 'https://example.com' } }
  const { send, relay, clock } = await startRelay({ baseUrl, sources: { svix } })
  const body = JSON.stringify({ type: 'post.deleted', data: { id: 1 } })
  const timestamp = String(Math.floor(clock.now() / 1000))
  const signature = createHmac('sha256', key).update(`msg_1.${timestamp}.${body}`).digest('base64')
  const recorded = { 'webhook-id': 'msg_1', 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` }

  const replay = () => send('svix', body, recorded)
  expect((await replay()).json().data.status).toBe('accepted')
  clock.advance(4 * minute)
  expect((await replay()).json().data.status).toBe('duplicate')
  clock.advance(2 * minute)
  expect((await replay()).statusCode).toBe(401)
  const renamed = await send('svix', body, { ...recorded, 'webhook-id': 'msg_2' })
  expect(renamed.statusCode).toBe(401)
  expect((await relay.store.listEvents({}, { limit: 10 })).rows).toHaveLength(1)
})

test('once its event is purged a recorded webhook is new, and brings no old state back', async () => {
  const { sendShop, map, admin, relay } = await startRelay({ baseUrl })
  const send = async (title: string, day: number) => {
    const body = product(1, { title, updated_at: `2026-02-0${day}T00:00:00Z` })
    const answer = await sendShop('products/update', body, { 'x-shopify-webhook-id': title })
    await map()
    return answer.json().data.status
  }
  await send('Old', 1)
  await send('Current', 2)
  expect(await send('Old', 1)).toBe('duplicate')
  expect((await admin('POST', '/events/purge', { source: 'shop' })).json().data).toMatchObject({ purged: 2 })
  expect(await send('Old', 1)).toBe('accepted')
  const [item] = await relay.store.getItems({ id: 'product:1' })
  expect(JSON.stringify(item)).toContain('Current')
  expect(JSON.stringify(item)).not.toContain('"Old"')
})

test('where a sender signs no time, a recorded webhook brings no old state back', async () => {
  const { sendShop, map, relay } = await startRelay({ baseUrl })
  const old = product(1, { title: 'Old', updated_at: '2026-02-01T00:00:00Z' })
  const current = product(1, { title: 'Current', updated_at: '2026-02-02T00:00:00Z' })
  for (const body of [old, current, old]) {
    expect((await sendShop('products/update', body)).statusCode).toBe(202)
    await map()
  }
  const [item] = await relay.store.getItems({ id: 'product:1' })
  expect(JSON.stringify(item)).toContain('Current')
  expect(JSON.stringify(item)).not.toContain('"Old"')
  const [last] = (await relay.store.listEvents({}, { limit: 1 })).rows
  expect(last).toMatchObject({ status: 'skipped', reason: 'stale' })
})
