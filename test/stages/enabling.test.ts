import { describe, expect, test } from 'vitest'
import { closedCircuit } from '../../src/domain/circuit.ts'
import { createFolder } from '../folder.ts'
import { type Call, refused, type ScriptedIngest, startScriptedIngest } from '../scripted-ingest.ts'
import { createClock, product, startRelay, startSandbox, type TestRelay, token } from '../support.ts'

const second = 1_000
const never = new AbortController().signal
const newFile = () => `sqlite:${createFolder()}/relay.db`

type Started = TestRelay & { readonly ingest: ScriptedIngest }

/** A relay whose destination has been disabled by three authentication failures, with one item waiting. */
async function startDisabled(store = 'sqlite::memory:'): Promise<Started> {
  const clock = createClock()
  const ingest = await startScriptedIngest(clock)
  ingest.answer(() => refused(401, 'auth.invalid_token'))
  const test = await startRelay({ baseUrl: ingest.baseUrl, clock, store })
  await test.sendShop('products/update', product(1))
  await test.map()
  await test.deliver(60 * second)
  expect(stateOf(test)).toBe('disabled')
  ingest.calls.length = 0
  return { ...test, ingest }
}

/** The same relay after a restart, with other settings of its destination. */
async function restarted(before: Started, store: string, destination: Record<string, unknown>): Promise<TestRelay> {
  await before.relay.close()
  const test = await startRelay({ baseUrl: before.ingest.baseUrl, clock: before.clock, store, destination })
  await test.relay.delivers.get('main')!.reconsider(never)
  return test
}

const stateOf = ({ relay }: TestRelay) => relay.delivers.get('main')?.circuit()?.state
const pathsOf = (calls: readonly Call[]) => calls.map(({ path }) => path.replace('/v1/ingest', ''))

describe('enabling a destination', () => {
  test('begins with a signed heartbeat that the ingest API takes', async () => {
    const clock = createClock()
    const sandbox = await startSandbox(clock)
    const test = await startRelay({ baseUrl: sandbox.baseUrl, clock })
    await test.admin('POST', '/destinations/main/disable')
    const enabled = await test.admin('POST', '/destinations/main/enable')
    expect(enabled.json().data).toMatchObject({
      state: 'closed',
      test: { result: 'accepted', status: expect.any(Number), error: null },
    })
    expect(sandbox.calls().map(({ path, verdict }) => [path, verdict])).toEqual([['/v1/ingest/heartbeat', 'accepted']])
    expect(test.signals).toContainEqual(
      expect.objectContaining({ kind: 'destination.tested', destination: 'main', result: 'accepted' }),
    )
  })

  test('is not done where the API refuses the test call, and the reason is told', async () => {
    const test = await startDisabled()
    test.ingest.answer(() => refused(403, 'auth.scope_violation'))
    const answer = await test.admin('POST', '/destinations/main/enable', {})
    expect(answer.statusCode).toBe(409)
    expect(answer.json().error).toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('auth.scope_violation'),
      details: { test: { result: 'refused', status: 403 } },
    })
    const shown = (await test.admin('GET', '/destinations/main')).json().data
    expect(shown).toMatchObject({ state: 'disabled', circuit: { reason: expect.stringContaining('scope_violation') } })
    expect(shown.circuit).not.toHaveProperty('refused')
    await test.deliver(60 * second)
    expect(pathsOf(test.ingest.calls)).toEqual(['/heartbeat'])
  })

  test('is done by force all the same', async () => {
    const test = await startDisabled()
    const answer = await test.admin('POST', '/destinations/main/enable', { force: true })
    expect(answer.json().data).toMatchObject({ state: 'closed', test: { result: 'refused' } })
    expect((await test.admin('POST', '/destinations/main/enable', { force: 'yes' })).statusCode).toBe(400)
  })

  test.each([
    ['knows no heartbeat', () => refused(404, 'not_found')],
    ['is down', () => refused(503, 'down', true)],
    ['does not answer', () => (response: import('node:http').ServerResponse) => void response.socket?.destroy()],
  ])('is done where the API %s: nothing speaks against the credentials', async (_name, script) => {
    const test = await startDisabled()
    test.ingest.answer(script)
    const answer = await test.admin('POST', '/destinations/main/enable')
    expect(answer.json().data).toMatchObject({ state: 'closed', test: { result: 'unclear' } })
  })

  test('does not undo that it is disabled while the test call is under way', async () => {
    const test = await startDisabled()
    const asked = Promise.withResolvers<void>()
    const held = Promise.withResolvers<undefined>()
    test.ingest.answer(() => {
      asked.resolve()
      return held.promise
    })
    const enabling = test.admin('POST', '/destinations/main/enable')
    await asked.promise
    await test.admin('POST', '/destinations/main/disable', { reason: 'maintenance' })
    held.resolve(undefined)
    const answer = await enabling
    expect(answer.statusCode).toBe(409)
    expect(answer.json().error.message).toContain('maintenance')
    expect(test.relay.delivers.get('main')?.circuit()).toMatchObject({ state: 'disabled', reason: 'maintenance' })
  })

  test('corrects a clock that is off instead of taking its refusal for one of the token', async () => {
    const clock = createClock()
    const sandbox = await startSandbox({ now: () => clock.now() + 600 * second, advance: clock.advance })
    const test = await startRelay({ baseUrl: sandbox.baseUrl, clock })
    await test.admin('POST', '/destinations/main/disable')
    const answer = await test.admin('POST', '/destinations/main/enable')
    expect(answer.json().data).toMatchObject({ state: 'closed', test: { result: 'accepted' } })
    await test.sendShop('products/update', product(1))
    await test.map()
    await test.deliver(5 * second)
    expect(sandbox.calls().map(({ verdict }) => verdict)).toEqual([
      'accepted',
      'accepted',
      'auth.timestamp_out_of_range',
    ]) // newest first
    expect(test.signals.filter(({ kind }) => kind === 'destination.clock_skew')).toHaveLength(1)
  })
})

describe('after a restart with other credentials a disabled destination', () => {
  test.each([
    ['token', { token: 'con_test.another-secret' }],
    ['website', { website_id: 'site_2' }],
  ])('is enabled by itself, after a test call: another %s', async (_name, destination) => {
    const store = newFile()
    const before = await startDisabled(store)
    before.ingest.answer(() => undefined)
    const test = await restarted(before, store, destination)
    expect(stateOf(test)).toBe('closed')
    expect(pathsOf(before.ingest.calls)).toEqual(['/heartbeat'])
    await test.deliver(60 * second)
    expect((await test.relay.store.getItems({ id: 'product:1' }))[0]).toMatchObject({ status: 'delivered' })
  })

  test('stays disabled where those are refused too, and they are not tried again', async () => {
    const store = newFile()
    const before = await startDisabled(store)
    const wrong = { token: 'con_test.wrong-as-well' }
    const test = await restarted(before, store, wrong)
    expect(test.relay.delivers.get('main')?.circuit()).toMatchObject({
      state: 'disabled',
      reason: expect.stringContaining('test call was refused'),
    })
    const again = await restarted({ ...test, ingest: before.ingest }, store, wrong)
    expect(stateOf(again)).toBe('disabled')
    expect(pathsOf(before.ingest.calls)).toEqual(['/heartbeat'])
  })

  test('stays as it is where the credentials are the same, or an operator has disabled it', async () => {
    const store = newFile()
    const before = await startDisabled(store)
    before.ingest.answer(() => undefined)
    const same = await restarted(before, store, {})
    expect(stateOf(same)).toBe('disabled')
    await same.admin('POST', '/destinations/main/disable', { reason: 'maintenance' })
    const other = await restarted({ ...same, ingest: before.ingest }, store, { token: 'con_test.another-secret' })
    expect(other.relay.delivers.get('main')?.circuit()).toMatchObject({ state: 'disabled', reason: 'maintenance' })
    expect(before.ingest.calls).toEqual([])
  })

  test('has kept a fingerprint of its credentials, and nothing of the token', async () => {
    const test = await startDisabled()
    const stored = JSON.stringify(await test.relay.store.circuitsSince(0))
    expect(stored).toMatch(/"refused":"[0-9a-f]{16}"/)
    for (const part of token.split('.')) expect(stored).not.toContain(part)
  })
})

describe('a circuit that another process has decided', () => {
  test('is taken over and told, once', async () => {
    const test = await startRelay({ baseUrl: 'http://127.0.0.1:9/v1/ingest' })
    const { store, circuitStep } = test.relay
    const disabled = { ...closedCircuit(test.clock.now()), state: 'disabled', reason: 'maintenance' } as const
    await store.changeCircuit('main', 0, disabled)
    await store.changeCircuit('elsewhere', 0, disabled)
    expect(await circuitStep()).toBe(1)
    expect(test.relay.delivers.get('main')?.circuit()).toEqual(disabled)
    expect(test.signals).toContainEqual(
      expect.objectContaining({ kind: 'destination.changed', state: 'disabled', reason: 'maintenance' }),
    )
    expect(await circuitStep()).toBe(0)
  })

  test('is what an enabling counts from: disabled during its test call, it stays so', async () => {
    const test = await startRelay({ baseUrl: 'http://127.0.0.1:9/v1/ingest' })
    const disabled = { ...closedCircuit(test.clock.now()), state: 'disabled', reason: 'maintenance' } as const
    await test.relay.store.changeCircuit('main', 0, disabled) // the relay has not heard of it yet
    const enabling = test.relay.delivers.get('main')!.enable()
    await expect(enabling).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('maintenance') })
    expect(await test.relay.store.circuitsSince(0)).toMatchObject([{ circuit: disabled }])
  })
})
