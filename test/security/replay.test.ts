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

const signed = (secret: string, text: string, encoding: 'base64' | 'base64url' = 'base64') =>
  createHmac('sha256', secret).update(text).digest(encoding)

test('a recorded body deletes nothing by another topic, whatever else its headers say: it fails, and says why', async () => {
  const { sendShop, map, relay } = await startRelay({ baseUrl })
  const body = product(1, { title: 'Live', updated_at: '2026-02-01T00:00:00Z' })
  await sendShop('products/update', body)
  await map()
  const forged = { 'x-shopify-triggered-at': '9999-01-01T00:00:00Z', 'x-shopify-webhook-id': 'another' }
  expect((await sendShop('products/delete', body, forged)).statusCode).toBe(202)
  await map()
  const [item] = await relay.store.getItems({ id: 'product:1' })
  expect(item).toMatchObject({ desiredKind: 'upsert' })
  const [last] = (await relay.store.listEvents({}, { limit: 1 })).rows
  expect(last).toMatchObject({ status: 'failed', error: expect.stringMatching(/does not cover.*nothing was changed/) })

  await sendShop('products/delete', { id: 1 }, { 'x-shopify-webhook-id': 'real' })
  await map()
  expect((await relay.store.getItems({ id: 'product:1' }))[0]).toMatchObject({ desiredKind: 'delete' })
})

test('the time that a sender signed is the version of what its headers say', async () => {
  const secret = 'a long secret of sanity'
  const docs = {
    mapper: 'sanity',
    destination: 'main',
    secret,
    vars: { origin: 'https://example.com' },
    models: { post: { type: 'post' } },
  }
  const { send, map, relay, clock } = await startRelay({ baseUrl, sources: { docs } })
  const body = (title: string) =>
    JSON.stringify({ _id: 'p1', _type: 'post', _updatedAt: '2026-01-01T00:00:00Z', title, slug: { current: 'a' } })
  let deliveries = 0
  const sendAt = async (at: number, operation: string, text: string) => {
    deliveries += 1
    const signature = `t=${at},v1=${signed(secret, `${at}.${text}`, 'base64url')}`
    const answer = await send('docs', text, {
      'sanity-webhook-signature': signature,
      'sanity-operation': operation,
      'idempotency-key': `d${deliveries}`,
      'sanity-transaction-time': '9999-01-01T00:00:00Z',
    })
    expect(answer.statusCode).toBe(202)
    await map()
    return (await relay.store.getItems({ id: 'post:p1' }))[0]
  }
  const start = clock.now() - 60_000
  await sendAt(start, 'create', body('Old'))
  expect(await sendAt(start + 1000, 'update', body('Current'))).toMatchObject({ desiredKind: 'upsert' })
  expect(await sendAt(start, 'delete', body('Old'))).toMatchObject({ desiredKind: 'upsert' })
  expect(await sendAt(start + 1000, 'delete', body('Current'))).toMatchObject({ desiredKind: 'upsert' })
  expect(await sendAt(start + 2000, 'delete', body('Current'))).toMatchObject({ desiredKind: 'delete' })
  expect(await sendAt(start + 2000, 'update', body('Current'))).toMatchObject({ desiredKind: 'delete' })
  expect(await sendAt(start + 3000, 'create', body('Again'))).toMatchObject({ desiredKind: 'upsert' })
})

test('nobody can use up the delivery id of a webhook that is still to come', async () => {
  const { sendShop, map, relay } = await startRelay({ baseUrl })
  const old = product(1, { title: 'Old', updated_at: '2026-02-01T00:00:00Z' })
  const next = product(1, { title: 'Next', updated_at: '2026-02-02T00:00:00Z' })
  const as = (id: string) => ({ 'x-shopify-webhook-id': id })
  const statusOf = async (body: unknown, id: string) =>
    (await sendShop('products/update', body, as(id))).json().data.status
  expect(await statusOf(old, 'first')).toBe('accepted')
  expect(await statusOf(old, 'second')).toBe('accepted') // a replay under the id of the next one
  expect(await statusOf(next, 'second')).toBe('accepted')
  expect(await statusOf(next, 'second')).toBe('duplicate')
  await map()
  expect(JSON.stringify(await relay.store.getItems({ id: 'product:1' }))).toContain('Next')
  const { rows } = await relay.store.listEvents({}, { limit: 10 })
  expect(rows.map(({ deliveryId }) => deliveryId)).toEqual(['second', 'second', 'first'])
})

test('a recorded body that is sent with another topic, type, path or query does not use up the id of one to come', async () => {
  const { sendShop, map, relay } = await startRelay({ baseUrl })
  const same = product(1, { title: 'Same', updated_at: '2026-02-01T00:00:00Z' })
  const as = { 'x-shopify-webhook-id': 'to-come' }
  const send = async (topic: string, headers: Record<string, string> = {}) =>
    (await sendShop(topic, same, { ...as, ...headers })).json().data.status
  expect(await send('products/delete')).toBe('accepted')
  expect(await send('products/update', { 'content-type': 'text/plain; charset=gbk' })).toBe('accepted')
  expect(await send('products/update')).toBe('accepted')
  expect(await send('products/update')).toBe('duplicate')
  await map()
  const { rows } = await relay.store.listEvents({}, { limit: 10 })
  expect(rows.map(({ status }) => status)).toEqual(['processed', 'processed', 'failed'])
})
