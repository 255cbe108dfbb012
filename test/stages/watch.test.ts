import { expect, test } from 'vitest'
import { createFolder } from '../folder.ts'
import { createClock, startRelay, type TestRelay } from '../support.ts'

const hour = 3_600_000
const baseUrl = 'http://127.0.0.1:9/v1/ingest'
const sources = {
  demo: { mapper: 'generic', destination: 'main', verify: 'none', silent_after: '2h' },
  quiet: { mapper: 'generic', destination: 'main', verify: 'none', silent_after: 'off' },
}
const body = { event: 'post.deleted', type: 'post', id: 1 }

const told = ({ signals }: TestRelay) => signals.filter(({ kind }) => kind.startsWith('source.'))

test('a source that is silent is told once, also over a restart, and once that it is back', async () => {
  const clock = createClock()
  const store = `sqlite:${createFolder()}/relay.db`
  const first = await startRelay({ baseUrl, clock, store, sources })
  for (const source of ['demo', 'quiet']) await first.send(source, body)
  const lastAt = clock.now()
  for (let step = 0; step < 5; step += 1) {
    clock.advance(hour)
    await first.relay.watch.step()
  }
  expect(told(first)).toEqual([
    { kind: 'source.silent', source: 'demo', lastAt, silentMs: 3 * hour, limitMs: 2 * hour },
  ])
  await first.relay.close()

  const again = await startRelay({ baseUrl, clock, store, sources })
  clock.advance(5 * hour)
  await again.relay.watch.step()
  expect(told(again)).toEqual([])
  const row = (await again.admin('GET', '/sources')).json().data[0]
  expect(row).toMatchObject({
    last_webhook_at: new Date(lastAt).toISOString(),
    silent_after_ms: 2 * hour,
    silent_at: new Date(lastAt + 3 * hour).toISOString(),
  })
  const metrics = (await again.app.inject('/metrics')).body
  expect(metrics).toContain('cms_relay_source_silent{source="demo"} 1')
  expect(metrics).toContain(`cms_relay_seconds_since_last_webhook{source="demo"} ${(10 * hour) / 1000}`)

  await again.send('demo', body)
  await again.send('demo', body)
  expect(told(again)).toEqual([{ kind: 'source.resumed', source: 'demo', silentMs: 10 * hour }])
  expect((await again.app.inject('/metrics')).body).toContain('cms_relay_source_silent{source="demo"} 0')
})

test('a source that has never sent anything is not silent, and what is refused is no sign of life', async () => {
  const shop = { mapper: 'shopify', destination: 'main', secret: 'a-secret', vars: { origin: 'https://example.com' } }
  const test = await startRelay({ baseUrl, sources: { shop: { ...shop, silent_after: '2h' } } })
  expect((await test.send('shop', body)).statusCode).toBe(401)
  test.clock.advance(100 * hour)
  await test.relay.watch.step()
  expect(told(test)).toEqual([])
  expect((await test.admin('GET', '/sources')).json().data[0]).toMatchObject({ last_webhook_at: null })
  expect((await test.app.inject('/metrics')).body).not.toContain('seconds_since_last_webhook{source="shop"}')
})

test('what was learned and could not be written is written later', async () => {
  const test = await startRelay({ baseUrl, sources })
  const { store, watch } = test.relay
  const write = store.writeRhythms
  store.writeRhythms = () => Promise.reject(new Error('the disk is full'))
  await test.send('demo', body)
  await expect(watch.step()).rejects.toThrow('full')
  store.writeRhythms = write
  await watch.step()
  expect([...(await store.readRhythms()).keys()]).toEqual(['demo'])
})
