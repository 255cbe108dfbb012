import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { checksumOf } from '../../src/domain/ingest-item.ts'
import { bodySha256Of, sign } from '../../src/ingest/signer.ts'
import { createSandbox, type SandboxOptions } from '../../src/sandbox/sandbox.ts'
import { createFolder } from '../folder.ts'
import { itemOf, nowMs, siteDomain, token, websiteId } from '../ingest/support.ts'

type Headers = Record<string, string>

function startSandbox(options: Partial<SandboxOptions> = {}) {
  const clock = { ms: nowMs }
  const lines: [string, object][] = []
  const log = { info: (fields: object, message: string) => void lines.push([message, fields]) }
  const sandbox = createSandbox({ token, websiteId, siteDomain, now: () => clock.ms, log, ...options })
  onTestFinished(() => sandbox.close())
  let calls = 0

  interface Sending {
    readonly key?: string
    readonly nonce?: string
    readonly timestampSec?: number
    /** Changes headers that are right; an empty one is left out. */
    readonly headers?: Headers
    /** What is sent in place of the body that was signed. */
    readonly sent?: string
    readonly signedPath?: string
  }

  async function send(path: string, body: unknown, sending: Sending = {}) {
    calls += 1
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    const { key = `key-${calls}`, nonce = `nonce-${calls}`, timestampSec = Math.floor(clock.ms / 1000) } = sending
    const url = `/v1/ingest/${path}`
    const headers: Headers = {
      ...sign({ token, websiteId, path: sending.signedPath ?? url, body: text, timestampSec, nonce }),
      'Content-Type': 'application/json',
      'Idempotency-Key': key,
      'X-Site-Domain': siteDomain,
      'X-Connector-Type': 'api',
      'X-Connector-Version': '1.0.0',
      ...sending.headers,
    }
    for (const [name, value] of Object.entries(headers)) if (value === '') delete headers[name]
    const response = await sandbox.app.inject({ method: 'POST', url, headers, payload: sending.sent ?? text })
    return { status: response.statusCode, headers: response.headers, text: response.body, json: response.json() }
  }

  const get = async (url: string) => (await sandbox.app.inject(url)).json()
  return { sandbox, send, get, clock, lines }
}

const single = (item: object = itemOf('a')) => ({ website_id: websiteId, item })
const batch = (items: readonly unknown[]) => ({
  website_id: websiteId,
  partial: true,
  items,
})
const remove = (ids: readonly string[]) => ({ website_id: websiteId, ids })

describe('a valid call', () => {
  test('with an item is accepted, and skipped while it stays the same', async () => {
    const { sandbox, send } = startSandbox()
    const first = await send('item', single())
    expect(first).toMatchObject({ status: 200, headers: { 'content-type': 'application/json; charset=utf-8' } })
    expect(first.json).toEqual({
      ok: true,
      data: { accepted: 1, skipped: 0, failed: 0, results: [{ id: 'a', status: 'accepted' }] },
      meta: { requestId: expect.stringMatching(/^req_/) },
    })
    expect((await send('item', single({ ...itemOf('a'), title: 'new' }))).json.data.results).toEqual([
      { id: 'a', status: 'skipped' },
    ])
    expect((await send('item', single(itemOf('a', { html: 'new' })))).json.data.accepted).toBe(1)
    expect(sandbox.items()).toMatchObject([{ type: 'post', id: 'a', item: { html: 'new' }, connectorType: 'api' }])
  })

  test('with a batch of 500 is accepted', async () => {
    const { sandbox, send } = startSandbox()
    const { json } = await send('batch', batch(Array.from({ length: 500 }, (_, n) => itemOf(`post:${n}`))))
    expect(json.data).toMatchObject({ accepted: 500, skipped: 0, failed: 0 })
    expect(sandbox.items()).toHaveLength(500)
  })

  test('to delete takes the item away, and skips what is not there', async () => {
    const { sandbox, send } = startSandbox()
    await send('item', single())
    const { json } = await send('delete', remove(['a', 'b']))
    expect(json.data).toEqual({
      accepted: 1,
      skipped: 1,
      failed: 0,
      results: [
        { id: 'a', status: 'accepted' },
        { id: 'b', status: 'skipped' },
      ],
    })
    expect(sandbox.items()).toEqual([])
    expect((await send('item', single())).json.data.accepted).toBe(1)
  })

  test('of the other kinds is answered', async () => {
    const { send } = startSandbox()
    expect(await send('heartbeat', { website_id: websiteId, status: 'ok' })).toMatchObject({
      status: 200,
      json: { ok: true },
    })
    const mappings = [{ type: 'product', fields: {} }]
    const schema = { website_id: websiteId, connector_type: 'api', mappings }
    expect(await send('schema', schema)).toMatchObject({ status: 200, json: { ok: true } })
    expect(await send('heartbeat', { website_id: websiteId })).toMatchObject({ status: 400 })
  })
})

describe('one thing spoilt: refused', () => {
  const other = (text: string) => (text[0] === '0' ? '1' : '0') + text.slice(1)
  const path = '/v1/ingest/item'
  const text = JSON.stringify(single())
  const right = sign({ token, websiteId, path, body: text, timestampSec: nowMs / 1000, nonce: 'nonce-1' })

  test('nothing spoilt: accepted', async () => {
    expect(await startSandbox().send('item', text, { headers: { ...right } })).toMatchObject({ status: 200 })
  })

  test.each<[string, number, string, Headers]>([
    ['no content type', 415, 'validation.unsupported_media_type', { 'Content-Type': '' }],
    [
      'a content type of a form',
      415,
      'validation.unsupported_media_type',
      { 'Content-Type': 'application/x-www-form-urlencoded' },
    ],
    ['no token', 401, 'auth.missing_token', { Authorization: '' }],
    ['no signature', 401, 'auth.missing_signature', { 'X-Signature': '' }],
    ['no timestamp', 401, 'auth.missing_timestamp', { 'X-Timestamp': '' }],
    ['no nonce', 401, 'auth.missing_nonce', { 'X-Nonce': '' }],
    ['no body hash', 401, 'auth.missing_body_hash', { 'X-Body-Sha256': '' }],
    ['no key', 400, 'validation.missing_idempotency_key', { 'Idempotency-Key': '' }],
    ['no site domain', 400, 'validation.missing_header', { 'X-Site-Domain': '' }],
    ['no connector type', 400, 'validation.missing_header', { 'X-Connector-Type': '' }],
    ['no connector version', 400, 'validation.missing_header', { 'X-Connector-Version': '' }],
    ['another token', 401, 'auth.invalid_token', { Authorization: `Bearer ${token}x` }],
    ['another scheme', 401, 'auth.invalid_token', { Authorization: `Basic ${token}` }],
    ['another signature', 401, 'auth.invalid_signature', { 'X-Signature': other(right['X-Signature']) }],
    ['an upper-case signature', 401, 'auth.invalid_signature', { 'X-Signature': right['X-Signature'].toUpperCase() }],
    ['another nonce', 401, 'auth.invalid_signature', { 'X-Nonce': 'nonce-2' }],
    ['another timestamp', 401, 'auth.invalid_signature', { 'X-Timestamp': String(nowMs / 1000 + 1) }],
    ['a timestamp in words', 401, 'auth.invalid_timestamp', { 'X-Timestamp': 'now' }],
    ['another body hash', 401, 'auth.body_hash_mismatch', { 'X-Body-Sha256': other(right['X-Body-Sha256']) }],
    ['another site', 403, 'auth.scope_violation', { 'X-Site-Domain': 'example.org' }],
  ])('%s', async (_name, status, code, headers) => {
    const { sandbox, send } = startSandbox()
    const answer = await send('item', text, { headers: { ...right, ...headers } })
    expect(answer.json).toEqual({
      ok: false,
      error: {
        code,
        status,
        message: expect.any(String),
        retryable: false,
        requestId: expect.any(String),
        details: {},
      },
    })
    expect(answer).toMatchObject({ status, headers: { 'content-type': 'application/problem+json; charset=utf-8' } })
    expect(answer.text).not.toContain(token)
    expect(sandbox.items()).toEqual([])
    expect(sandbox.calls()[0]).toMatchObject({ verdict: code, status })
  })

  test('a byte of the body', async () => {
    const { send } = startSandbox()
    const sent = text.replace('<p>a', '<p>b')
    expect((await send('item', text, { sent })).json.error.code).toBe('auth.body_hash_mismatch')
    const headers = { 'X-Body-Sha256': bodySha256Of(sent) }
    expect((await send('item', text, { sent, headers })).json.error.code).toBe('auth.invalid_signature')
  })

  test('the path', async () => {
    const answer = await startSandbox().send('item', text, { signedPath: '/v1/ingest/batch' })
    expect(answer.json.error.code).toBe('auth.invalid_signature')
  })

  test('a clock more than 300 s off', async () => {
    const { send } = startSandbox()
    const code = async (offSec: number) =>
      (await send('item', text, { timestampSec: nowMs / 1000 + offSec })).json.error?.code
    expect([await code(300), await code(-300)]).toEqual([undefined, undefined])
    expect([await code(301), await code(-301)]).toEqual(['auth.timestamp_out_of_range', 'auth.timestamp_out_of_range'])
  })

  test('a nonce that was seen, for as long as its timestamp could be valid', async () => {
    const { send, clock } = startSandbox()
    const timestampSec = nowMs / 1000 + 300
    expect((await send('item', text, { nonce: 'n', timestampSec })).status).toBe(200)
    expect((await send('item', text, { nonce: 'n', timestampSec })).json.error.code).toBe('auth.nonce_reused')
    clock.ms += 600_000
    expect((await send('item', text, { nonce: 'n', timestampSec })).json.error.code).toBe('auth.nonce_reused')
    clock.ms += 1_000
    expect((await send('item', text, { nonce: 'n' })).status).toBe(200)
  })

  test('a nonce of a forged call is not used up', async () => {
    const { send } = startSandbox()
    await send('item', text, { nonce: 'n', headers: { 'X-Signature': '0'.repeat(64) } })
    expect((await send('item', text, { nonce: 'n' })).status).toBe(200)
  })

  test('a key used for other bytes, or for another call', async () => {
    const { send } = startSandbox()
    expect((await send('item', text, { key: 'k' })).status).toBe(200)
    for (const [call, body] of [
      ['item', `${text} `],
      ['delete', text],
    ] as const) {
      expect(await send(call, body, { key: 'k' })).toMatchObject({
        status: 409,
        json: { error: { code: 'idempotency.key_reused' } },
      })
    }
  })

  test.each<[string, string, unknown]>([
    ['item', 'not JSON', '{"website_id":'],
    ['item', 'no object', []],
    ['item', 'no website', { item: itemOf('a') }],
    ['item', 'a further member', { ...single(), partial: true }],
    ['item', 'an unknown field', single({ ...itemOf('a'), price: 1 })],
    ['item', 'a title that is too long', single(itemOf('a', { title: 'x'.repeat(1025) }))],
    ['item', 'an id that is too long', single(itemOf('x'.repeat(257)))],
    ['item', 'no url', single({ ...itemOf('a'), url: undefined })],
    ['item', 'an article', single({ ...itemOf('a'), type: 'article' })],
    ['item', 'no content', single({ ...itemOf('a'), html: undefined })],
    ['item', 'a time with an offset', single(itemOf('a', { updated_at: '2025-01-01T00:00:00+01:00' }))],
    ['batch', '501 items', batch(Array.from({ length: 501 }, (_, n) => itemOf(`post:${n}`)))],
    ['batch', 'no items', batch([])],
    ['batch', 'a bad item where partial is not asked for', { website_id: websiteId, items: [itemOf('a'), {}] }],
    ['batch', 'a bad item where partial is declined', { ...batch([itemOf('a'), {}]), partial: false }],
    ['delete', '501 ids', remove(Array.from({ length: 501 }, (_, n) => `post:${n}`))],
    ['delete', 'an id that is a number', { website_id: websiteId, ids: [1] }],
  ])('/%s with %s', async (call, _name, body) => {
    const { sandbox, send } = startSandbox()
    expect(await send(call, body)).toMatchObject({
      status: 400,
      json: { error: { code: 'validation.failed', retryable: false } },
    })
    expect(sandbox.items()).toEqual([])
  })

  test('another website', async () => {
    const answer = await startSandbox().send('item', { ...single(), website_id: 'site_999' })
    expect(answer).toMatchObject({ status: 403, json: { error: { code: 'auth.scope_violation' } } })
  })

  test.each<[string, string, object]>([
    ['validation.checksum_mismatch', 'a wrong checksum', itemOf('a', { checksum: `sha256:${'0'.repeat(64)}` })],
    ['validation.host_mismatch', 'a foreign host', itemOf('a', { url: 'https://evil.example/a' })],
    ['validation.host_mismatch', 'a host below the site', itemOf('a', { url: 'https://www.example.com/a' })],
    ['validation.host_mismatch', 'another port', itemOf('a', { url: 'https://example.com:8443/a' })],
    ['validation.failed', 'an unknown field', { ...itemOf('a'), price: 1 }],
  ])('%s for an item with %s, which fails alone in a batch', async (code, _name, bad) => {
    const { sandbox, send } = startSandbox()
    expect(await send('item', single(bad))).toMatchObject({ status: 400, json: { error: { code } } })
    const { status, json } = await send('batch', batch([itemOf('before'), bad, itemOf('after')]))
    expect(status).toBe(200)
    expect(json.data).toMatchObject({ accepted: 2, skipped: 0, failed: 1 })
    expect(json.data.results[1]).toEqual({
      id: 'a',
      status: 'failed',
      error: { code, message: expect.any(String), retryable: false },
    })
    expect(sandbox.items().map(({ id }) => id)).toEqual(['after', 'before'])
  })

  test('more than 10 MB', async () => {
    const answer = await startSandbox().send('item', single({ ...itemOf('a'), html: 'x'.repeat(10 * 1024 * 1024) }))
    expect(answer).toMatchObject({ status: 413, json: { ok: false, error: { code: 'validation.body_too_large' } } })
  })

  test('a path that is not there', async () => {
    expect(await startSandbox().send('items', single())).toMatchObject({
      status: 404,
      json: { error: { code: 'request.not_found' } },
    })
  })
})

test('the same key and bytes get the very answer again, and nothing is done twice', async () => {
  const { sandbox, send } = startSandbox()
  const first = await send('item', single(), { key: 'k' })
  await send('delete', remove(['a']))
  const again = await send('item', single(), { key: 'k' })
  expect(again.text).toBe(first.text)
  expect(again.headers).toHaveProperty('idempotent-replayed', 'true')
  expect(sandbox.items()).toEqual([])
  expect(sandbox.calls().map(({ verdict }) => verdict)).toEqual(['replayed', 'accepted', 'accepted'])
})

test('a call that was refused does not use up its key', async () => {
  const { send } = startSandbox()
  expect((await send('item', single({}), { key: 'k' })).status).toBe(400)
  expect((await send('item', single(), { key: 'k' })).status).toBe(200)
})

test('the answer tells the time by its own clock', async () => {
  const { send, clock } = startSandbox()
  clock.ms = nowMs + 3_600_000
  const { status, headers } = await send('item', single(), { timestampSec: nowMs / 1000 })
  expect([status, Date.parse(String(headers['date']))]).toEqual([401, clock.ms])
})

test('with a file, items, keys and nonces outlive it', async () => {
  const folder = createFolder()
  const state = join(folder, 'sandbox.db')
  const before = startSandbox({ state })
  const first = await before.send('item', single(), { key: 'k', nonce: 'n' })
  await before.sandbox.close()
  const after = startSandbox({ state })
  expect(after.sandbox.items()).toMatchObject([{ id: 'a' }])
  expect((await after.send('item', single(), { nonce: 'n' })).json.error.code).toBe('auth.nonce_reused')
  expect((await after.send('item', single(), { key: 'k', nonce: 'fresh' })).text).toBe(first.text)
})

describe('people', () => {
  test('see items and calls, and can start over', async () => {
    const { sandbox, send, get } = startSandbox()
    const odd = 'wixPage#ü/1?x'
    await send('batch', batch([itemOf(odd), itemOf('b'), itemOf('b', { type: 'page' })]), { key: 'k1' })
    await send('item', single({}), { key: 'k2' })

    expect(await get('/')).toMatchObject({ ok: true, data: { items: 3, calls: 2, refused: 1, website_id: websiteId } })
    expect((await get('/items')).data).toHaveLength(3)
    expect((await get(`/items/${encodeURIComponent(odd)}`)).data).toMatchObject({ id: odd, item: itemOf(odd) })
    expect((await get('/items/b?type=post')).data).toMatchObject({ type: 'post' })
    expect(await get('/items/none')).toMatchObject({ ok: false, error: { status: 404, code: 'item.not_found' } })
    const calls = await get('/calls')
    expect(calls.data).toMatchObject([
      { key: 'k2', verdict: 'validation.failed', status: 400, items: null },
      { key: 'k1', verdict: 'accepted', status: 200, items: { accepted: 3, skipped: 0, failed: 0 } },
    ])
    expect(JSON.stringify([calls, await get('/')])).not.toContain(token)

    const reset = await sandbox.app.inject({ method: 'DELETE', url: '/items' })
    expect(reset.json().data).toEqual({ deleted: 3 })
    expect([sandbox.items(), sandbox.calls()]).toEqual([[], []])
    expect((await send('item', single(itemOf('b')), { key: 'k1' })).status).toBe(200)
  })

  test('find the last 200 calls', async () => {
    const { sandbox, send } = startSandbox()
    for (let n = 0; n < 205; n += 1) await send('heartbeat', { website_id: websiteId, status: 'ok' }, { key: `k${n}` })
    expect(sandbox.calls()).toHaveLength(200)
    expect(sandbox.calls()[0]).toMatchObject({ key: 'k204' })
  })

  test('read one line for each item in the log', async () => {
    const { send, lines } = startSandbox()
    await send('item', single())
    await send('delete', remove(['a']))
    expect(lines.filter(([message]) => message === 'sandbox.item')).toMatchObject([
      ['sandbox.item', { id: 'a', call: 'item', status: 'accepted' }],
      ['sandbox.item', { id: 'a', call: 'delete', status: 'accepted' }],
    ])
    expect(JSON.stringify(lines)).not.toContain(token)
  })
})

test('settings that can not work are refused at once', () => {
  expect(() => startSandbox({ token: 'none' })).toThrow('connector token')
  expect(() => startSandbox({ siteDomain: 'https://example.com' })).toThrow('site domain')
})

test('the checksum does not depend on the order of keys', async () => {
  const item = itemOf('a', { json: { b: 1, a: { d: 2, c: 3 } } })
  const turned = { ...item, json: { a: { c: 3, d: 2 }, b: 1 } }
  expect(checksumOf(turned)).toBe(item.checksum)
  expect((await startSandbox().send('item', single(turned))).status).toBe(200)
})
