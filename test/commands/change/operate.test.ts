import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { openSqlite } from '../../../src/store/sqlite/open.ts'
import {
  admin,
  runCommand,
  shopHeaders,
  startProcess,
  startServe,
  untilSettled,
  writeConfig,
} from '../../e2e/process.ts'
import { createFolder } from '../../folder.ts'
import { startScriptedIngest } from '../../scripted-ingest.ts'
import { claimedEvents, map } from '../../store/support.ts'
import { product } from '../../support.ts'
import { runHere } from '../run-here.ts'

const timeout = 60_000
/** What another process has written is found within seconds. */
const soon = { timeout: 6_000, interval: 50 }

test('status, replay and redeliver work beside a running relay, which picks the changes up within seconds', {
  timeout,
}, async () => {
  const ingest = await startScriptedIngest({ now: Date.now })
  const cwd = createFolder()
  writeConfig(cwd, ingest.baseUrl)
  const relay = await startServe({ cwd })
  const run = async (...args: string[]) => {
    const { code, stdout, stderr } = await runCommand([...args, '--json'], { cwd })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    return JSON.parse(stdout)
  }
  /** For what has been shown to work as a process. */
  const here = async (...args: string[]) => {
    const store = `sqlite:${join(cwd, 'data/relay.db')}`
    const ran = await runHere([...args, '--config', join(cwd, 'relay.yaml')], { RELAY_STORE: store })
    expect({ code: ran.code, stderr: ran.stderr }).toEqual({ code: 0, stderr: '' })
    return ran.stdout
  }
  const send = async (topic: string, body: string) => {
    const headers = shopHeaders(body, { 'x-shopify-topic': topic })
    expect((await fetch(`${relay.origin}/webhooks/shop`, { method: 'POST', headers, body })).status).toBe(202)
  }
  await send('products/update', JSON.stringify(product(1)))
  await send('products/update', JSON.stringify(product(2)))
  await send('products/update', JSON.stringify(product(3, { title: 'x'.repeat(1_025) })))
  await untilSettled(relay.origin)

  expect(await run('status')).toEqual({
    events: { pending: 0, waiting: 0, failed: 1, oldest_pending_at: null },
    destinations: [
      {
        name: 'main',
        state: 'closed',
        reason: null,
        pending: 0,
        delivered: 2,
        dead: 0,
        held: 0,
        open_batches: 0,
        oldest_pending_at: null,
      },
    ],
    unconfigured_sources: [],
    warnings: [],
  })

  const before = ingest.calls.length
  expect(await run('redeliver', 'product:1')).toEqual({ redelivered: 1 })
  expect(await run('replay', '--status', 'failed')).toEqual({ replayed: 1 })
  await vi.waitFor(async () => {
    expect(ingest.calls.slice(before).flatMap(({ ids }) => ids)).toEqual(['product:1'])
    const { data } = (await (await admin(relay.origin, '/events/evt_3')).json()) as { data: unknown }
    expect(data).toMatchObject({ status: 'failed', replays: 1 })
  }, soon)
  expect(new Set(ingest.calls.map(({ key }) => key)).size).toBe(ingest.calls.length)

  // Nothing more is sent than was asked for.
  expect(await here('replay', 'evt_1')).toBe('1 event will go through the mapper again\n')
  expect(await here('redeliver', '--status', 'dead')).toBe('0 items will be sent again\n')
  await untilSettled(relay.origin)
  expect(ingest.calls).toHaveLength(before + 1)

  const text = await here('status')
  expect(text).toMatch(/^events: 0 pending, 1 failed$/m)
  expect(text).toMatch(/^main +closed +0 +2 +0 +0 +0 +-$/m)
  expect(await relay.stop('SIGTERM')).toMatchObject({ code: 0, stderr: '' })

  // What is only asked for is not done.
  expect(await here('replay', '--source', 'shop', '--limit', '2', '--dry-run')).toBe(
    '2 events would go through the mapper again (3 match; --limit); nothing was done\n',
  )
  expect(JSON.parse(await here('redeliver', '--all', '--dry-run', '--json'))).toEqual({
    dry_run: true,
    redelivered: 2,
    matching: 2,
  })
  expect(JSON.parse(await here('status', '--json'))).toMatchObject({
    events: { pending: 0 },
    destinations: [{ pending: 0 }],
  })
  const [compared] = JSON.parse(await here('replay', 'evt_1', '--diff', '--json'))
  expect(compared).toMatchObject({ event_id: 'evt_1', changes: [{ id: 'product:1', result: 'same', differences: [] }] })
  expect(await here('replay', 'evt_3', '--diff')).toMatch(/^evt_3 of shop: shopify \w+ \(as then\)\n {2}fails: .*title/)
  expect(await here('errors')).toMatch(/^events +shop +failed +1 +\S+ +evt_3 +.*item '…'/m)
  expect(JSON.parse(await here('errors', '--destination', 'main', '--json'))).toEqual({
    events: [],
    items: [],
    webhooks: [],
  })
  expect(JSON.parse(await here('purge', 'items', '--all', '--json'))).toEqual({ purged: 0 })
  expect(await here('purge', 'events', '--status', 'failed', '--dry-run')).toBe(
    '1 event would be deleted; nothing was done. With them their delivery ids are forgotten: what the sender sends again is taken as new\n',
  )
  expect(await here('purge', 'events', '--status', 'failed')).toBe(
    '1 event was deleted; their delivery ids are forgotten: what the sender sends again is taken as new\n',
  )
  expect(await here('errors')).toBe('no errors\n')

  // One item by its type and id, with a hold, and its version forgotten.
  expect(await here('remove', 'product', 'product:1', '--hold', '--dry-run')).toBe(
    "product 'product:1' at main would be taken away; nothing was done\n",
  )
  expect(JSON.parse(await here('remove', 'product', 'product:1', '--hold', '--json'))).toEqual({
    removed: [{ destination: 'main', type: 'product', id: 'product:1' }],
    hold: true,
  })
  expect(JSON.parse(await here('status', '--json')).destinations[0]).toMatchObject({ pending: 1, held: 1 })
  expect(await here('release', 'product', 'product:1')).toBe(
    "product 'product:1' at main is released; it stays away until the CMS tells of it again\n",
  )
  expect(await here('remove', 'any', 'product:1')).toBe("product 'product:1' at main is taken away\n")
  expect(await here('redeliver', 'product:1', '--reset-version')).toBe(
    '1 item will be sent again, and their next change be believed\n',
  )
  expect(await here('replay', 'evt_1')).toBe('1 event will go through the mapper again\n')

  // And without a relay: what they write waits for the next start.
  expect(await here('redeliver', '--all', '--limit', '1')).toBe('1 item will be sent again\n')
  expect(JSON.parse(await here('status', '--json')).destinations[0]).toMatchObject({ pending: 2, delivered: 0 })
})

test('at a rate, events go in steps until Ctrl-C, and the others stay as they were', { timeout }, async () => {
  const cwd = createFolder()
  writeConfig(cwd, 'http://127.0.0.1:9/v1/ingest')
  const path = join(cwd, 'data/relay.db')
  const store = await openSqlite(path, { thread: false })
  onTestFinished(() => store.close())
  for (const event of await claimedEvents(store, 9)) await map(store, event, [])
  const pending = async () => (await store.readStats()).eventsPending

  const args = ['replay', '--source', 'shop', '--rate', '2/h', '--json']
  const running = startProcess(args, { cwd })
  await vi.waitFor(async () => expect(await pending()).toBe(1), { timeout: 20_000, interval: 20 })
  const { code, stdout, stderr } = await running.stop('SIGINT')
  expect(JSON.parse(stdout)).toEqual({ replayed: 1, cancelled: true, of: 9 })
  const message = 'cancelled after 1 of 9 events; the others are as they were'
  expect({ code, said: JSON.parse(stderr) }).toEqual({
    code: 1,
    said: { ok: false, error: { code: 'conflict', message, details: {} } },
  })
  expect(await pending()).toBe(1)

  const rest = await runHere(['replay', '--source', 'shop', '--rate', '100/s', '--config', join(cwd, 'relay.yaml')], {
    RELAY_STORE: `sqlite:${path}`,
  })
  expect(rest).toEqual({ code: 0, stdout: '8 events will go through the mapper again\n', stderr: '' })
  expect(await pending()).toBe(9)
})

test('replay and redeliver touch nothing without a filter: wrong use', async () => {
  const cwd = createFolder()
  writeConfig(cwd, 'http://127.0.0.1:9/v1/ingest')
  const wrong: [words: RegExp, args: string[]][] = [
    [/say which events/, ['replay']],
    [/say which items/, ['redeliver']],
    [/2026-01-31T08:00:00Z/, ['replay', '--since', 'yesterday']],
    [/say which events/, ['replay', '--dry-run']],
    [/say which events/, ['replay', '--rate', '5/s']],
    [/say which events.*--last/, ['replay', '--diff']],
    [/a whole number from 1/, ['replay', '--diff', '--last', '0']],
    [/'--last <n>' cannot be used with option '--limit <n>'/, ['replay', '--last', '5', '--limit', '2']],
    [/say which events/, ['purge', 'events']],
    [/say which items/, ['purge', 'items']],
    [/such as 50\/s/, ['replay', 'evt_1', '--rate', '50']],
    [/such as 50\/s/, ['redeliver', '--all', '--rate', '0/s']],
    [/processed, skipped, failed/, ['replay', '--status', 'done']],
    [/a whole number/, ['redeliver', '--all', '--limit', '-1']],
  ]
  for (const [words, args] of wrong) {
    const { code, stdout, stderr } = await runHere([...args, '--config', join(cwd, 'relay.yaml')])
    expect({ code, stdout }, args.join(' ')).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(words)
  }
})

test('errors has webhooks that a limit has refused, of the source and the time that are asked for', async () => {
  const cwd = createFolder()
  writeConfig(cwd, 'http://127.0.0.1:9/v1/ingest')
  const path = join(cwd, 'relay.db')
  const store = await openSqlite(path, { thread: false })
  const at = Date.parse('2026-03-01T12:00:00Z')
  const refusal = {
    source: 'shop',
    code: 'rate_limited',
    reason: 'more than 5 webhooks',
    count: 7,
    firstAt: at,
    lastAt: at,
  }
  await store.addTurnedAway({ refusals: [refusal], counts: [], last: [] })
  await store.close()
  const errors = (...args: string[]) =>
    runHere(['errors', ...args, '--config', join(cwd, 'relay.yaml')], { RELAY_STORE: `sqlite:${path}` })
  expect((await errors()).stdout).toMatch(
    /^webhooks +shop +refused +7 +2026-03-01T12:00:00.000Z +more than 5 webhooks$/m,
  )
  const { webhooks } = JSON.parse((await errors('--source', 'shop', '--json')).stdout)
  expect(webhooks).toMatchObject([{ source: 'shop', code: 'rate_limited', count: 7, example: null }])
  for (const args of [
    ['--source', 'demo'],
    ['--since', '2026-03-02T00:00:00Z'],
    ['--destination', 'main'],
  ]) {
    expect((await errors(...args)).stdout, args.join(' ')).toBe('no errors\n')
  }
})
