import { writeFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { createFolder } from '../folder.ts'
import { refused, startScriptedIngest } from '../scripted-ingest.ts'
import { adminToken, createClock, product, startRelay, type TestRelay } from '../support.ts'

const nowhere = 'http://127.0.0.1:9/v1/ingest'
const second = 1_000
type Options = Partial<Parameters<typeof startRelay>[0]>
const start = (over: Options = {}) => startRelay({ baseUrl: nowhere, ...over })

async function startDelivering(over: Options = {}) {
  const clock = over.clock ?? createClock()
  const ingest = await startScriptedIngest(clock)
  return { ...(await startRelay({ baseUrl: ingest.baseUrl, clock, ...over })), ingest }
}

interface Row {
  readonly id: string
  readonly [name: string]: unknown
}

/** The rows of a list that is expected to answer 200. */
async function list({ admin }: TestRelay, path: string): Promise<Row[]> {
  const answer = await admin('GET', path)
  expect(answer.statusCode, answer.body).toBe(200)
  return answer.json().data
}

/** Every page of a list from its first to its last. `between` runs before each further page. */
async function walk(relay: TestRelay, path: string, between: () => Promise<void> = async () => {}): Promise<Row[][]> {
  const pages: Row[][] = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    if (pages.length > 0) await between()
    const answer = await relay.admin('GET', cursor === '' ? path : `${path}&cursor=${cursor}`)
    expect(answer.statusCode, answer.body).toBe(200)
    pages.push(answer.json().data)
    cursor = answer.json().meta.cursor
    expect(pages.length, 'the walk ends').toBeLessThan(100)
  }
  return pages
}

const post = (id: number | string, over: Record<string, unknown> = {}) => ({
  event: 'post.updated',
  type: 'post',
  id,
  url: '/a',
  title: 'A',
  html: '<p>a</p>',
  ...over,
})

describe('authentication', () => {
  test('without the right token every route is 401, and says neither what is there nor how wrong it was', async () => {
    const { app } = await start()
    const ask = (url: string, authorization?: string) =>
      app.inject({ url: `/api/v1${url}`, headers: authorization === undefined ? {} : { authorization } })
    const wrong = [
      'Bearer',
      'Bearer ',
      `Basic ${Buffer.from(`admin:${adminToken}`).toString('base64')}`,
      adminToken,
      `Bearer ${adminToken}x`,
      `Bearer ${adminToken.slice(0, -1)}`,
      `Bearer ${adminToken} x`,
      `Bearer ${adminToken.toUpperCase()}`,
    ]
    for (const authorization of [undefined, ...wrong]) {
      const answer = await ask('/events', authorization)
      expect(answer.statusCode, authorization).toBe(401)
      expect(answer.headers['www-authenticate']).toBe('Bearer')
      expect(answer.json()).toMatchObject({ ok: false, error: { code: 'unauthorized', retryable: false } })
      expect(answer.body).not.toContain(adminToken)
    }
    const paths = ['/items', '/items/x', '/batches', '/attempts', '/destinations', '/sources', '/mappers']
    for (const path of paths) expect((await ask(path, 'Bearer wrong')).statusCode, path).toBe(401)
    const [short, long] = [await ask('/events', 'Bearer x'), await ask('/events', `Bearer ${'x'.repeat(4_000)}`)]
    expect(short.json().error.message).toBe(long.json().error.message)
    for (const scheme of ['Bearer', 'bearer', 'BEARER'])
      expect((await ask('/events', `${scheme} ${adminToken}`)).statusCode, scheme).toBe(200)
  })

  test('without a configured token, or with an empty one, there is no API: 404 whatever is sent', async () => {
    for (const admin_token of [undefined, '']) {
      const test = await start({ server: { admin_token } })
      for (const path of ['/events', '/destinations', '/nothing']) {
        for (const authorization of ['Bearer ', `Bearer ${adminToken}`, 'Bearer undefined']) {
          const answer = await test.app.inject({ url: `/api/v1${path}`, headers: { authorization } })
          expect(answer.statusCode).toBe(404)
          expect(answer.json().error.code).toBe('not_found')
        }
      }
      expect((await test.send('demo', post(1))).statusCode).toBe(202)
    }
  })

  test('an address that keeps guessing is told 429 with Retry-After; the right token passes, and other addresses', async () => {
    const { app } = await start()
    const ask = (authorization: string, remoteAddress: string) =>
      app.inject({ url: '/api/v1/events', headers: { authorization }, remoteAddress })
    const statuses: number[] = []
    for (let guess = 0; guess < 25; guess += 1)
      statuses.push((await ask(`Bearer guess-${guess}`, '10.0.0.1')).statusCode)
    expect(statuses.slice(0, 20)).toEqual(Array(20).fill(401))
    expect(statuses.slice(20)).toEqual(Array(5).fill(429))
    const told = await ask('Bearer guess-again', '10.0.0.1')
    expect(Number(told.headers['retry-after'])).toBeGreaterThan(0)
    expect(told.json().error).toMatchObject({ code: 'rate_limited', retryable: true })
    // Who guesses from behind the same proxy can not lock the operator out.
    expect((await ask(`Bearer ${adminToken}`, '10.0.0.1')).statusCode).toBe(200)
    expect((await ask('Bearer guess', '10.0.0.2')).statusCode).toBe(401)
  })

  test('who guesses is told of once a minute for each address, with the count, and never what was guessed', async () => {
    const { app, clock, lines, signals } = await start()
    const guess = (remoteAddress: string) =>
      app.inject({ url: '/api/v1/events', headers: { authorization: 'Bearer a-guess-of-mine' }, remoteAddress })
    const told = () => signals.filter(({ kind }) => kind === 'admin.refused')
    for (let sent = 0; sent < 30; sent += 1) await guess('2001:db8::1')
    await guess('10.0.0.9')
    expect(told()).toMatchObject([
      { ip: '2001:db8::1', code: 'unauthorized', count: 1 },
      { ip: '10.0.0.9', count: 1 },
    ])
    clock.advance(60_000)
    await guess('2001:db8::2')
    expect(told()[2]).toMatchObject({ ip: '2001:db8::2', code: 'rate_limited', count: 30 })
    const line = lines.map((text) => JSON.parse(text)).find(({ msg }) => msg === 'admin.refused')
    expect(line).toMatchObject({
      level: 'warn',
      ip: '2001:db8::1',
      count: 1,
      requestId: expect.stringMatching(/^req_/),
    })
    expect(lines.join('')).not.toContain('a-guess-of-mine')
    expect((await app.inject('/metrics')).body).toMatch(/^cms_relay_admin_refused_total\{reason="rate_limited"\} 30$/m)
  })

  test('what is told of those who guess is bounded, however many addresses they have', async () => {
    const { app, signals } = await start()
    for (let sent = 0; sent < 1_100; sent += 1) {
      await app.inject({ url: '/api/v1/events', remoteAddress: `10.1.${sent >> 8}.${sent & 255}` })
    }
    expect(signals.filter(({ kind }) => kind === 'admin.refused')).toHaveLength(1_001)
    await app.close()
    expect(signals.at(-1)).toMatchObject({ kind: 'admin.refused', ip: 'others', count: 99 })
  })

  test('right tokens do not use up what wrong ones may', async () => {
    const { admin } = await start()
    for (let asked = 0; asked < 60; asked += 1) expect((await admin('GET', '/sources')).statusCode).toBe(200)
  })
})

describe('events', () => {
  test('are listed newest first, and filtered by source, status, topic and time', async () => {
    const test = await start()
    const t0 = test.clock.now()
    await test.sendShop('products/update', product(1), { 'x-shopify-webhook-id': 'd-1' })
    test.clock.advance(second)
    await test.sendShop('orders/create', { id: 5 })
    test.clock.advance(second)
    await test.sendShop('products/update', product(2, { title: 'x'.repeat(1_025) }))
    await test.map()
    test.clock.advance(second)
    await test.send('demo', post(1))
    const ids = async (query: string) => (await list(test, `/events${query}`)).map(({ id }) => id)
    const at = (ms: number) => encodeURIComponent(new Date(t0 + ms).toISOString())

    expect(await ids('')).toEqual(['evt_4', 'evt_3', 'evt_2', 'evt_1'])
    expect(await ids('?source=demo')).toEqual(['evt_4'])
    expect(await ids('?source=none')).toEqual([])
    expect(await ids('?status=processed')).toEqual(['evt_1'])
    expect(await ids('?status=skipped')).toEqual(['evt_2'])
    expect(await ids('?status=failed')).toEqual(['evt_3'])
    expect(await ids('?status=pending')).toEqual(['evt_4'])
    expect(await ids('?topic=products%2Fupdate')).toEqual(['evt_3', 'evt_1'])
    expect(await ids('?topic=products%2Fupdate&status=failed')).toEqual(['evt_3'])
    expect(await ids(`?since=${at(second)}`), 'since is included').toEqual(['evt_4', 'evt_3', 'evt_2'])
    expect(await ids(`?until=${at(second)}`), 'until is not').toEqual(['evt_1'])
    expect(await ids(`?since=${t0 + second}&until=${t0 + 3 * second}`)).toEqual(['evt_3', 'evt_2'])
    expect(await ids(`?since=2026-03-01T13:00:01%2B01:00&source=shop`), 'with an offset').toEqual(['evt_3', 'evt_2'])

    const [mapped] = (await list(test, '/events?status=processed')) as Row[]
    expect(mapped).toMatchObject({
      id: 'evt_1',
      source: 'shop',
      delivery_id: 'd-1',
      topic: 'products/update',
      mapper: 'shopify',
      mapper_version: expect.any(String),
      received_at: new Date(t0).toISOString(),
      settled_at: expect.any(String),
      reason: null,
      error: null,
      replays: 0,
    })
  })

  test('are walked page by page, each exactly once, also while new ones come in and in the same millisecond', async () => {
    const test = await start()
    for (let sent = 0; sent < 25; sent += 1) {
      if (sent % 4 === 0) test.clock.advance(1)
      await test.send('demo', post(sent))
    }
    const expected = Array.from({ length: 25 }, (_, index) => `evt_${25 - index}`)
    for (const limit of [1, 7, 24, 25, 200]) {
      const pages = await walk(test, `/events?limit=${limit}`)
      expect(pages.flat().map(({ id }) => id)).toEqual(expected)
      expect(pages).toHaveLength(Math.ceil(25 / limit))
      expect(pages.slice(0, -1).every((page) => page.length === limit)).toBe(true)
    }
    const whileMoreCome = await walk(test, '/events?limit=6', async () => void (await test.send('demo', post(100))))
    expect(whileMoreCome.flat().map(({ id }) => id)).toEqual(expected)
    const filtered = await walk(test, '/events?source=demo&status=pending&limit=4')
    expect(filtered.flat()).toHaveLength(25 + 4)
  })

  test('a query that makes no sense is 400 and names each mistake', async () => {
    const { admin } = await start()
    const queries: Record<string, string> = {
      'limit=0': 'query.limit',
      'limit=201': 'query.limit',
      'limit=-1': 'query.limit',
      'limit=1.5': 'query.limit',
      'limit=ten': 'query.limit',
      'limit=': 'query.limit',
      'limit=1&limit=2': 'query.limit',
      'status=done': 'query.status',
      'source=a&source=b': 'query.source',
      'since=yesterday': 'query.since',
      'since=2026-13-01T00:00:00Z': 'query.since',
      'until=': 'query.until',
      'cursor=': 'query.cursor',
    }
    for (const [query, path] of Object.entries(queries)) {
      const answer = await admin('GET', `/events?${query}`)
      expect(answer.statusCode, `${query}: ${answer.body}`).toBe(400)
      expect(answer.headers['content-type']).toMatch('application/problem+json')
      expect(answer.json().error).toMatchObject({ code: 'invalid', details: { issues: [{ path }] } })
    }
    const unknown = await admin('GET', '/events?colour=red')
    expect(unknown.statusCode).toBe(400)
    expect(unknown.json().error.message).toContain('colour')
    const several = await admin('GET', '/events?limit=0&status=done&since=x')
    expect(several.json().error.details.issues).toHaveLength(3)
    for (const cursor of [
      'x',
      '!!',
      Buffer.from('1').toString('base64url'),
      Buffer.from('1.NaN').toString('base64url'),
    ])
      expect((await admin('GET', `/events?cursor=${cursor}`)).statusCode, cursor).toBe(400)
    expect((await admin('GET', `/events?cursor=${'x'.repeat(600)}`)).statusCode).toBe(400)
  })

  test('one is shown with its body as text where it is UTF-8, else as base64, and never with its signature', async () => {
    const test = await start()
    const text = '{"event":"post.deleted","type":"post","id":"é–😀"}'
    await test.send('demo', text)
    const bytes = Buffer.from([0xff, 0xfe, 0x00, 0x22])
    await test.app.inject({
      method: 'POST',
      url: '/webhooks/demo/hook?a=1&b=%20',
      payload: bytes,
      headers: { 'content-type': 'application/octet-stream', 'x-signature': 'canary', authorization: 'Bearer canary' },
    })
    const asText = (await test.admin('GET', '/events/evt_1')).json().data
    expect(asText.body).toBe(text)
    expect(asText).not.toHaveProperty('body_base64')
    const asBytes = (await test.admin('GET', '/events/evt_2')).json().data
    expect(Buffer.from(asBytes.body_base64, 'base64')).toEqual(bytes)
    expect(asBytes).not.toHaveProperty('body')
    expect(asBytes).toMatchObject({ method: 'POST', path: '/webhooks/demo/hook', query: 'a=1&b=%20', bytes: 4 })
    expect(JSON.stringify(asBytes)).not.toContain('canary')
  })

  test('one that is not there is 404, whatever it is called', async () => {
    const { admin } = await start()
    for (const id of [
      'evt_1',
      'evt_0',
      'evt_-1',
      'evt_1e3',
      'evt_99999999999999999999',
      'x',
      '%27%20or%201=1',
      '%00',
    ]) {
      const answer = await admin('GET', `/events/${id}`)
      expect(answer.statusCode, id).toBe(404)
      expect(answer.json().error.code).toBe('not_found')
      expect((await admin('POST', `/events/${id}/replay`)).statusCode, id).toBe(404)
    }
  })

  test('replay puts one through the mapper again and counts it', async () => {
    const test = await start()
    await test.sendShop('orders/create', { id: 5 })
    await test.map()
    const answer = await test.admin('POST', '/events/evt_1/replay')
    expect(answer.statusCode).toBe(202)
    expect(answer.json().data).toEqual({ event_id: 'evt_1', status: 'pending' })
    expect((await test.admin('GET', '/events/evt_1')).json().data).toMatchObject({ status: 'pending', replays: 1 })
    await test.map()
    expect((await test.admin('GET', '/events/evt_1')).json().data).toMatchObject({ status: 'skipped', replays: 1 })
  })
})

describe('doing something with all that match', () => {
  const failing = (id: number) => post(id, { url: 'https://elsewhere.example/a' })

  test('nothing is done without a filter, with an unknown one, or with a limit that makes no sense', async () => {
    const { admin, send, map, relay } = await start()
    await send('demo', post(1))
    await map()
    for (const path of ['/events/replay', '/events/purge', '/items/redeliver', '/items/purge']) {
      for (const body of [
        undefined,
        {},
        { dry_run: true },
        { limit: 5 },
        { colour: 'red' },
        { source: 'demo', limit: 0 },
      ]) {
        const answer = await admin('POST', path, body)
        expect(answer.statusCode, `${path} ${JSON.stringify(body)}`).toBe(400)
        expect(answer.json().error.code).toBe('invalid')
      }
    }
    expect((await admin('POST', '/events/purge', { status: 'pending' })).statusCode).toBe(400)
    expect((await admin('POST', '/items/purge', { status: 'delivered' })).statusCode).toBe(400)
    expect((await relay.store.getEvent('evt_1'))?.status).toBe('processed')
  })

  test('a dry run says how many, and the run does it: replay, purge', async () => {
    const { admin, send, map, relay } = await start()
    for (const id of [1, 2, 3]) await send('demo', failing(id))
    await send('demo', post(4))
    await map()
    const dry = await admin('POST', '/events/replay', { status: 'failed', limit: 2, dry_run: true })
    expect([dry.statusCode, dry.json().data]).toEqual([200, { dry_run: true, replayed: 2, matching: 3 }])
    expect((await relay.store.readStats()).eventsPending).toBe(0)
    const done = await admin('POST', '/events/replay', { status: 'failed', limit: 2 })
    expect([done.statusCode, done.json().data]).toEqual([202, { dry_run: false, replayed: 2 }])
    expect((await relay.store.readStats()).eventsPending).toBe(2)
    await map()

    const toGo = { source: 'demo', until: '2030-01-01T00:00:00Z', status: 'failed' }
    const dryPurge = await admin('POST', '/events/purge', { ...toGo, dry_run: true })
    expect(dryPurge.json().data).toEqual({ dry_run: true, purged: 3, matching: 3 })
    expect((await admin('POST', '/events/purge', toGo)).json().data).toEqual({ dry_run: false, purged: 3 })
    expect((await admin('GET', '/events')).json().data).toMatchObject([{ id: 'evt_4' }])
    const byId = await admin('POST', '/events/purge', { ids: ['evt_4', 'evt_99'] })
    expect(byId.json().data).toEqual({ dry_run: false, purged: 1 })
  })

  test('what a filter holds is a value, whatever it looks like', async () => {
    const { admin, send, map, relay } = await start()
    await send('demo', post(1))
    await map()
    const events = await relay.store.listEvents({}, { limit: 9 })
    for (const text of ["' or 1=1 --", 'demo" or "1"="1', '%', '*', "demo'; drop table events; --", '\u0000']) {
      for (const [path, filters] of [
        ['/events/replay', [{ source: text }, { topic: text }, { ids: [text] }]],
        ['/events/purge', [{ source: text }, { topic: text }, { ids: [text] }]],
        ['/items/redeliver', [{ destination: text }, { type: text }, { id: text }]],
        ['/items/purge', [{ destination: text }, { type: text }, { id: text }]],
      ] as const) {
        for (const filter of filters) {
          const answer = await admin('POST', path, filter)
          expect(Object.values(answer.json().data), `${path} ${JSON.stringify(filter)}`).toEqual([false, 0])
        }
      }
    }
    expect(await relay.store.listEvents({}, { limit: 9 })).toEqual(events)
  })

  test('what was done is in the log, with who, the filter and where it came from; what was only asked for says so', async () => {
    const { admin, send, map, lines, signals } = await start()
    for (const id of [1, 2]) await send('demo', post(id))
    await map()
    await send('demo', post(3))
    await admin('POST', '/events/purge', { source: 'demo', dry_run: true })
    await admin('POST', '/events/purge', { ids: ['evt_1', 'evt_3'], source: 'demo' })
    await admin('POST', '/items/redeliver', { id: 'post:1' })
    await admin('POST', '/items/move', { from: 'gone', to: 'main', source: 'demo' })
    const told = lines.map((line) => JSON.parse(line)).filter(({ msg }) => msg === 'admin.done')
    expect(told).toMatchObject(
      [
        { what: 'events.purged', count: 2, filter: { source: 'demo' }, dry_run: true, status: 200 },
        { what: 'events.purged', count: 1, filter: { ids: 2, source: 'demo' }, ip: '127.0.0.1', level: 'info' },
        { what: 'items.redelivered', count: 1, filter: { id: 'post:1' }, who: 'admin', requestId: /^req_/ },
        {
          what: 'items.moved',
          count: 0,
          filter: { from: 'gone', to: 'main', source: 'demo' },
          dry_run: false,
          status: 202,
        },
      ].map((line) => ({ ...line, ...('requestId' in line && { requestId: expect.stringMatching(/^req_/) }) })),
    )
    expect(JSON.stringify(signals)).not.toContain(adminToken)
    expect((await admin('GET', '/events/evt_3')).json().data).toMatchObject({ status: 'pending' })
  })

  test('a single act, one that fails, and a read of a body are told; lists are not', async () => {
    const { admin, send, map, signals } = await start()
    await send('demo', post(1))
    await map()
    const paths: readonly (readonly ['GET' | 'POST', string])[] = [
      ['GET', '/events'],
      ['GET', '/events/evt_1'],
      ['GET', '/items/post:1'],
      ['POST', '/events/evt_1/replay'],
      ['POST', '/events/evt_1/preview'],
      ['POST', '/events/purge'],
      ['POST', '/destinations/main/disable'],
    ]
    for (const [method, path] of paths) await admin(method, path, method === 'POST' ? {} : undefined)
    const told = signals.filter(({ kind }) => kind === 'admin.done')
    expect(told).toMatchObject([
      { what: 'GET /api/v1/events/:id', target: 'evt_1', status: 200, who: 'admin', ip: '127.0.0.1' },
      { what: 'GET /api/v1/items/:id', target: 'post:1', status: 200 },
      { what: 'POST /api/v1/events/:id/replay', target: 'evt_1', status: 202 },
      { what: 'POST /api/v1/events/:id/preview', target: 'evt_1' },
      { what: 'POST /api/v1/events/purge', target: null, status: 400 },
      { what: 'POST /api/v1/destinations/:name/disable', target: 'main', status: 200 },
    ])
  })

  test('an act whose caller goes away before the answer is told', async () => {
    const { app, signals } = await start()
    const origin = await app.listen({ host: '127.0.0.1', port: 0 })
    app.server.prependListener('request', ({ socket }: IncomingMessage) => void socket.destroy())
    const url = `${origin}/api/v1/destinations/main/disable`
    await expect(fetch(url, { method: 'POST', headers: { authorization: `Bearer ${adminToken}` } })).rejects.toThrow()
    const told = () => signals.filter(({ kind }) => kind === 'admin.done')
    await vi.waitFor(() =>
      expect(told()).toMatchObject([{ what: 'POST /api/v1/destinations/:name/disable', status: 200 }]),
    )
  })

  test('errors are listed by cause', async () => {
    const test = await start()
    for (const id of [1, 2, 3]) await test.send('demo', failing(id))
    await test.map()
    const [group, ...others] = await list(test, '/events?group_by=error')
    expect(others).toEqual([])
    expect(group).toMatchObject({ source: 'demo', status: 'failed', count: 3, example: 'evt_3' })
    expect(group!['error']).toMatch(/item '…': url: host 'elsewhere.example'/)
    expect(group!['last_at']).toBe(new Date(test.clock.now()).toISOString())
    expect(await list(test, '/items?group_by=error')).toEqual([])
    expect((await test.admin('GET', '/events?group_by=topic')).statusCode).toBe(400)
  })

  test('dead items are grouped, redelivered and given up', async () => {
    const { ingest, ...test } = await startDelivering()
    ingest.answer(() => refused(400, 'validation.failed'))
    for (const id of [1, 2]) await test.send('demo', post(id))
    await test.map()
    await test.deliver(60_000)
    expect(await list(test, '/items?group_by=error')).toMatchObject([
      { destination: 'main', status: 'dead', count: 2, error: expect.stringContaining('validation.failed') },
    ])
    const dry = await test.admin('POST', '/items/redeliver', { status: 'dead', dry_run: true })
    expect([dry.statusCode, dry.json().data]).toEqual([200, { dry_run: true, redelivered: 2, matching: 2 }])
    const calls = ingest.calls.length
    const again = await test.admin('POST', '/items/redeliver', { status: 'dead', id: 'post:1' })
    expect([again.statusCode, again.json().data]).toEqual([202, { dry_run: false, redelivered: 1 }])
    await test.deliver(60_000)
    expect(ingest.calls.slice(calls).flatMap(({ ids }) => ids)).toEqual(['post:1'])

    const dryPurge = await test.admin('POST', '/items/purge', { destination: 'main', dry_run: true })
    expect(dryPurge.json().data).toEqual({ dry_run: true, purged: 2, matching: 2 })
    const purged = await test.admin('POST', '/items/purge', { destination: 'main' })
    expect(purged.json().data).toEqual({ dry_run: false, purged: 2 })
    expect(await list(test, '/items?status=dead')).toEqual([])
    expect(await list(test, '/items')).toMatchObject(
      [1, 2].map(() => ({
        status: 'delivered',
        delivered_kind: null,
        error: expect.stringMatching(/^given up: .*validation\.failed/),
      })),
    )
  })
})

describe('the preview of an event that is kept', () => {
  const mapperOf = (title: string) => `
name: notes
title: Notes
vars:
  origin: { format: origin }
records:
  - name: note
    match: event = 'note.saved'
    type: '"post"'
    id: '"post:" & id'
    url: $vars.origin & url
    title: '${title}'
    text: text
    version: revision
`
  const note = (over: Record<string, unknown>) => ({
    event: 'note.saved',
    id: 1,
    url: '/n',
    text: 'T',
    revision: 1,
    ...over,
  })

  async function startNotes(folder: string, title: string) {
    writeFileSync(join(folder, 'notes.yaml'), mapperOf(title))
    return start({
      mappersDir: folder,
      store: `sqlite:${folder}/relay.db`,
      sources: {
        notes: { mapper: 'notes', destination: 'main', verify: 'none', vars: { origin: 'https://example.com' } },
      },
    })
  }

  test("shows what today's mapper makes of it beside what is wanted now, and changes nothing", async () => {
    const folder = createFolder()
    const first = await startNotes(folder, 'name')
    for (const body of [note({ name: 'Old' }), note({ name: 'New', revision: 2 }), { event: 'note.read' }]) {
      await first.send('notes', body)
    }
    await first.map()
    const previewOf = async ({ admin }: TestRelay, id: string) => {
      const answer = await admin('POST', `/events/${id}/preview`)
      expect(answer.statusCode, answer.body).toBe(200)
      return answer.json().data
    }
    const same = await previewOf(first, 'evt_2')
    expect(same.changes).toEqual([
      { destination: 'main', type: 'post', id: 'post:1', kind: 'upsert', result: 'same', differences: [] },
    ])
    expect(same).toMatchObject({ event_id: 'evt_2', source: 'notes', mapper: 'notes', skipped: null, error: null })
    expect(same.mapped_with).toBe(same.mapper_version)
    expect((await previewOf(first, 'evt_1')).changes).toMatchObject([{ result: 'stale' }])
    expect(await previewOf(first, 'evt_3')).toMatchObject({ changes: [], skipped: expect.stringContaining('note') })
    expect((await first.admin('POST', '/events/evt_9/preview')).statusCode).toBe(404)
    await first.app.close()
    await first.relay.close()

    const second = await startNotes(folder, 'name & "!"')
    const items = await list(second, '/items')
    const changed = await previewOf(second, 'evt_2')
    expect(changed.mapped_with).not.toBe(changed.mapper_version)
    expect(changed.changes).toMatchObject([
      { result: 'changed', differences: [{ path: 'title', before: 'New', after: 'New!' }] },
    ])
    await second.send('notes', note({ id: 2, name: 'Two' }))
    expect((await previewOf(second, 'evt_4')).changes).toMatchObject([
      { id: 'post:2', result: 'new', differences: [{ path: '', before: null, after: { title: 'Two!' } }] },
    ])
    expect(await list(second, '/items')).toEqual(items)
    expect((await second.admin('GET', '/events/evt_2')).json().data).toMatchObject({ status: 'processed', replays: 0 })
  })
})

describe('items', () => {
  test('are listed and filtered, and one is shown with what is desired, delivered and tried', async () => {
    const test = await startDelivering()
    test.ingest.answer(({ ids }) =>
      ids.includes('product:2') && ids.length === 1
        ? {
            status: 200,
            body: {
              ok: true,
              data: {
                results: [
                  { id: 'product:2', status: 'failed', error: { code: 'bad', message: 'no', retryable: false } },
                ],
              },
              meta: {},
            },
          }
        : undefined,
    )
    await test.sendShop('products/update', product(1))
    await test.map()
    await test.deliver(5 * second)
    await test.sendShop('products/update', product(2))
    await test.map()
    await test.deliver(5 * second)
    const changedAt = test.clock.now()
    await test.send('demo', post(3))
    await test.map()
    const ids = async (query: string) => (await list(test, `/items${query}`)).map(({ id }) => id)
    expect(await ids('')).toEqual(['post:3', 'product:2', 'product:1'])
    expect(await ids('?type=product')).toEqual(['product:2', 'product:1'])
    expect(await ids('?source=demo')).toEqual(['post:3'])
    expect(await ids('?destination=main&status=delivered')).toEqual(['product:1'])
    expect(await ids('?status=dead')).toEqual(['product:2'])
    expect(await ids('?status=pending')).toEqual(['post:3'])
    expect(await ids('?id=product%3A1')).toEqual(['product:1'])
    expect(await ids(`?since=${changedAt}`)).toEqual(['post:3'])
    expect(await ids(`?until=${changedAt}`)).toEqual(['product:2', 'product:1'])
    expect((await walk(test, '/items?limit=1')).flat().map(({ id }) => id)).toEqual(await ids(''))
    expect((await test.admin('GET', '/items?status=skipped')).statusCode).toBe(400)

    const one = (await test.admin('GET', '/items/product:1')).json().data
    expect(one).toMatchObject({
      destination: 'main',
      source: 'shop',
      status: 'delivered',
      delivered_kind: 'upsert',
      delivered_at: expect.stringMatching(/^2026-03-01T.*Z$/),
      event_id: 'evt_1',
      error: null,
      desired: { kind: 'upsert', item: { id: 'product:1', type: 'product', checksum: one.checksum } },
      attempts: [{ outcome: 'settled', status: 200, item_count: 1 }],
    })
    expect(one.delivered_checksum).toBe(one.checksum)
    expect(one.attempts[0].key).toBe(test.ingest.calls[0]?.key)
  })

  test('are found by ids with slashes, colons, percent signs and 256 characters', async () => {
    const test = await startDelivering()
    const long = `post:${'x'.repeat(251)}`
    const ids = ['post:a/b', 'post:a:b:c', 'post:50%25', 'post:a b?c#d', 'post:é–😀', 'post:..', 'post:%2F', long]
    await test.send('demo', { items: ids.map((id) => post(id)) })
    await test.map()
    for (const id of ids) {
      const path = `/items/${encodeURIComponent(id)}`
      const found = await test.admin('GET', path)
      expect(found.statusCode, id).toBe(200)
      expect(found.json().data.id).toBe(id)
      expect((await test.admin('POST', `${path}/redeliver`)).json().data).toMatchObject({ id, status: 'pending' })
      expect(await list(test, `/items?id=${encodeURIComponent(id)}`)).toHaveLength(1)
    }
    await test.deliver(5 * second)
    expect(test.ingest.calls.flatMap((call) => call.ids).sort()).toEqual(ids.toSorted())
  })

  test('of one id at two destinations are told apart by ?destination=, else 409 with the choices', async () => {
    const clock = createClock()
    const ingest = await startScriptedIngest(clock)
    const site = (website_id: string) => ({
      token: `con_${website_id}.destination-secret`,
      website_id,
      site_domain: 'example.com',
      base_url: ingest.baseUrl,
    })
    const demo = {
      mapper: 'generic',
      destination: ['one', 'two'],
      verify: 'none',
      vars: { origin: 'https://example.com' },
    }
    const test = await start({ clock, destinations: { one: site('s1'), two: site('s2') }, sources: { demo } })
    await test.send('demo', post(1))
    await test.map()
    await test.deliver(5 * second)
    for (const [method, path] of [
      ['GET', '/items/post:1'],
      ['POST', '/items/post:1/redeliver'],
      ['GET', '/items/post:1?type=post'],
    ] as const) {
      const answer = await test.admin(method, path)
      expect(answer.statusCode, path).toBe(409)
      const choices = [
        { destination: 'one', type: 'post' },
        { destination: 'two', type: 'post' },
      ]
      expect(answer.json().error).toMatchObject({ code: 'conflict', retryable: false, details: { choices } })
    }
    expect((await test.admin('GET', '/items/post:1?destination=two')).json().data.destination).toBe('two')
    expect((await test.admin('GET', '/items/post:1?destination=three')).statusCode).toBe(404)
    const before = ingest.calls.length
    expect((await test.admin('POST', '/items/post:1/redeliver?destination=two')).statusCode).toBe(202)
    await test.deliver(5 * second)
    expect(ingest.calls.slice(before).map(({ text }) => JSON.parse(text).website_id)).toEqual(['s2'])
  })

  test('of one id and two types are told apart by ?type=', async () => {
    const test = await start()
    await test.send('demo', post('x:1', { type: 'page' }))
    await test.send('demo', post('page:x:1', { type: 'custom' }))
    await test.map()
    const rows = await list(test, '/items')
    const ids = rows.map(({ type, id }) => `${type} ${id}`)
    expect(ids.sort()).toEqual(['custom custom:page:x:1', 'page page:x:1'])
    expect((await test.admin('GET', '/items/page:x:1?type=page')).statusCode).toBe(200)
    expect((await test.admin('GET', '/items/page:x:1?type=post')).statusCode).toBe(404)
    expect((await test.admin('GET', '/items/page:x:1?colour=red')).statusCode).toBe(400)
  })

  test('that are not there are 404', async () => {
    const { admin } = await start()
    for (const id of ['product:1', 'x'.repeat(3_000), '%00', '__proto__'])
      for (const [method, path] of [
        ['GET', `/items/${id}`],
        ['POST', `/items/${id}/redeliver`],
      ] as const)
        expect((await admin(method, path)).statusCode, path.slice(0, 40)).toBe(404)
  })
})

describe('batches and attempts', () => {
  test('are listed newest first, filtered and walked', async () => {
    const test = await startDelivering()
    for (const id of [1, 2, 3]) {
      await test.sendShop('products/update', product(id))
      await test.map()
      await test.deliver(5 * second)
    }
    const batches = await list(test, '/batches')
    expect(batches).toMatchObject([3, 2, 1].map(() => ({ destination: 'main', status: 'done', item_count: 1 })))
    expect(batches.map(({ key }) => key)).toEqual(test.ingest.calls.map(({ key }) => key).reverse())
    expect(await list(test, '/batches?status=open')).toEqual([])
    expect((await walk(test, '/batches?status=done&limit=2')).map((page) => page.length)).toEqual([2, 1])
    expect(await list(test, `/attempts?batch=${batches[1]?.id}`)).toMatchObject([{ batch_id: batches[1]?.id }])
    expect((await walk(test, '/attempts?destination=main&limit=1')).flat()).toHaveLength(3)
    expect(await list(test, '/attempts?destination=other')).toEqual([])
    expect((await test.admin('GET', '/batches?status=lost')).statusCode).toBe(400)
    expect((await test.admin('GET', '/attempts?batch=a&batch=b')).statusCode).toBe(400)
  })
})

describe('destinations', () => {
  test('are shown with state, circuit and counts, and never with their token', async () => {
    const test = await start()
    await test.sendShop('products/update', product(1))
    await test.map()
    const [main] = await list(test, '/destinations')
    expect(main).toMatchObject({
      name: 'main',
      enabled: true,
      state: 'closed',
      circuit: { state: 'closed', failures: 0, retry_at: null },
      website_id: 'site_1',
      site_domain: 'example.com',
      base_url: nowhere,
      counts: { pending: 1, delivered: 0, dead: 0 },
    })
    const one = await test.admin('GET', '/destinations/main')
    expect(one.json().data).toEqual(main)
    expect(one.body).not.toContain('destination-secret')
    for (const [method, path] of [
      ['GET', '/destinations/other'],
      ['POST', '/destinations/other/enable'],
      ['POST', '/destinations/constructor/disable'],
    ] as const)
      expect((await test.admin(method, path)).statusCode, path).toBe(404)
  })

  test('that are disabled get nothing, also after a restart, until someone enables them', async () => {
    const folder = createFolder()
    const clock = createClock()
    const ingest = await startScriptedIngest(clock)
    const options = { baseUrl: ingest.baseUrl, clock, store: `sqlite:${join(folder, 'relay.db')}` }
    const first = await startRelay(options)
    const disabled = await first.admin('POST', '/destinations/main/disable', { reason: 'moving house' })
    expect(disabled.json().data).toMatchObject({ state: 'disabled', circuit: { reason: 'moving house' } })
    await first.sendShop('products/update', product(1))
    await first.map()
    await first.deliver(60 * second)
    await first.app.close()
    await first.relay.close()

    const again = await startRelay(options)
    expect((await again.admin('GET', '/destinations/main')).json().data).toMatchObject({
      state: 'disabled',
      circuit: { reason: 'moving house' },
      counts: { pending: 1 },
    })
    await again.deliver(60 * second)
    expect(ingest.calls).toEqual([])
    const enabled = await again.admin('POST', '/destinations/main/enable')
    expect(enabled.json().data).toMatchObject({ state: 'closed', circuit: { reason: null } })
    await again.deliver(5 * second)
    expect(ingest.calls.map(({ path }) => path)).toEqual(['/v1/ingest/heartbeat', '/v1/ingest/item'])
    expect((await again.admin('GET', '/destinations/main')).json().data.counts).toMatchObject({ delivered: 1 })
  })

  test('are disabled with a reason of their own kind, or none; anything else is 400', async () => {
    const { admin } = await start()
    const bare = await admin('POST', '/destinations/main/disable')
    expect(bare.json().data.circuit.reason).toBe('disabled by an operator')
    for (const body of [{ reason: '' }, { reason: 5 }, { reason: 'x'.repeat(501) }, { cause: 'x' }, []])
      expect((await admin('POST', '/destinations/main/disable', body)).statusCode, JSON.stringify(body)).toBe(400)
  })

  test('that the configuration has switched off say so', async () => {
    const test = await start({ destination: { enabled: false } })
    expect(await list(test, '/destinations')).toMatchObject([{ enabled: false, state: 'off' }])
  })
})

test('sources are shown with what is wired to them, and never with their secret', async () => {
  const test = await start()
  const rows = await list(test, '/sources')
  expect(rows).toMatchObject([
    { name: 'shop', enabled: true, path: '/webhooks/shop', mapper: 'shopify', verify: 'hmac', destinations: ['main'] },
    { name: 'demo', enabled: true, path: '/webhooks/demo', mapper: 'generic', verify: 'none', destinations: ['main'] },
  ])
  expect(JSON.stringify(rows)).not.toContain('shop-webhook-secret')
})

describe('mappers', () => {
  test('are listed with the vars that they ask for', async () => {
    const rows = await list(await start(), '/mappers')
    expect(rows.map(({ name }) => name)).toEqual(expect.arrayContaining(['generic', 'ghost', 'shopify', 'strapi']))
    const shopify = rows.find(({ name }) => name === 'shopify')
    expect(shopify).toMatchObject({ title: 'Shopify', origin: 'built-in', vars: { origin: { required: true } } })
  })

  test('preview shows what a webhook would come to, and keeps nothing', async () => {
    const test = await start()
    const headers = { 'X-Shopify-Topic': 'products/update', 'X-Shopify-Webhook-Id': 'd-9' }
    const preview = async (body: object, name = 'shopify') => test.admin('POST', `/mappers/${name}/preview`, body)
    const good = await preview({ headers, body: product(7), source: 'shop' })
    expect(good.statusCode).toBe(200)
    expect(good.json().data).toMatchObject({
      event: { id: 'd-9', topic: 'products/update', mapper: 'shopify' },
      changes: [
        { kind: 'upsert', item: { type: 'product', id: 'product:7', url: 'https://example.com/products/product-7' } },
      ],
      skipped: null,
      problems: [],
    })
    const raw = await preview({ headers, rawBody: JSON.stringify(product(7)), source: 'shop' })
    expect(raw.json().data).toEqual(good.json().data)
    const own = await preview({ headers, body: product(7), vars: { origin: 'https://other.example' } })
    expect(own.json().data.changes[0].item.url).toBe('https://other.example/products/product-7')
    const gone = await preview({ headers: { 'x-shopify-topic': 'products/delete' }, body: { id: 7 }, source: 'shop' })
    expect(gone.json().data.changes).toMatchObject([
      { kind: 'delete', type: 'product', id: 'product:7', certain: true },
    ])
    const order = await preview({ headers: { 'x-shopify-topic': 'orders/create' }, body: { id: 5 }, source: 'shop' })
    expect(order.json().data).toMatchObject({ changes: [], skipped: expect.stringContaining('orders/create') })
    const ping = await preview({ body: { event: 'ping' } }, 'generic')
    expect(ping.json().data).toMatchObject({ changes: [], skipped: expect.stringContaining('ping') })
    const bad = await preview({ headers, body: product(7, { title: 'x'.repeat(1_025) }), source: 'shop' })
    expect(bad.statusCode).toBe(200)
    expect(bad.json().data).toMatchObject({ changes: [], problems: [expect.stringContaining('title')] })
    const foreign = await preview({
      headers,
      body: product(7),
      source: 'shop',
      vars: { origin: 'https://elsewhere.example' },
    })
    expect(foreign.json().data).toMatchObject({ changes: [], problems: [expect.stringContaining('elsewhere.example')] })
    expect(await list(test, '/events')).toEqual([])
    expect(await list(test, '/items')).toEqual([])
  })

  test('preview keeps the digits of ids beyond 2^53, also in a body that is JSON', async () => {
    const { app } = await start()
    const answer = await app.inject({
      method: 'POST',
      url: '/api/v1/mappers/shopify/preview',
      headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
      payload: '{"source":"shop","headers":{"x-shopify-topic":"products/delete"},"body":{"id":788032119674292922}}',
    })
    expect(answer.json().data.changes).toMatchObject([
      { kind: 'delete', type: 'product', id: 'product:788032119674292922', version: null, certain: true },
    ])
  })

  test('preview tells the version, whether a removal is certain, and which expressions gave nothing', async () => {
    const { admin } = await start()
    const preview = async (over: object) => {
      const body = { type: 'post', id: 7, url: '/p/7', ...over }
      return (await admin('POST', '/mappers/generic/preview', { source: 'demo', body })).json().data
    }
    const full = { title: 'T', text: 't', version: 3 }
    expect(await preview(full)).toMatchObject({ changes: [{ kind: 'upsert', version: '3' }], problems: [] })
    expect(await preview({ ...full, status: 'draft' })).toMatchObject({
      changes: [{ kind: 'delete', version: '3', certain: false }],
    })
    const { nothing } = await preview({ text: 't' })
    expect(nothing).toContainEqual({ record: 'item', field: 'title', expression: 'title', count: 1 })
  })

  test('preview of what can not be is 404 or 400, and says why', async () => {
    const { admin, app } = await start()
    const preview = (name: string, body: unknown) => admin('POST', `/mappers/${name}/preview`, body)
    expect((await preview('nothing', {})).statusCode).toBe(404)
    expect((await preview('__proto__', {})).statusCode).toBe(404)
    expect((await preview('shopify', { source: 'nothing' })).statusCode).toBe(404)
    expect((await preview('shopify', { source: '__proto__' })).statusCode).toBe(404)
    const missing = await preview('shopify', { body: {} })
    expect(missing.statusCode).toBe(400)
    expect(missing.json().error.details.issues).toMatchObject([{ path: expect.stringMatching(/vars\.origin$/) }])
    const wrong = await preview('shopify', {
      body: {},
      vars: { origin: 'ftp://x', currency: 'dollars', colour: 'red' },
    })
    expect(wrong.statusCode).toBe(400)
    expect(wrong.json().error.details.issues).toHaveLength(3)
    expect((await preview('shopify', { source: 'shop', rawBody: '{"id":' })).statusCode).toBe(400)
    expect((await preview('shopify', { source: 'shop', headers: { a: 1 } })).statusCode).toBe(400)
    expect((await preview('shopify', { source: 'shop', colour: 'red' })).statusCode).toBe(400)
    expect((await preview('shopify', [])).statusCode).toBe(400)
    const malformed = await app.inject({
      method: 'POST',
      url: '/api/v1/mappers/shopify/preview',
      headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
      payload: '{"source":',
    })
    expect(malformed.statusCode).toBe(400)
    expect(malformed.json()).toMatchObject({ ok: false, error: { code: 'invalid', status: 400 } })
  })
})

describe('whatever is asked, the answer is in the envelope', () => {
  const asked = [
    ['GET', '/nothing', 404],
    ['GET', '/api/v1/nothing', 404],
    ['DELETE', '/api/v1/events', 404],
    ['GET', '/webhooks/demo', 404],
    ['POST', '/webhooks', 404],
    ['GET', `/${'x'.repeat(5_000)}`, 404],
    ['GET', '/api/v1/items/%zz', 400],
    ['GET', '/%c3%28', 400],
  ] as const

  test('for a route that is not there, and for a path that can not be read', async () => {
    const { app } = await start()
    for (const [method, url, status] of asked) {
      const answer = await app.inject({ method, url, headers: { authorization: `Bearer ${adminToken}` } })
      const at = `${method} ${url.slice(0, 40)}`
      expect(answer.statusCode, at).toBe(status)
      expect.soft(answer.headers['content-type'], at).toMatch('application/problem+json')
      const code = status === 404 ? 'not_found' : 'invalid'
      const error = { code, status, retryable: false, requestId: expect.any(String), message: expect.any(String) }
      expect.soft(answer.json(), at).toMatchObject({ ok: false, error })
    }
  })

  test('also a bug, which says nothing of itself to the caller and everything to the log', async () => {
    const test = await start()
    test.relay.store.listEvents = async () => {
      throw new Error('secret of the house')
    }
    const answer = await test.admin('GET', '/events')
    expect(answer.statusCode).toBe(500)
    expect(answer.json()).toMatchObject({ ok: false, error: { code: 'internal', message: 'internal error' } })
    expect(answer.body).not.toContain('secret of the house')
    expect(test.lines.join('')).toContain('secret of the house')
  })
})
