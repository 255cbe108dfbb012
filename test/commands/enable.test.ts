import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { admin, createFolder, startServe, writeConfig } from '../e2e/process.ts'
import { refused, startScriptedIngest } from '../scripted-ingest.ts'
import { runHere } from './run-here.ts'

const soon = { timeout: 6_000, interval: 50 }

test('disable and enable work beside a running relay, and without one', { timeout: 60_000 }, async () => {
  const ingest = await startScriptedIngest({ now: Date.now })
  const cwd = createFolder()
  writeConfig(cwd, ingest.baseUrl)
  const relay = await startServe({ cwd })
  const run = (...args: string[]) => {
    const store = `sqlite:${join(cwd, 'data/relay.db')}`
    return runHere([...args, '--config', join(cwd, 'relay.yaml')], { RELAY_STORE: store })
  }
  const shown = async () => {
    const answer = (await (await admin(relay.origin, '/destinations/main')).json()) as { data: { state: string } }
    return answer.data
  }

  const disabled = await run('disable', 'main', '--reason', 'moving house')
  expect(disabled).toEqual({ code: 0, stdout: 'main is disabled: moving house\n', stderr: '' })
  await vi.waitFor(
    async () => expect(await shown()).toMatchObject({ state: 'disabled', circuit: { reason: 'moving house' } }),
    soon,
  )

  ingest.answer(() => refused(401, 'auth.invalid_token'))
  const kept = await run('enable', 'main', '--json')
  expect(kept).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('auth.invalid_token') })
  await vi.waitFor(
    async () =>
      expect(await shown()).toMatchObject({
        state: 'disabled',
        circuit: { reason: expect.stringContaining('test call was refused') },
      }),
    soon,
  )
  expect(JSON.parse((await run('enable', 'main', '--force', '--json')).stdout)).toMatchObject({
    name: 'main',
    state: 'closed',
    test: { result: 'refused', status: 401 },
  })
  await vi.waitFor(async () => expect((await shown()).state).toBe('closed'), soon)
  expect(ingest.calls.map(({ path }) => path)).toEqual(['/v1/ingest/heartbeat', '/v1/ingest/heartbeat'])

  expect(await relay.stop('SIGTERM')).toMatchObject({ code: 0, stderr: '' })
  await run('disable', 'main')
  expect(JSON.parse((await run('status', '--json')).stdout).destinations[0]).toMatchObject({ state: 'disabled' })
  ingest.answer(() => undefined)
  expect((await run('enable', 'main')).stdout).toBe('main is enabled; test call: accepted\n')
  expect(await run('enable', 'constructor')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('there is main'),
  })
  expect(await run('disable')).toMatchObject({ code: 2, stdout: '' })
})
