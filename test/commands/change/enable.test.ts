import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { admin, startServe, writeConfig } from '../../e2e/process.ts'
import { createFolder } from '../../folder.ts'
import { refused, startScriptedIngest } from '../../scripted-ingest.ts'
import { runHere } from '../run-here.ts'

const soon = { timeout: 6_000, interval: 50 }

test('disable and enable work beside a running relay, and without one', { timeout: 60_000 }, async () => {
  const ingest = await startScriptedIngest({ now: Date.now })
  const cwd = createFolder()
  writeConfig(cwd, ingest.baseUrl, { more: ['second', 'third'] })
  const relay = await startServe({ cwd })
  const run = (...args: string[]) => {
    const store = `sqlite:${join(cwd, 'data/relay.db')}`
    return runHere([...args, '--config', join(cwd, 'relay.yaml')], { RELAY_STORE: store })
  }
  const stateOf = async (name: string) => {
    const answer = (await (await admin(relay.origin, `/destinations/${name}`)).json()) as { data: unknown }
    return answer.data
  }
  for (const name of ['second', 'third']) await admin(relay.origin, `/destinations/${name}/disable`, 'POST')

  const disabled = await run('disable', 'main', '--reason', 'moving house')
  expect(disabled).toEqual({ code: 0, stdout: 'main is disabled: moving house\n', stderr: '' })
  ingest.answer(() => refused(401, 'auth.invalid_token'))
  const kept = await run('enable', 'second', '--json')
  expect(kept).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('auth.invalid_token') })
  expect(JSON.parse((await run('enable', 'third', '--force', '--json')).stdout)).toMatchObject({
    name: 'third',
    state: 'closed',
    test: { result: 'refused', status: 401 },
  })
  await vi.waitFor(async () => {
    const refusal = expect.stringContaining('test call was refused')
    expect(await stateOf('main')).toMatchObject({ state: 'disabled', circuit: { reason: 'moving house' } })
    expect(await stateOf('second')).toMatchObject({ state: 'disabled', circuit: { reason: refusal } })
    expect(await stateOf('third')).toMatchObject({ state: 'closed' })
  }, soon)
  expect(ingest.calls.map(({ path }) => path)).toEqual(['/v1/ingest/heartbeat', '/v1/ingest/heartbeat'])

  expect(await relay.stop('SIGTERM')).toMatchObject({ code: 0, stderr: '' })
  await run('disable', 'third')
  const { destinations } = JSON.parse((await run('status', '--json')).stdout)
  expect(destinations).toMatchObject([{ name: 'main' }, { name: 'second' }, { name: 'third', state: 'disabled' }])
  ingest.answer(() => undefined)
  expect((await run('enable', 'main')).stdout).toBe('main is enabled; test call: accepted\n')
  expect(await run('enable', 'constructor')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('there is main, second, third'),
  })
  expect(await run('disable')).toMatchObject({ code: 2, stdout: '' })
})
