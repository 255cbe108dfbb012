import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { admin, createFolder, runCommand, shopHeaders, startServe, untilSettled, writeConfig } from '../e2e/process.ts'
import { startScriptedIngest } from '../scripted-ingest.ts'
import { product } from '../support.ts'
import { runHere } from './run-here.ts'

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
        open_batches: 0,
        oldest_pending_at: null,
      },
    ],
  })

  const before = ingest.calls.length
  expect(await run('redeliver', 'product:1')).toEqual({ redelivered: 1 })
  await vi.waitFor(() => expect(ingest.calls.slice(before).flatMap(({ ids }) => ids)).toEqual(['product:1']), soon)
  expect(new Set(ingest.calls.map(({ key }) => key)).size).toBe(ingest.calls.length)

  expect(await run('replay', '--status', 'failed')).toEqual({ replayed: 1 })
  await vi.waitFor(async () => {
    const { data } = (await (await admin(relay.origin, '/events/evt_3')).json()) as { data: unknown }
    expect(data).toMatchObject({ status: 'failed', replays: 1 })
  }, soon)

  // Nothing more is sent than was asked for.
  expect(await here('replay', 'evt_1', 'evt_99')).toBe('1 events will go through the mapper again\n')
  expect(await here('redeliver', 'product:99')).toBe('0 items will be sent again\n')
  await untilSettled(relay.origin)
  expect(ingest.calls).toHaveLength(before + 1)

  const text = await here('status')
  expect(text).toMatch(/^events: 0 pending, 1 failed$/m)
  expect(text).toMatch(/^main +closed +0 +2 +0 +0 +- +-$/m)
  expect(await relay.stop('SIGTERM')).toMatchObject({ code: 0, stderr: '' })

  // And without one: what they write waits for the next start.
  expect(await here('redeliver', '--all', '--limit', '1')).toBe('1 items will be sent again\n')
  expect(JSON.parse(await here('status', '--json')).destinations[0]).toMatchObject({ pending: 1, delivered: 1 })
})

test('replay and redeliver touch nothing without a filter: wrong use', async () => {
  const cwd = createFolder()
  writeConfig(cwd, 'http://127.0.0.1:9/v1/ingest')
  const wrong: [words: RegExp, args: string[]][] = [
    [/say which events/, ['replay']],
    [/say which items/, ['redeliver']],
    [/2026-01-31T08:00:00Z/, ['replay', '--since', 'yesterday']],
    [/processed, skipped, failed/, ['replay', '--status', 'done']],
    [/a whole number/, ['redeliver', '--all', '--limit', '-1']],
  ]
  for (const [words, args] of wrong) {
    const { code, stdout, stderr } = await runHere([...args, '--config', join(cwd, 'relay.yaml')])
    expect({ code, stdout }, args.join(' ')).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(words)
  }
})
