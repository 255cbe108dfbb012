import { expect, onTestFinished, test } from 'vitest'
import { type CircuitEvent, closedCircuit } from '../../src/domain/circuit.ts'
import { createSharedCircuit, decideCircuit, readCircuits } from '../../src/stages/deliver/shared-circuit.ts'
import { openSqlite } from '../../src/store/sqlite/open.ts'
import { createFolder } from '../folder.ts'

// Two replicas: each has a connection of its own, and knows of the other only what the store has.

const at = 1_700_000_000_000
const unauthorized: CircuitEvent = { kind: 'unauthorized', reason: 'status 401', credentials: 'abc' }
const failed: CircuitEvent = { kind: 'failed', reason: 'status 503' }

async function twoReplicas() {
  const path = `${createFolder()}/relay.db`
  const open = async () => {
    const store = await openSqlite(path)
    onTestFinished(() => store.close())
    const circuit = createSharedCircuit({ store, destination: 'main', stored: undefined, at })
    return { store, circuit }
  }
  return [await open(), await open()] as const
}

async function storedState(store: Parameters<typeof readCircuits>[0]) {
  return (await readCircuits(store)).get('main')?.circuit
}

test('three authentication failures that two replicas count between them disable the destination', async () => {
  const [one, two] = await twoReplicas()
  await one.circuit.decide(unauthorized, at)
  await two.circuit.decide(unauthorized, at + 1)
  expect((await storedState(one.store))?.state).toBe('closed')
  await one.circuit.decide(unauthorized, at + 2)
  expect(await storedState(two.store)).toMatchObject({ state: 'disabled', authFailures: 3, refused: 'abc' })
})

test('failures that two replicas see at once are all counted', async () => {
  const [one, two] = await twoReplicas()
  await Promise.all([1, 2, 3, 4].map((step) => (step % 2 ? one : two).circuit.decide(failed, at + step)))
  expect(await storedState(one.store)).toMatchObject({ state: 'closed', failures: 4 })
  await Promise.all([one, two].map(({ circuit }) => circuit.decide(failed, at + 5)))
  expect(await storedState(two.store)).toMatchObject({ state: 'open', failures: 6 })
})

test('a destination that an operator disables stays so, whatever another replica finds out at the same time', async () => {
  const [one, two] = await twoReplicas()
  for (const _ of [1, 2, 3, 4, 5]) await two.circuit.decide(failed, at)
  expect(two.circuit.current().state).toBe('open')
  await Promise.all([
    one.circuit.decide({ kind: 'disable', reason: 'maintenance' }, at + 9),
    two.circuit.decide(failed, at + 9), // its probe
    two.circuit.decide({ kind: 'answered' }, at + 9),
  ])
  expect(await storedState(two.store)).toMatchObject({ state: 'disabled', reason: 'maintenance' })
  expect(await two.circuit.decide(failed, at + 10)).toMatchObject({ state: 'disabled', reason: 'maintenance' })
  expect(two.circuit.current()).toEqual(one.circuit.current())
})

test('what others have decided is taken over once, and never what is older than that which is known', async () => {
  const [one, two] = await twoReplicas()
  await one.circuit.decide(failed, at)
  const [older] = await one.store.circuitsSince(0)
  await one.circuit.decide({ kind: 'disable', reason: 'maintenance' }, at)
  const [newer] = await one.store.circuitsSince(0)
  expect(two.circuit.adopt(newer!)).toBe(true)
  expect([two.circuit.adopt(newer!), two.circuit.adopt(older!)]).toEqual([false, false])
  expect(two.circuit.current()).toMatchObject({ state: 'disabled' })
})

test('a decision that what was decided meanwhile has made pointless is not written', async () => {
  const [one, two] = await twoReplicas()
  await one.circuit.decide({ kind: 'disable', reason: 'maintenance' }, at)
  const expectMeant = () => {
    if (two.circuit.current().state === 'disabled') throw new Error('it was disabled meanwhile')
  }
  await expect(two.circuit.decide({ kind: 'enable' }, at, expectMeant)).rejects.toThrow('meanwhile')
  expect(await storedState(one.store)).toMatchObject({ state: 'disabled' })
})

test('a store that was restored from a backup is believed', async () => {
  const [one, two] = await twoReplicas()
  await one.circuit.decide(failed, at)
  const restored = createSharedCircuit({
    store: two.store,
    destination: 'main',
    stored: { destination: 'main', circuit: closedCircuit(at), revision: 9 },
    at,
  })
  expect(await restored.decide(failed, at)).toMatchObject({ failures: 2 })
})

test('a command decides from what the store has', async () => {
  const [one] = await twoReplicas()
  await decideCircuit(one.store, 'main', { kind: 'disable', reason: 'maintenance' }, at)
  expect(await storedState(one.store)).toMatchObject({ state: 'disabled', reason: 'maintenance' })
  expect(await decideCircuit(one.store, 'main', { kind: 'enable' }, at)).toEqual(closedCircuit(at))
})
