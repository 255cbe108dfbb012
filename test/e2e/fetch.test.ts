import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { startScriptedCms } from '../cms-api/support.ts'
import { createFolder } from '../folder.ts'
import { startScriptedIngest } from '../scripted-ingest.ts'
import { adminToken, token } from '../support.ts'
import { admin, type RelayProcess, startServe } from './process.ts'

const mapper = `name: thin
title: Thin
verify: { scheme: header, header: x-secret }
fetch: { token: { query: token } }
records: [{ name: r, fetch: { url: '"/r/" & id' }, type: post, id: '"r:" & $ref.id', url: url, text: text }]
`

function writeSetup(folder: string, ingest: string, cms: string): void {
  const main = {
    token,
    website_id: 'site_1',
    site_domain: 'example.com',
    base_url: ingest,
    delivery: { debounce: '20ms', max_wait: '100ms' },
  }
  const thin = {
    mapper: 'thin',
    destination: 'main',
    secret: 'hook-secret',
    fetch: { base_url: cms, token: '${CMS_TOKEN}', allow_private: true },
  }
  writeFileSync(join(folder, 'thin.yaml'), mapper)
  writeFileSync(
    join(folder, 'relay.conf'),
    JSON.stringify({
      server: { host: '127.0.0.1', admin_token: adminToken },
      mappers_dir: '.',
      destinations: { main },
      sources: { thin },
    }),
  )
}

const env = { RELAY_CONFIG: 'relay.conf', CMS_TOKEN: 'cms-token-from-the-environment' }

async function eventOf({ origin }: RelayProcess, id: string) {
  return ((await (await admin(origin, `/events/${id}`)).json()) as { data: Record<string, unknown> }).data
}

test('a relay that is killed while it asks for a record asks again, and the record arrives once', async () => {
  const folder = createFolder()
  const ingest = await startScriptedIngest({ now: Date.now })
  const asked = Promise.withResolvers<void>()
  const cms = await startScriptedCms(() => () => asked.resolve()) // no answer
  writeSetup(folder, ingest.baseUrl, `${cms.origin}/api`)

  const first = await startServe({ cwd: folder, env })
  const answer = await fetch(`${first.origin}/webhooks/thin`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-secret': 'hook-secret' },
    body: '{"id":7}',
  })
  expect(answer.status).toBe(202)
  const { data } = (await answer.json()) as { data: { event_id: string } }
  await asked.promise
  expect(await eventOf(first, data.event_id)).toMatchObject({ status: 'waiting' })
  await first.stop('SIGKILL')

  cms.answer(() => ({ body: { url: 'https://example.com/7', text: 'Seven' } }))
  const second = await startServe({ cwd: folder, env })
  await vi.waitFor(() => expect(ingest.calls).toHaveLength(1), { timeout: 10_000, interval: 30 })
  expect(ingest.calls).toMatchObject([{ ids: ['r:7'] }])
  expect(await eventOf(second, data.event_id)).toMatchObject({
    status: 'processed',
    fetches: [{ url: '/r/7', status: 200 }],
  })
  expect(cms.requests.map(({ url }) => url)).toEqual(Array(2).fill('/api/r/7?token=cms-token-from-the-environment'))
  const ended = await second.stop('SIGTERM')
  expect(ended.code).toBe(0)
  expect(first.output() + second.output()).not.toContain('cms-token-from-the-environment')
}, 60_000)
