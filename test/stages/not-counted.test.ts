import { expect, test } from 'vitest'
import { refused, type ScriptedIngest, startScriptedIngest } from '../scripted-ingest.ts'
import { createClock, product, startRelay, type TestRelay } from '../support.ts'

const second = 1_000

async function start(
  delivery: Record<string, unknown> = {},
  retry: Record<string, unknown> = {},
): Promise<TestRelay & { readonly ingest: ScriptedIngest }> {
  const clock = createClock()
  const ingest = await startScriptedIngest(clock)
  const destination = { delivery: { timeout: '8s', ...delivery }, retry }
  return { ...(await startRelay({ baseUrl: ingest.baseUrl, clock, destination })), ingest }
}

async function publish(relay: TestRelay, ids: readonly number[]): Promise<void> {
  for (const id of ids) await relay.sendShop('products/update', product(id))
  await relay.map()
  relay.clock.advance(2 * second)
}

/** Aborts what runs once the destination has been called, which never answers. */
async function cutOff<T>({ ingest }: { readonly ingest: ScriptedIngest }, run: (signal: AbortSignal) => Promise<T>) {
  const stop = new AbortController()
  ingest.answer(() => {
    stop.abort()
    return () => {}
  })
  return run(stop.signal)
}

test('a call that our own stop has cut off is no failure: nothing is counted, and the same bytes go out again', async () => {
  const test = await start()
  await publish(test, [1])
  const main = test.relay.delivers.get('main')!
  await cutOff(test, (signal) => main.step(signal))
  expect(main.circuit()).toMatchObject({ state: 'closed', failures: 0 })
  expect((await test.relay.store.listBatches({}, { limit: 9 })).rows).toMatchObject([{ status: 'open', attempts: 0 }])
  expect(test.signals.map(({ kind }) => kind)).not.toContain('batch.attempted')

  test.ingest.answer(() => undefined)
  test.clock.advance(3_600 * second) // nobody holds the batch any more
  await test.deliver()
  const [first, again] = test.ingest.calls
  expect(again).toMatchObject({ key: first!.key, text: first!.text })
})

test('a test call that our own stop has cut off enables nothing', async () => {
  const test = await start()
  const main = test.relay.delivers.get('main')!
  await main.disable('by a person')
  expect(await cutOff(test, (signal) => main.enable({}, signal))).toMatchObject({ isEnabled: false })
  expect(main.circuit()).toMatchObject({ state: 'disabled', reason: 'by a person' })
})

const unwell = { status: 503, body: '' }

test('what probes an open circuit is one item, however many are due', async () => {
  const test = await start({ concurrency: 1 })
  test.ingest.answer(() => unwell)
  await publish(test, [1])
  const main = test.relay.delivers.get('main')!
  while (main.circuit().state === 'closed') await test.deliver(second)
  const before = test.ingest.calls.length
  await publish(test, [2, 3, 4])
  await test.deliver(20 * second)
  const probes = test.ingest.calls.slice(before).filter(({ ids }) => ids.length > 0 && !ids.includes('product:1'))
  expect(probes.map(({ ids }) => ids.length)).toContain(1)
  expect(Math.max(...probes.map(({ ids }) => ids.length))).toBe(1)
})

test('a pause that one call is told to make is no time in which another batch could be tried', async () => {
  const test = await start({ max_items: 1 })
  test.ingest.answer(({ ids }) => {
    return ids.includes('product:1') ? unwell : { status: 429, body: '', headers: { 'retry-after': '60' } }
  })
  await publish(test, [1, 2])
  const main = test.relay.delivers.get('main')!
  const { signal } = new AbortController()
  for (const _ of [1, 2]) await main.step(signal)
  expect(await main.nextAt()).toBe(test.clock.now() + 60 * second)
  test.clock.advance(60 * second)
  await main.step(signal)
  expect(test.ingest.calls.map(({ ids }) => ids[0])).toEqual(['product:1', 'product:2', 'product:1'])
  test.clock.advance(3_600 * second)
  const claim = { owner: 'somebody', destination: 'main', leaseMs: second }
  const [one, other] = [await test.relay.store.claimBatch(claim), await test.relay.store.claimBatch(claim)]
  for (const batch of [one, other]) expect(batch!.tried.ms).toBe(0)
})

test('bytes that were sealed for another website are never sent: their items go out anew', async () => {
  const test = await start()
  await publish(test, [1])
  const { store } = test.relay
  const claim = { owner: 'before', batchId: 'b1', destination: 'main', leaseMs: second, maxItems: 9, maxBytes: 1e6 }
  const { items } = (await store.claimItems(claim))!
  const body = Buffer.from(`{"website_id":"site_before","item":${items[0]!.body}}`)
  await store.sealBatch('before', { id: 'b1', key: 'k1', body })
  test.clock.advance(60 * second)
  await test.deliver(60 * second)
  expect(test.ingest.calls.map(({ key, text }) => [key === 'k1', JSON.parse(text).website_id])).toEqual([
    [false, 'site_1'],
  ])
})

test('rate limits open no circuit, however many there are', async () => {
  const test = await start()
  test.ingest.answer(() => ({ status: 429, body: '', headers: { 'retry-after': '1' } }))
  await publish(test, [1])
  await test.deliver(60 * second)
  expect(test.ingest.calls.length).toBeGreaterThan(6)
  expect(test.relay.delivers.get('main')!.circuit()).toMatchObject({ state: 'closed', failures: 0 })
})

const neverFatal = {
  'an authentication failure': refused(401, 'auth.invalid_token'),
  'a rate limit': { status: 429, body: '' },
  'what somebody in between refuses': {
    status: 403,
    body: '<html>No</html>',
    headers: { 'content-type': 'text/html' },
  },
}

for (const [what, answer] of Object.entries(neverFatal)) {
  test(`an item does not die of ${what}, however long past max_age`, async () => {
    const test = await start({}, { base: '1s', cap: '10s', max_age: '1m' })
    // A heartbeat says that the destination is down, so that nothing is the fault of the batch.
    test.ingest.answer(({ ids }) => (ids.length > 0 ? answer : unwell))
    await publish(test, [1])
    const main = test.relay.delivers.get('main')!
    for (let minute = 0; minute < 10; minute += 1) {
      await test.deliver(60 * second)
      if (main.circuit().state === 'disabled') await main.enable({ force: true })
    }
    expect(test.ingest.calls.filter(({ ids }) => ids.length > 0).length).toBeGreaterThan(9)
    expect(await test.relay.store.getItems({ id: 'product:1' })).toMatchObject([{ status: 'pending' }])
  })
}

test('a batch that is at fault while heartbeats are answered opens no circuit for the others, however often it fails', async () => {
  const test = await start({}, { base: '1s', cap: '10s' })
  test.ingest.answer(({ ids }) => (ids.length > 0 ? refused(500, 'internal', true) : undefined))
  await publish(test, [1])
  await test.deliver(300 * second)
  expect(test.ingest.calls.filter(({ ids }) => ids.length > 0).length).toBeGreaterThan(20)
  expect(test.relay.delivers.get('main')!.circuit()).toMatchObject({ state: 'closed', failures: 0 })
  expect(test.signals.map(({ kind }) => kind)).not.toContain('destination.changed')
})
