import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createFolder } from '../folder.ts'
import { startRelay } from '../support.ts'

const baseUrl = 'http://127.0.0.1:9/v1/ingest'
const origin = 'https://example.com'

test('a webhook of very many records takes no long time, and what is said of it stays short', async () => {
  const directus = {
    mapper: 'directus',
    destination: 'main',
    verify: 'none',
    vars: { origin, media_origin: origin },
    models: { articles: { type: 'post', url: '"https://example.com/" & $string(id)' } },
    fetch: { base_url: origin, token: 'a-token-of-the-cms' },
  }
  const { send, map, relay } = await startRelay({ baseUrl, sources: { directus } })
  const keys = Array.from({ length: 40_000 }, (_, key) => key)
  await send('directus', { event: 'items.delete', collection: 'not-registered', keys })
  const startedAt = performance.now()
  await map()
  expect(performance.now() - startedAt).toBeLessThan(10_000)
  const event = await relay.store.getEvent('evt_1')
  expect(event).toMatchObject({
    status: 'skipped',
    reason: expect.stringMatching(/element 0: model 'not-registered' is not registered.*; and 39990 more$/),
  })
  expect(event!.reason!.length).toBeLessThanOrEqual(4_000)
})

test('one whose mapper quotes it in its reason is kept with as much of that as a person reads', async () => {
  const mappersDir = createFolder()
  writeFileSync(
    join(mappersDir, 'notes.yaml'),
    'name: notes\ntitle: Notes\nrecords: [{ name: note, match: $exists(why), skip: why }, { name: other, type: post, id: id, live: false }]\n',
  )
  const notes = { mapper: 'notes', destination: 'main', verify: 'none' }
  const { send, map, relay } = await startRelay({ baseUrl, sources: { notes }, mappersDir })
  await send('notes', { why: 'x'.repeat(1_000_000) })
  await map()
  const event = await relay.store.getEvent('evt_1')
  expect(event).toMatchObject({ status: 'skipped', reason: expect.stringMatching(/^record 'note': x{3000}/) })
  expect(event!.reason!.length).toBe(4_000)
})
