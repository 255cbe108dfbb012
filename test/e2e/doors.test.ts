import { expect, test } from 'vitest'
import { createFolder } from '../folder.ts'
import { adminToken } from '../support.ts'
import { startServe, writeConfig } from './process.ts'

test('a relay with two listeners names both, answers on both, and stops both', { timeout: 60_000 }, async () => {
  const cwd = createFolder()
  writeConfig(cwd, 'http://127.0.0.1:9/v1/ingest', { server: { admin: { port: 0 } } })
  const relay = await startServe({ cwd })
  const { adminOrigin } = JSON.parse(await relay.line(/"msg":"relay\.listening"/))
  const statusOf = async (url: string) =>
    (await fetch(url, { headers: { authorization: `Bearer ${adminToken}` } })).status
  expect(await statusOf(`${relay.origin}/metrics`)).toBe(404)
  expect(await statusOf(`${adminOrigin}/metrics`)).toBe(200)
  expect(await statusOf(`${adminOrigin}/api/v1/sources`)).toBe(200)
  expect(await statusOf(`${relay.origin}/healthz`)).toBe(200)
  expect(await relay.stop('SIGTERM')).toMatchObject({ code: 0 })
})
