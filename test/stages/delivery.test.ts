import { writeFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { describe, expect, test } from 'vitest'
import { createFolder } from '../folder.ts'
import { accepted, refused, type ScriptedIngest, startScriptedIngest } from '../scripted-ingest.ts'
import { createClock, product, startRelay, startSandbox, type TestRelay } from '../support.ts'

type Options = Partial<Parameters<typeof startRelay>[0]>

async function start(options: Options = {}): Promise<TestRelay & { ingest: ScriptedIngest }> {
  const clock = createClock()
  const ingest = await startScriptedIngest(clock)
  return { ...(await startRelay({ baseUrl: ingest.baseUrl, clock, ...options })), ingest }
}

const second = 1_000
const day = 86_400_000

async function publish(relay: TestRelay, ids: readonly number[], over: Record<string, unknown> = {}): Promise<void> {
  for (const id of ids) expect((await relay.sendShop('products/update', product(id, over))).statusCode).toBe(202)
  await relay.map()
}

/** Saves product 1 with another text, a second later each time. */
function saver(test: Parameters<typeof publish>[0]): (bodyHtml: string) => ReturnType<typeof publish> {
  let version = 0
  return (body_html) =>
    publish(test, [1], { body_html, updated_at: `2026-02-01T00:00:${String(++version).padStart(2, '0')}Z` })
}

/** The one letter that each call had for a body. */
function bodiesSent({ ingest }: { readonly ingest: ScriptedIngest }): readonly (string | undefined)[] {
  return ingest.calls.map(({ text }) => /"([A-Z])"/.exec(text)?.[1])
}

/** The beginning of an answer that is to be longer. */
function partOf(response: ServerResponse, onWritten?: () => void): void {
  response.writeHead(200, { 'content-length': '100' }).write('{"ok":', onWritten)
}

async function item({ relay }: TestRelay, id = 'product:1') {
  return (await relay.store.getItems({ id }))[0]
}

describe('the main job', () => {
  test('a product arrives at the ingest API signed, complete and once', async () => {
    const clock = createClock()
    const sandbox = await startSandbox(clock)
    const test = await startRelay({ baseUrl: sandbox.baseUrl, clock })
    await publish(test, [1])
    await test.deliver(5 * second)
    expect(sandbox.items()).toMatchObject([
      { type: 'product', id: 'product:1', url: 'https://example.com/products/product-1' },
    ])
    expect(sandbox.calls().map(({ verdict }) => verdict)).toEqual(['accepted'])
    expect(await item(test)).toMatchObject({ status: 'delivered', deliveredKind: 'upsert' })
    await test.sendShop('products/delete', { id: 1 }, { 'x-shopify-triggered-at': '2026-03-01T13:00:00Z' })
    await test.map()
    await test.deliver()
    expect(sandbox.items()).toEqual([])
    expect(await item(test)).toMatchObject({ status: 'delivered', deliveredKind: 'delete' })
  })

  test('one item goes to /item, more to /batch, tombstones to /delete and at once', async () => {
    const test = await start()
    await publish(test, [1])
    await test.deliver(5 * second)
    await publish(test, [2, 3, 4])
    await test.deliver(5 * second)
    await test.sendShop('products/delete', { id: 2 })
    await test.map()
    await test.deliver(0)
    expect(test.ingest.calls.map(({ path, ids }) => [path, ids])).toEqual([
      ['/v1/ingest/item', ['product:1']],
      ['/v1/ingest/batch', ['product:2', 'product:3', 'product:4']],
      ['/v1/ingest/delete', ['product:2']],
    ])
  })

  test('what has the id of a tombstone under another type is sent again: a call to delete names no types', async () => {
    const clock = createClock()
    const sandbox = await startSandbox(clock)
    const mappersDir = createFolder()
    writeFileSync(
      `${mappersDir}/own.yaml`,
      `name: own
title: Own
verify: { scheme: header, header: authorization }
records:
  - { name: any, match: 'true', each: $body, type: $.kind, id: id, live: $not($exists(gone)), url: '"https://example.com/" & kind', text: id }
`,
    )
    const sources = { own: { mapper: 'own', destination: 'main', verify: 'none' } }
    const test = await startRelay({ baseUrl: sandbox.baseUrl, clock, mappersDir, sources })
    const tell = async (...records: readonly object[]) => {
      expect((await test.send('own', records)).statusCode).toBe(202)
      await test.map()
      await test.deliver(5 * second)
    }
    await tell({ id: 'e1', kind: 'post' })
    await tell({ id: 'e1', kind: 'page' })
    await tell({ id: 'e1', kind: 'post', gone: true })
    expect(sandbox.items().map(({ type }) => type)).toEqual(['page'])
    const calls = sandbox.calls().length
    await test.deliver(60 * second)
    expect(sandbox.calls()).toHaveLength(calls)
  })

  test('a burst of saves costs one call, at latest after the longest wait', async () => {
    const test = await start({ destination: { delivery: { debounce: '10s', max_wait: '25s', timeout: '2s' } } })
    const startedAt = test.clock.now()
    for (let save = 0; save < 10; save += 1) {
      await publish(test, [1], {
        body_html: `Save ${save}`,
        updated_at: new Date(Date.UTC(2026, 1, 1, 0, 0, save)).toISOString(),
      })
      await test.deliver(5 * second)
      if (test.ingest.calls.length > 0) break
    }
    expect(test.ingest.calls).toHaveLength(1)
    expect(test.clock.now() - startedAt).toBeGreaterThanOrEqual(25 * second)
    expect(test.clock.now() - startedAt).toBeLessThan(31 * second)
  })

  test('batches keep to max_items and max_bytes', async () => {
    const test = await start({ destination: { delivery: { max_items: 4, timeout: '2s' } } })
    await publish(test, [1, 2, 3, 4, 5, 6])
    await test.deliver(5 * second)
    expect(test.ingest.calls.map(({ ids }) => ids.length)).toEqual([4, 2])
    const small = await start({ destination: { delivery: { max_bytes: '4kb', timeout: '2s' } } })
    await publish(small, [1, 2, 3, 4, 5, 6], { body_html: `<p>${'x'.repeat(700)}</p>` })
    await small.deliver(5 * second)
    expect(small.ingest.calls.length).toBeGreaterThan(1)
    for (const { text } of small.ingest.calls) expect(Buffer.byteLength(text)).toBeLessThanOrEqual(4096)
    expect(small.ingest.calls.flatMap(({ ids }) => ids)).toHaveLength(6)
  })
})

describe('promise 3: latest wins, per item', () => {
  const at = (minute: number) => ({ updated_at: `2026-02-01T00:${String(minute).padStart(2, '0')}:00Z` })

  test('an older update is stale, whenever it comes', async () => {
    const test = await start()
    await publish(test, [1], { body_html: 'New', ...at(5) })
    await publish(test, [1], { body_html: 'Old', ...at(4) })
    await test.deliver(5 * second)
    await publish(test, [1], { body_html: 'Older', ...at(3) })
    await test.deliver(5 * second)
    expect(test.ingest.calls).toHaveLength(1)
    expect(test.ingest.calls[0]?.text).toContain('"New"')
    const { rows } = await test.relay.store.listEvents({ status: 'skipped' }, { limit: 10 })
    expect(rows.map(({ reason }) => reason)).toEqual(['stale', 'stale'])
  })

  test('an old update does not revive a deleted item, versioned or not', async () => {
    for (const headers of [{}, { 'x-shopify-triggered-at': '2026-02-01T00:06:00Z' }]) {
      const test = await start()
      await publish(test, [1], at(5))
      await test.deliver(5 * second)
      await test.sendShop('products/delete', { id: 1 }, headers as Record<string, string>)
      await test.map()
      await publish(test, [1], { body_html: 'Late', ...at(5) })
      await publish(test, [1], { body_html: 'Later', ...at(4) })
      await test.deliver(5 * second)
      expect(test.ingest.calls.map(({ path }) => path)).toEqual(['/v1/ingest/item', '/v1/ingest/delete'])
      await publish(test, [1], { body_html: 'Restored', ...at(9) })
      await test.deliver(5 * second)
      expect(test.ingest.calls.at(-1)?.text).toContain('Restored')
    }
  })

  test('an update that failed before the delete does not revive the item when it is replayed', async () => {
    const store = `sqlite:${createFolder()}/relay.db`
    const from = (origin: string) => ({
      store,
      sources: { demo: { mapper: 'generic', destination: 'main', verify: 'none', vars: { origin } } },
    })
    const post = { event: 'post.updated', type: 'post', id: 1, url: '/a', html: '<p>x</p>' }
    const wrong = await start(from('https://elsewhere.example'))
    await wrong.send('demo', { ...post, url: 'https://example.com/a', version: 1 })
    await wrong.map()
    await wrong.deliver(5 * second)
    await wrong.send('demo', { ...post, version: 2 })
    await wrong.send('demo', { event: 'post.deleted', type: 'post', id: 1 })
    await wrong.map()
    await wrong.deliver()
    expect(wrong.ingest.calls.map(({ path }) => path)).toEqual(['/v1/ingest/item', '/v1/ingest/delete'])
    expect((await wrong.relay.store.listEvents({ status: 'failed' }, { limit: 10 })).rows).toHaveLength(1)
    await wrong.relay.close()
    const right = await start(from('https://example.com'))
    await right.admin('POST', '/events/replay', { status: 'failed' })
    await right.map()
    await right.deliver(60 * second)
    expect(right.ingest.calls).toEqual([])
    expect(await item(right, 'post:1')).toMatchObject({ status: 'delivered', deliveredKind: 'delete' })
  })

  test('without a version arrival order decides, and a replay of an old event changes nothing', async () => {
    const test = await start()
    const envelope = (html: string) => ({
      event: 'post.updated',
      type: 'post',
      id: 1,
      url: '/a',
      title: 'T',
      html,
    })
    const first = await test.send('demo', envelope('First'))
    await test.send('demo', envelope('Second'))
    await test.map()
    await test.deliver(5 * second)
    await test.admin('POST', `/events/${first.json().data.event_id}/replay`)
    await test.map()
    await test.deliver(5 * second)
    expect(test.ingest.calls).toHaveLength(1)
    expect(test.ingest.calls[0]?.text).toContain('Second')
  })
})

describe('promise 4: one logical call at a time holds an item', () => {
  test('what changes meanwhile waits for the answer, then supersedes it', async () => {
    const test = await start()
    await publish(test, [1], { body_html: 'First', updated_at: '2026-02-01T00:00:01Z' })
    test.ingest.answer(() => refused(503, 'busy', true))
    await test.deliver(1 * second)
    await publish(test, [1], { body_html: 'Second', updated_at: '2026-02-01T00:00:02Z' })
    await test.deliver(1 * second)
    test.ingest.answer(() => undefined)
    await test.deliver(60 * second)
    const titles = test.ingest.calls.map(({ text }) => (text.includes('First') ? 'First' : 'Second'))
    expect(titles.lastIndexOf('First')).toBe(titles.indexOf('Second') - 1)
    expect(titles.filter((title) => title === 'Second')).toHaveLength(1)
    expect(new Set(test.ingest.calls.map(({ key }) => key)).size).toBe(2)
  })

  test('other items do not wait for it', async () => {
    const test = await start()
    test.ingest.answer(({ ids }) => (ids.includes('product:1') ? refused(503, 'busy', true) : undefined))
    await publish(test, [1])
    await test.deliver(1 * second)
    await publish(test, [2])
    await test.deliver(3 * second)
    expect(await item(test, 'product:2')).toMatchObject({ status: 'delivered' })
    expect(await item(test, 'product:1')).toMatchObject({ status: 'pending' })
  })
})

describe('promise 5: idempotent to the byte', () => {
  test.each([
    ['a 500', refused(500, 'internal', true)],
    ['a 429', refused(429, 'rate_limited', true)],
    ['an answer that does not end', (response: ServerResponse) => void partOf(response)],
    ['a cut-off answer', (response: ServerResponse) => void partOf(response, () => response.destroy())],
    ['a reset', (response: ServerResponse) => void response.socket?.destroy()],
    ['HTML', { status: 200, body: '<html>' }],
    ['an empty 200', { status: 200, body: '' }],
  ])('after %s the same key and bytes go out again, with a fresh nonce', async (_name, fault) => {
    const test = await start({ destination: { delivery: { timeout: '500ms' } } })
    let failures = 3
    test.ingest.answer(({ ids }) => (failures-- > 0 ? fault : accepted(ids)))
    await publish(test, [1, 2])
    await test.deliver(120 * second)
    const { calls } = test.ingest
    expect(calls).toHaveLength(4)
    expect(new Set(calls.map(({ key }) => key)).size).toBe(1)
    expect(new Set(calls.map(({ text }) => text)).size).toBe(1)
    expect(new Set(calls.map(({ nonce }) => nonce)).size).toBe(4)
    const times = calls.map(({ timestampSec }) => timestampSec)
    expect(times).toEqual(times.toSorted((a, b) => a - b))
    expect(times.at(-1)).toBeGreaterThan(times[0] ?? 0)
    expect(await item(test)).toMatchObject({ status: 'delivered' })
  })
})

describe('promise 6: unchanged is not sent', () => {
  test('unless redelivery is asked for', async () => {
    const test = await start()
    await publish(test, [1], { updated_at: '2026-02-01T00:00:01Z' })
    await test.deliver(5 * second)
    await publish(test, [1], { updated_at: '2026-02-01T00:00:02Z' })
    await test.deliver(5 * second)
    expect(test.ingest.calls).toHaveLength(1)
    expect((await test.admin('POST', '/items/product%3A1/redeliver')).statusCode).toBe(202)
    await test.deliver(5 * second)
    expect(test.ingest.calls).toHaveLength(2)
    expect(test.ingest.calls[1]?.key).not.toBe(test.ingest.calls[0]?.key)
  })

  test('a redelivery brings the newest title, though a title alone is not sent', async () => {
    const test = await start()
    await publish(test, [1], { body_html: 'same', updated_at: '2026-02-01T00:00:01Z' })
    await test.deliver(5 * second)
    const withTitle = { event: 'post.updated', type: 'post', id: 1, url: '/a', html: '<p>x</p>' }
    await test.send('demo', { ...withTitle, title: 'Old title' })
    await test.map()
    await test.deliver(5 * second)
    await test.send('demo', { ...withTitle, title: 'New title' })
    await test.map()
    await test.deliver(5 * second)
    expect(test.ingest.calls).toHaveLength(2)
    await test.admin('POST', '/items/post%3A1/redeliver')
    await test.deliver(5 * second)
    expect(test.ingest.calls.at(-1)?.text).toContain('New title')
  })

  test('a redelivery brings the title that came while a call was under way', async () => {
    const test = await start()
    const save = async (title: string) => {
      await test.send('demo', { event: 'post.updated', type: 'post', id: 1, url: '/a', html: '<p>x</p>', title })
      await test.map()
    }
    test.ingest.answer(async () => {
      for (const title of ['Newer title', 'Newest title']) await save(title)
      return undefined
    })
    await save('Old title')
    await test.deliver(5 * second)
    test.ingest.answer(() => undefined)
    await test.deliver(5 * second)
    expect(test.ingest.calls.map(({ text }) => text)).toEqual([expect.stringContaining('Old title')])
    await test.admin('POST', '/items/post%3A1/redeliver')
    await test.deliver(5 * second)
    expect(test.ingest.calls.slice(1).map(({ text }) => text)).toEqual([expect.stringContaining('Newest title')])
  })

  test('a redelivery that has to wait is not forgotten over a change there and back', async () => {
    const test = await start()
    const save = saver(test)
    await save('A')
    await test.deliver(5 * second)
    await test.admin('POST', '/items/product%3A1/redeliver')
    await save('B')
    await save('A')
    await test.deliver(5 * second)
    expect(bodiesSent(test)).toEqual(['A', 'A'])
  })

  test('a redelivery that is asked for while a call is under way is not forgotten either', async () => {
    const test = await start()
    const save = saver(test)
    test.ingest.answer(async () => {
      if (test.ingest.calls.length > 1) return undefined
      await test.admin('POST', '/items/product%3A1/redeliver')
      await save('B')
      await save('A')
      return undefined
    })
    await save('A')
    await test.deliver(1 * second)
    await save('B')
    await save('A')
    await test.deliver(5 * second)
    expect(bodiesSent(test)).toEqual(['A', 'A'])
  })

  test('A to B to A before delivery sends nothing, after delivery of B sends A', async () => {
    const test = await start()
    const save = saver(test)
    await save('A')
    await test.deliver(5 * second)
    await save('B')
    await save('A')
    await test.deliver(5 * second)
    expect(test.ingest.calls).toHaveLength(1)
    await save('B')
    await test.deliver(5 * second)
    await save('A')
    await test.deliver(5 * second)
    expect(test.ingest.calls).toHaveLength(3)
  })
})

describe('promise 7: default deny', () => {
  test('what no record claims, and what was never live, is not sent', async () => {
    const test = await start()
    await test.sendShop('orders/create', { id: 5, email: 'a@example.com' })
    await publish(test, [1], { status: 'draft' })
    await test.deliver(5 * second)
    expect(test.ingest.calls).toEqual([])
    const { rows } = await test.relay.store.listEvents({ topic: 'orders/create' }, { limit: 1 })
    expect(rows[0]).toMatchObject({ status: 'skipped', reason: expect.stringContaining('orders/create') })
  })

  test('what was live and is not any more is tombstoned', async () => {
    const test = await start()
    await publish(test, [1], { updated_at: '2026-02-01T00:00:01Z' })
    await test.deliver(5 * second)
    await publish(test, [1], { status: 'draft', updated_at: '2026-02-01T00:00:02Z' })
    await test.deliver(5 * second)
    expect(test.ingest.calls.at(-1)).toMatchObject({ path: '/v1/ingest/delete', ids: ['product:1'] })
  })
})

describe('promise 8: nothing vanishes silently', () => {
  test('a failed event keeps its error and is tried again by replay', async () => {
    const test = await start()
    const answer = await test.sendShop('products/update', product(1, { title: 'x'.repeat(1025) }))
    await test.map()
    const { event_id } = answer.json().data
    const failed = (await test.admin('GET', `/events/${event_id}`)).json().data
    expect(failed).toMatchObject({ status: 'failed', error: expect.stringMatching(/title/) })
    expect((await test.admin('POST', `/events/${event_id}/replay`)).statusCode).toBe(202)
    expect((await test.admin('GET', `/events/${event_id}`)).json().data.status).toBe('pending')
  })

  test('a dead item keeps its error and attempts, and goes out by redelivery', async () => {
    const test = await start()
    test.ingest.answer(() => refused(400, 'validation.failed'))
    await publish(test, [1])
    await test.deliver(5 * second)
    const dead = (await test.admin('GET', '/items/product%3A1')).json().data
    expect(dead).toMatchObject({ status: 'dead', error: expect.stringContaining('validation.failed') })
    expect(dead.attempts).toMatchObject([{ status: 400, outcome: 'rejected' }])
    test.ingest.answer(() => undefined)
    await test.admin('POST', '/items/product%3A1/redeliver')
    await test.deliver(5 * second)
    expect(await item(test)).toMatchObject({ status: 'delivered', error: null })
  })

  test('outcomes are taken item by item', async () => {
    const test = await start()
    const outcome = (id: string, tries: number) => {
      if (id === 'product:1') return { id, status: 'accepted' }
      if (id === 'product:2')
        return { id, status: 'failed', error: { code: 'validation.failed', message: 'no', retryable: false } }
      return tries > 1
        ? { id, status: 'skipped' }
        : { id, status: 'failed', error: { code: 'busy', message: 'later', retryable: true } }
    }
    test.ingest.answer(({ ids }) => ({
      status: 200,
      body: { ok: true, data: { results: ids.map((id) => outcome(id, test.ingest.calls.length)) }, meta: {} },
    }))
    await publish(test, [1, 2, 3])
    await test.deliver(60 * second)
    expect(test.ingest.calls.map(({ ids }) => ids)).toEqual([['product:1', 'product:2', 'product:3'], ['product:3']])
    expect(await item(test, 'product:1')).toMatchObject({ status: 'delivered' })
    expect(await item(test, 'product:2')).toMatchObject({ status: 'dead' })
    expect(await item(test, 'product:3')).toMatchObject({ status: 'delivered' })
  })

  test('a failed event loses only what is wrong with it: its good records are delivered', async () => {
    const test = await start()
    const envelope = (id: number, url: string) => ({ event: 'post.updated', type: 'post', id, url, html: '<p>x</p>' })
    const body = [envelope(1, 'https://example.com/1'), envelope(2, 'https://elsewhere.example/2')]
    const { event_id } = (await test.send('demo', body)).json().data
    await test.map()
    await test.deliver(5 * second)
    expect(test.ingest.calls.map(({ ids }) => ids)).toEqual([['post:1']])
    const event = (await test.admin('GET', `/events/${event_id}`)).json().data
    expect(event).toMatchObject({ status: 'failed', error: expect.stringMatching(/post:2.*elsewhere\.example/) })
  })

  test('what cannot be written for a while is written later: nothing waits for a restart', async () => {
    const test = await start()
    const { store } = test.relay
    const { settleEvents, sealBatch, settleBatch } = store
    let failures = 3
    const full = () => Promise.reject(new Error('the disk is full'))
    store.settleEvents = (...args) => (failures-- > 0 ? full() : settleEvents(...args))
    await test.sendShop('products/update', product(1))
    for (let step = 0; step < 3; step += 1) await expect(test.relay.mapStep()).rejects.toThrow('full')
    await test.map()
    failures = 2
    store.sealBatch = (...args) => (failures-- > 0 ? full() : sealBatch(...args))
    store.settleBatch = (...args) => (failures-- > 0 ? full() : settleBatch(...args))
    await test.deliver(5 * second)
    expect(test.ingest.calls).toHaveLength(1)
    expect(await item(test)).toMatchObject({ status: 'delivered' })
  })

  test('past max_age a failing item is dead, with its last error', async () => {
    const test = await start({
      destination: { retry: { base: '1m', cap: '1h', max_age: '6h' }, delivery: { timeout: '2s' } },
    })
    test.ingest.answer(() => refused(503, 'down', true))
    await publish(test, [1])
    await test.deliver(1 * day)
    expect(await item(test)).toMatchObject({ status: 'dead', error: expect.stringContaining('down') })
    const sentFor = (test.ingest.calls.at(-1)?.timestampSec ?? 0) - (test.ingest.calls[0]?.timestampSec ?? 0)
    expect(sentFor).toBeGreaterThanOrEqual(5 * 3600)
    expect(sentFor).toBeLessThan(8 * 3600)
  })
})

describe('promise 9: a poison item blocks nobody', () => {
  test('a refused batch is bisected until the culprit stands alone', async () => {
    const test = await start()
    test.ingest.answer(({ ids }) => (ids.includes('product:77') ? refused(400, 'validation.failed') : undefined))
    await publish(
      test,
      Array.from({ length: 100 }, (_, index) => index + 1),
    )
    await test.deliver(10 * second)
    expect(await item(test, 'product:77')).toMatchObject({ status: 'dead' })
    const { destinations } = await test.relay.store.readStats()
    expect(destinations[0]).toMatchObject({ delivered: 99, dead: 1, pending: 0, openBatches: 0 })
    expect(test.ingest.calls.length).toBeLessThanOrEqual(2 * Math.ceil(Math.log2(100)) + 1)
    const taken = test.ingest.calls.filter(({ ids }) => !ids.includes('product:77')).flatMap(({ ids }) => ids)
    expect(new Set(taken).size).toBe(taken.length)
  })

  test('an item whose conflict makes a batch answer 409 ends up alone, and waits', async () => {
    const test = await start({ destination: { retry: { max_age: '1h' } } })
    test.ingest.answer(({ ids }) => (ids.includes('product:4') ? refused(409, 'validation.url_taken') : undefined))
    await publish(test, [1, 2, 3, 4, 5, 6, 7, 8])
    await test.deliver(30 * second)
    expect((await test.relay.store.readStats()).destinations[0]).toMatchObject({ delivered: 7, pending: 1, dead: 0 })
    expect(new Set(test.ingest.calls.map(({ key }) => key)).size).toBe(test.ingest.calls.length)
    await test.deliver(2 * 3_600 * second)
    expect(await item(test, 'product:4')).toMatchObject({ status: 'dead', error: expect.stringContaining('url_taken') })
  })

  test('a batch that is too large is split, an item that is too large alone is dead', async () => {
    const test = await start()
    test.ingest.answer(({ ids }) =>
      ids.length > 2 || ids.includes('product:3') ? refused(413, 'too_large') : undefined,
    )
    await publish(test, [1, 2, 3, 4, 5])
    await test.deliver(10 * second)
    const { destinations } = await test.relay.store.readStats()
    expect(destinations[0]).toMatchObject({ delivered: 4, dead: 1 })
  })
})

describe('promise 9: a type outside of the scope of the token', () => {
  const scope = ({ text }: { text: string }) =>
    text.includes('"type":"custom"') ? refused(403, 'auth.scope_violation') : undefined
  const send = (test: TestRelay, type: string, id: number) =>
    test.send('demo', { event: 'updated', type, id, url: `/${type}/${id}`, html: '<p>x</p>' })

  test('blocks nobody once another type has been accepted', async () => {
    const test = await start()
    test.ingest.answer(scope)
    for (const id of [1, 2, 3]) for (const type of ['post', 'custom']) await send(test, type, id)
    await test.map()
    await test.deliver(60 * second)
    const { destinations } = await test.relay.store.readStats()
    expect(destinations[0]).toMatchObject({ delivered: 3, dead: 3, pending: 0 })
    expect(test.relay.delivers.get('main')?.circuit()?.state).toBe('closed')
  })

  test('is taken for the website, and dies of nothing, while nothing else was accepted', async () => {
    const test = await start()
    test.ingest.answer(scope)
    await send(test, 'custom', 1)
    await test.map()
    await test.deliver(600 * second)
    expect(test.relay.delivers.get('main')?.circuit()?.state).toBe('disabled')
    expect(await item(test, 'custom:1')).toMatchObject({ status: 'pending' })
  })

  test('that was accepted before is taken for the website, and dies of nothing, until another one is accepted again', async () => {
    const test = await start()
    for (const type of ['post', 'custom']) await send(test, type, 1)
    await test.map()
    await test.deliver(5 * second)
    test.ingest.answer(() => refused(403, 'auth.scope_violation'))
    for (const type of ['custom', 'post']) {
      for (const id of [2, 3]) await send(test, type, id)
      await test.map()
      await test.deliver(600 * second)
    }
    expect(test.relay.delivers.get('main')?.circuit()?.state).toBe('disabled')
    expect((await test.relay.store.readStats()).destinations[0]).toMatchObject({ delivered: 2, dead: 0, pending: 4 })
    test.ingest.answer(scope)
    expect((await test.admin('POST', '/destinations/main/enable')).statusCode).toBe(200)
    await test.deliver(600 * second)
    expect((await test.relay.store.readStats()).destinations[0]).toMatchObject({ delivered: 4, dead: 2, pending: 0 })
  })
})

describe('promise 10: a bad destination hurts only itself', () => {
  test('the other destination gets everything while one is down', async () => {
    const clock = createClock()
    const good = await startScriptedIngest(clock)
    const bad = await startScriptedIngest(clock)
    bad.answer(() => (response) => void response.socket?.destroy())
    const destination = (baseUrl: string) => ({
      token: 'c.s',
      website_id: 'w',
      site_domain: 'example.com',
      base_url: baseUrl,
      delivery: { timeout: '2s' },
    })
    const demo = { mapper: 'generic', destination: ['good', 'bad'], verify: 'none' }
    const test = await startRelay({
      baseUrl: '',
      clock,
      sources: { demo },
      destinations: { good: destination(good.baseUrl), bad: destination(bad.baseUrl) },
    })
    for (let id = 1; id <= 30; id += 1) {
      await test.send('demo', {
        event: 'post.updated',
        type: 'post',
        id,
        url: `https://example.com/${id}`,
        html: '<p>x</p>',
      })
      await test.map()
      await test.deliver(2 * second)
    }
    const stats = new Map((await test.relay.store.readStats()).destinations.map((row) => [row.destination, row]))
    expect(stats.get('good')).toMatchObject({ delivered: 30, pending: 0 })
    expect(stats.get('bad')).toMatchObject({ delivered: 0, pending: 30 })
    expect(test.relay.delivers.get('bad')?.circuit()?.state).toBe('open')
    bad.answer(() => undefined)
    await test.deliver(600 * second)
    expect(test.relay.delivers.get('bad')?.circuit()?.state).toBe('closed')
    const after = (await test.relay.store.readStats()).destinations.find((row) => row.destination === 'bad')
    expect(after).toMatchObject({ delivered: 30, pending: 0 })
  })
})

describe('promise 10: a slow destination', () => {
  test('keeps no other one waiting', async () => {
    const clock = createClock()
    const [fast, slow] = [await startScriptedIngest(clock), await startScriptedIngest(clock)]
    const asked = Promise.withResolvers<void>()
    const held = Promise.withResolvers<undefined>()
    slow.answer(() => {
      asked.resolve()
      return held.promise
    })
    const destination = (baseUrl: string) => ({
      token: 'c.s',
      website_id: 'w',
      site_domain: 'example.com',
      base_url: baseUrl,
      delivery: { concurrency: 1, timeout: '30s' },
    })
    const test = await startRelay({
      baseUrl: '',
      clock,
      sources: { demo: { mapper: 'generic', destination: ['slow', 'fast'], verify: 'none' } },
      destinations: { slow: destination(slow.baseUrl), fast: destination(fast.baseUrl) },
    })
    const never = new AbortController().signal
    const post = (id: number) => ({
      event: 'post.updated',
      type: 'post',
      id,
      url: `https://example.com/${id}`,
      html: 'x',
    })
    await test.send('demo', post(1))
    await test.map()
    clock.advance(2 * second)
    const hanging = test.relay.delivers.get('slow')!.step(never)
    await asked.promise
    for (let id = 2; id <= 20; id += 1) {
      await test.send('demo', post(id))
      await test.map()
      clock.advance(2 * second)
      while (await test.relay.delivers.get('fast')!.step(never));
    }
    const { rows } = await test.relay.store.listItems({ destination: 'fast', status: 'delivered' }, { limit: 50 })
    expect(rows).toHaveLength(20)
    expect(slow.calls).toHaveLength(1)
    held.resolve(undefined)
    expect(await hanging).toBe(true)
  })
})

describe('promise 12: bookkeeping never re-sends', () => {
  test('an attempt that cannot be recorded is sent once all the same', async () => {
    const test = await start()
    test.relay.store.recordAttempt = () => Promise.reject(new Error('no room'))
    await publish(test, [1])
    await test.deliver(60 * second)
    expect(test.ingest.calls).toHaveLength(1)
    expect(await item(test)).toMatchObject({ status: 'delivered' })
    expect(test.signals).toContainEqual(expect.objectContaining({ kind: 'step.failed' }))
  })
})

describe('the destination', () => {
  test('is disabled by three authentication failures in a row; its items wait until someone enables it', async () => {
    const test = await start()
    test.ingest.answer(() => refused(401, 'auth.invalid_token'))
    await publish(test, [1, 2])
    await test.deliver(1 * day)
    expect(test.ingest.calls).toHaveLength(3)
    const shown = (await test.admin('GET', '/destinations/main')).json().data
    expect(shown).toMatchObject({
      state: 'disabled',
      counts: { pending: 2 },
      circuit: { reason: expect.stringContaining('auth.invalid_token') },
    })
    test.ingest.answer(() => undefined)
    await test.deliver(1 * day)
    expect(test.ingest.calls).toHaveLength(3)
    expect((await test.admin('POST', '/destinations/main/enable')).json().data.state).toBe('closed')
    await test.deliver(120 * second)
    expect(await item(test)).toMatchObject({ status: 'delivered' })
    const items = test.ingest.calls.filter(({ ids }) => ids.length > 0)
    expect(new Set(items.map(({ key }) => key)).size).toBe(1)
  })

  test('that answers in between is not disabled: failures count in a row', async () => {
    const test = await start()
    let calls = 0
    test.ingest.answer(() => (++calls % 3 === 0 ? undefined : refused(403, 'auth.scope_violation')))
    for (const id of [1, 2, 3]) {
      await publish(test, [id])
      await test.deliver(120 * second)
    }
    expect(test.relay.delivers.get('main')?.circuit()?.state).toBe('closed')
    expect(calls).toBe(9)
  })

  test('whose clock differs is called with its time, and that is no authentication failure', async () => {
    const clock = createClock()
    const ahead = createClock(clock.now() + 10 * 60 * second)
    const sandbox = await startSandbox({ now: () => clock.now() + 600 * second, advance: ahead.advance })
    const test = await startRelay({ baseUrl: sandbox.baseUrl, clock })
    await publish(test, [1])
    await test.deliver(5 * second)
    expect(sandbox.items()).toHaveLength(1)
    expect(test.signals).toContainEqual(
      expect.objectContaining({ kind: 'destination.clock_skew', destination: 'main' }),
    )
    expect(test.relay.delivers.get('main')?.circuit()).toMatchObject({ state: 'closed', authFailures: 0 })
  })

  test('whose clock is set right again is called with the right time again', async () => {
    const clock = createClock()
    let ahead = 600 * second
    const sandbox = await startSandbox({ now: () => clock.now() + ahead, advance: clock.advance })
    const test = await startRelay({
      baseUrl: sandbox.baseUrl,
      clock,
      destination: { delivery: { concurrency: 2, max_items: 1 } },
    })
    await publish(test, [1])
    await test.deliver(5 * second)
    ahead = 0
    await publish(test, [2, 3, 4, 5])
    await test.deliver(5 * second)
    expect(sandbox.items()).toHaveLength(5)
    expect(test.signals.filter(({ kind }) => kind === 'destination.clock_skew')).toMatchObject([
      { skewMs: 600 * second },
      { skewMs: 0 },
    ])
    expect(test.relay.delivers.get('main')?.circuit()).toMatchObject({ state: 'closed', authFailures: 0 })
  })

  test('whose servers have clocks that differ is not called without rest', async () => {
    const test = await start()
    test.ingest.answer(() => {
      const ahead = test.ingest.calls.length % 2 === 1 ? 600 * second : 0
      const date = new Date(test.clock.now() + ahead).toUTCString()
      return test.ingest.calls.length > 100 ? undefined : { ...refused(401, 'auth.stale_timestamp'), headers: { date } }
    })
    await publish(test, [1])
    await test.deliver(60 * second)
    expect(test.ingest.calls.length).toBeLessThan(10)
    expect(test.relay.delivers.get('main')?.circuit()).toMatchObject({ state: 'closed', authFailures: 0 })
  })

  test.each([
    ['seconds', () => '120'],
    ['a date', (at: number) => new Date(at + 120 * second).toUTCString()],
  ])('that asks to wait with Retry-After in %s is not called before', async (_name, value) => {
    const test = await start()
    test.ingest.answer(() => ({
      ...refused(429, 'rate_limited', true),
      headers: { 'retry-after': value(test.clock.now()) },
    }))
    await publish(test, [1])
    await test.deliver(5 * second)
    test.ingest.answer(() => undefined)
    await publish(test, [2])
    await test.deliver(300 * second)
    const [first, ...rest] = test.ingest.calls
    expect(rest.length).toBeGreaterThan(0)
    for (const call of rest) expect(call.timestampSec - (first?.timestampSec ?? 0)).toBeGreaterThanOrEqual(119)
  })

  test.each([
    ['0', () => '0'],
    ['a date that is past', (at: number) => new Date(at - 60 * second).toUTCString()],
  ])('that asks to wait with Retry-After of %s is called with backoff all the same', async (_name, value) => {
    const test = await start()
    test.ingest.answer(() =>
      test.ingest.calls.length > 100
        ? undefined
        : { ...refused(429, 'rate_limited', true), headers: { 'retry-after': value(test.clock.now()) } },
    )
    await publish(test, [1])
    await test.deliver(60 * second)
    expect(test.ingest.calls.length).toBeGreaterThan(1)
    expect(test.ingest.calls.length).toBeLessThan(10)
  })

  test('that knows the key with other bytes is called with a new one', async () => {
    const test = await start()
    test.ingest.answer(() => (test.ingest.calls.length === 1 ? refused(409, 'idempotency.key_reused') : undefined))
    await publish(test, [1])
    await test.deliver(60 * second)
    expect(new Set(test.ingest.calls.map(({ key }) => key)).size).toBe(2)
    expect(await item(test)).toMatchObject({ status: 'delivered' })
  })

  test('that redirects is not followed', async () => {
    const test = await start()
    test.ingest.answer(() => ({ status: 307, body: '', headers: { location: `${test.ingest.baseUrl}/elsewhere` } }))
    await publish(test, [1])
    await test.deliver(2 * second)
    expect(new Set(test.ingest.calls.map(({ path }) => path))).toEqual(new Set(['/v1/ingest/item']))
    expect(await item(test)).toMatchObject({ status: 'pending' })
  })

  test('whose website has changed is not sent the bytes of the one before', async () => {
    const clock = createClock()
    const ingest = await startScriptedIngest(clock)
    ingest.answer(() => refused(503, 'down', true))
    const store = `sqlite:${createFolder()}/relay.db`
    const before = await startRelay({ baseUrl: ingest.baseUrl, clock, store })
    await publish(before, [1])
    await before.deliver(2 * second)
    await before.relay.close()
    ingest.answer(() => undefined)
    const after = await startRelay({ baseUrl: ingest.baseUrl, clock, store, destination: { website_id: 'site_2' } })
    await after.deliver(120 * second)
    expect(ingest.calls[0]?.text).toContain('site_1')
    expect(ingest.calls.at(-1)?.text).toContain('site_2')
    expect(await item(after)).toMatchObject({ status: 'delivered' })
  })

  test('that is switched off gets nothing, and everything once it is on', async () => {
    const test = await start({ destination: { enabled: false } })
    await publish(test, [1])
    await test.deliver(60 * second)
    expect(test.ingest.calls).toEqual([])
    expect(await item(test)).toMatchObject({ status: 'pending' })
  })
})
