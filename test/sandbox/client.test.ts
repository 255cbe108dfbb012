import { randomUUID } from 'node:crypto'
import { expect, onTestFinished, test } from 'vitest'
import type { Answer } from '../../src/ingest/client/client.ts'
import { readOutcome } from '../../src/ingest/client/outcome.ts'
import {
  batchBody,
  type CallPath,
  callOf,
  deleteBody,
  heartbeatBody,
  itemBody,
  schemaBody,
  splitBody,
} from '../../src/ingest/wire.ts'
import { createSandbox } from '../../src/sandbox/sandbox.ts'
import { itemOf, nowMs, siteDomain, startClient, token, websiteId } from '../ingest/support.ts'

/** The client and the sandbox, joined by a real socket. */
async function startBoth({ clockOffMs = 0, path = '/v1/ingest', site = siteDomain, website = websiteId } = {}) {
  const sandbox = createSandbox({ token, websiteId: website, siteDomain: site, now: () => nowMs + clockOffMs, path })
  onTestFinished(() => sandbox.close())
  const address = await sandbox.app.listen({ host: '127.0.0.1', port: 0 })
  const client = startClient(address + path, { siteDomain: site, websiteId: website })
  const send = (path: CallPath, body: Buffer, key: string = randomUUID()) => client.send({ path, key, body })
  return { sandbox, client, send }
}

function settled(answer: Answer, ids: readonly string[]): Record<string, string> {
  const outcome = readOutcome(answer, ids, nowMs)
  if (outcome.kind !== 'settled') return { outcome: outcome.kind }
  return Object.fromEntries([...outcome.results].map(([id, { result }]) => [id, result]))
}

const text = (id: string) => JSON.stringify(itemOf(id))

test('an item, a batch and a delete arrive', async () => {
  const { sandbox, send } = await startBoth()
  expect(settled(await send('item', itemBody(websiteId, text('a'))), ['a'])).toEqual({ a: 'delivered' })
  expect(settled(await send('batch', batchBody(websiteId, [text('b'), text('c')])), ['b', 'c'])).toEqual({
    b: 'delivered',
    c: 'delivered',
  })
  expect(settled(await send('delete', deleteBody(websiteId, ['a', 'z'])), ['a', 'z'])).toEqual({
    a: 'delivered',
    z: 'delivered',
  })
  expect(sandbox.items().map(({ id }) => id)).toEqual(['c', 'b'])
  expect(await send('heartbeat', heartbeatBody(websiteId, { cursor: '9' }))).toMatchObject({ status: 200 })
  expect(await send('schema', schemaBody(websiteId, 'api', []))).toMatchObject({ status: 200 })
  expect(sandbox.calls().every(({ verdict }) => verdict === 'accepted')).toBe(true)
})

test('a call that is tried again is done once, and one with other bytes is a conflict', async () => {
  const { sandbox, send } = await startBoth()
  const body = itemBody(websiteId, text('a'))
  const first = await send('item', body, 'k')
  const again = await send('item', body, 'k')
  expect(again).toMatchObject({ ...first, durationMs: expect.any(Number) })
  expect(sandbox.calls().map(({ verdict }) => verdict)).toEqual(['replayed', 'accepted'])
  const other = await send('item', itemBody(websiteId, text('b')), 'k')
  expect(readOutcome(other, ['b'], nowMs).kind).toBe('conflict')
})

test('a clock that is an hour off is found and corrected', async () => {
  const { client, send } = await startBoth({ clockOffMs: 3_600_000 })
  const refused = readOutcome(await send('item', itemBody(websiteId, text('a'))), ['a'], nowMs)
  expect(refused).toMatchObject({ kind: 'unauthorized', skewMs: 3_600_000 })
  client.setClockSkew(refused.kind === 'unauthorized' ? refused.skewMs! : 0)
  expect(settled(await send('item', itemBody(websiteId, text('a'))), ['a'])).toEqual({ a: 'delivered' })
})

test('a foreign item fails alone', async () => {
  const { send } = await startBoth()
  const foreign = JSON.stringify(itemOf('x', { url: 'https://evil.example/x' }))
  const answer = await send('batch', batchBody(websiteId, [text('a'), foreign]))
  expect(settled(answer, ['a', 'x'])).toEqual({ a: 'delivered', x: 'failed' })
})

test('the halves of a batch arrive as the batch would have', async () => {
  const { sandbox, send } = await startBoth()
  for (const { path, body, ids } of splitBody('upsert', batchBody(websiteId, ['a', 'b', 'c'].map(text)))) {
    expect(callOf('upsert', body)).toBe(path)
    expect(Object.values(settled(await send(path, body), ids))).toEqual(ids.map(() => 'delivered'))
  }
  expect(sandbox.items().map(({ id }) => id)).toEqual(['c', 'b', 'a'])
})

test('behind another path, for a website and a domain outside ASCII', async () => {
  const { send } = await startBoth({ path: '/proxy/v1/ingest', website: 'site_日本', site: 'münchen.example' })
  const item = itemOf('ä', { url: 'https://münchen.example/ä' })
  expect(settled(await send('item', itemBody('site_日本', JSON.stringify(item))), ['ä'])).toEqual({ ä: 'delivered' })
})

test('many calls at once', async () => {
  const { sandbox, send } = await startBoth()
  const ids = Array.from({ length: 60 }, (_, n) => `post:${n}`)
  const answers = await Promise.all(ids.map((id) => send('item', itemBody(websiteId, text(id)))))
  expect(answers.every((answer) => answer.kind === 'answer' && answer.status === 200)).toBe(true)
  expect(sandbox.items()).toHaveLength(60)
})
