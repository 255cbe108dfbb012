import { expect, test } from 'vitest'
import { refused } from '../../scripted-ingest.ts'
import { product } from '../../support.ts'
import { startKept } from '../kept.ts'

test('events, items and attempts list what there is, the newest first, as the admin API shows it', async () => {
  const { relay, run, json } = await startKept()
  for (const [args, path] of [
    [['events'], '/events'],
    [['events', '--status', 'failed'], '/events?status=failed'],
    [
      ['events', '--source', 'shop', '--topic', 'products/update', '--limit', '2'],
      '/events?limit=2&source=shop&topic=products/update',
    ],
    [['items'], '/items'],
    [['items', '--type', 'product', '--destination', 'main'], '/items?type=product&destination=main'],
    [['items', '--status', 'dead'], '/items?status=dead'],
    [['items', '--held'], '/items?held=true'],
    [['attempts'], '/attempts'],
    [['attempts', '--destination', 'main', '--limit', '1'], '/attempts?destination=main&limit=1'],
  ] as const) {
    expect(await json(...args), args.join(' ')).toEqual((await relay.admin('GET', path)).json().data)
  }
  const { stdout } = await run('events', '--limit', '2')
  const [head, ...rows] = stdout.split('\n')
  expect(head).toMatch(/^EVENT +RECEIVED +SOURCE +TOPIC +STATUS +WHY$/)
  expect(rows[0]).toMatch(/^evt_4 +\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ +shop +customers\/update +skipped +\S/)
  expect(rows[1]).toMatch(/^evt_3 .* failed .*title/)
  expect(stdout).toContain('\nthe newest 2 of more; --limit shows others\n')
  expect((await run('items', '--status', 'dead')).stdout).toBe('no items\n')
})

test('items that the CMS has taken away are listed as removals', async () => {
  const { relay, run } = await startKept()
  expect((await run('items')).stdout).toMatch(/^product:1 .* delivered +/m)
  await relay.sendShop('products/delete', { id: 1 })
  await relay.map()
  await relay.deliver(60_000)
  expect((await run('items')).stdout).toMatch(/^product:1 .* delivered \(removal\) +/m)
})

test('one event is shown with its request, its error, and what the mapper makes of it now', async () => {
  const { relay, run, json } = await startKept()
  const failed = (await run('events', 'evt_3')).stdout
  expect(failed).toMatch(/^evt_3 {2}failed\n/)
  expect(failed).toMatch(/^ {2}topic +products\/update$/m)
  expect(failed).toMatch(/^ {2}request +POST \/webhooks\/shop, \d+ bytes$/m)
  expect(failed).toMatch(/^ {2}x-shopify-topic +products\/update$/m)
  expect(failed).toMatch(/^body\n {2}\{"id":3.*… \(\d+ characters; --json has all\)$/m)
  expect(failed).toMatch(/^what the mapper makes of it now\n {2}fails: .*title/m)
  expect((await run('events', 'evt_1')).stdout).toMatch(
    /^what the mapper makes of it now\n {2}upsert product product:1 at main: as it is wanted now; the item is delivered$/m,
  )
  await relay.sendShop('products/update', product(5))
  expect((await run('events', 'evt_5')).stdout).toMatch(
    /^ {2}upsert product product:5 at main: .*; the item is not known$/m,
  )
  const shown = await json('events', 'evt_1')
  expect(shown).toMatchObject((await relay.admin('GET', '/events/evt_1')).json().data)
  expect(shown.preview).toEqual((await relay.admin('POST', '/events/evt_1/preview')).json().data)
  expect(shown.items).toEqual((await relay.admin('GET', '/items?id=product:1')).json().data)
})

test('one item is shown with what is wanted, what is delivered, and why it waits', async () => {
  const { relay, ingest, run, json } = await startKept()
  const delivered = (await run('items', 'product:1')).stdout
  expect(delivered).toMatch(/^product product:1 at main {2}delivered\n/)
  expect(delivered).toMatch(/^delivered\n {2}what +as desired\n {2}at +\d{4}-/m)
  expect(delivered).toMatch(/^attempts\n {2}\S+Z {2}settled {2}200 {2}\d+ ms {2}\S+$/m)
  const { why_pending: none, ...shown } = await json('items', 'product:1')
  expect(none).toBeNull()
  expect(shown).toEqual((await relay.admin('GET', '/items/product:1')).json().data)

  ingest.answer(() => refused(401, 'auth.invalid_token'))
  for (const title of ['A', 'B', 'C']) {
    await relay.sendShop(
      'products/update',
      product(1, { title, updated_at: new Date(relay.clock.now()).toISOString() }),
    )
    await relay.map()
    await relay.deliver(60_000)
  }
  const waiting = (await run('items', 'product:1')).stdout
  expect(waiting).toMatch(
    /^product product:1 at main {2}pending\n {2}why +destination 'main' is disabled \(.*auth\.invalid_token/,
  )
  expect(waiting).toMatch(/^delivered\n {2}what +other content/m)
  const failed = await json('attempts', '--failed')
  expect(failed.length).toBeGreaterThan(0)
  expect(failed.map(({ outcome }: { outcome: string }) => outcome)).not.toContain('settled')
  expect(await json('attempts', '--failed', '--limit', '1')).toEqual(failed.slice(0, 1))
  expect(await json('attempts', '--since', new Date(relay.clock.now() + 1).toISOString())).toEqual([])
  expect((await run('attempts', '--failed')).stdout).toMatch(
    /^\S+Z +main +unauthorized +401 +\d+ +1 +.*auth\.invalid_token.* \S+$/m,
  )
})

test('what is not there is told with the nearest name', async () => {
  const { run } = await startKept()
  for (const [args, words] of [
    [['events', 'evt_33'], "no event 'evt_33': the newest is evt_4"],
    [['events', '2'], "no event '2': did you mean evt_2?"],
    [['events', '--source', 'sohp'], "no source 'sohp': did you mean shop?"],
    [['items', 'prodct:1'], "no item 'prodct:1': did you mean product:1?"],
    [['items', 'product:1', '--type', 'post'], "no item 'product:1' of that kind (there is product at main)"],
    [['items', '--destination', 'mian'], "no destination 'mian': did you mean main?"],
    [['attempts', '--destination', 'mian'], "no destination 'mian': did you mean main?"],
  ] as const) {
    const { code, stdout, stderr } = await run(...args)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain(words)
  }
})
