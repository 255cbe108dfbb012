import { describe, expect, test } from 'vitest'
import { type Circuit, closedCircuit } from '../../../src/domain/circuit.ts'
import type { Store } from '../../../src/store/contract/store.ts'
import { start } from '../support.ts'

/** What every store promises of circuits. `openTwo` gives two connections to the same data, or none. */
export function describeCircuits(
  name: string,
  openStore: () => Promise<Store>,
  openTwo: () => Promise<readonly Store[]>,
): void {
  const closed = closedCircuit(start)
  const open: Circuit = { ...closed, state: 'open', failures: 5, retryAt: start + 1, reason: 'down' }
  const disabled: Circuit = { ...closed, state: 'disabled', reason: 'maintenance', refused: null }

  describe(`${name}: circuits`, () => {
    test('a circuit is read as it was written last', async () => {
      const store = await openStore()
      expect(await store.circuitsSince(0)).toEqual([])
      const first = await store.changeCircuit('main', 0, closed)
      expect(first).toEqual({ isChanged: true, circuit: closed, revision: expect.any(Number) })
      const second = await store.changeCircuit('main', first.revision, open)
      expect(await store.circuitsSince(0)).toEqual([{ destination: 'main', circuit: open, revision: second.revision }])
    })

    test('what has changed since a revision is read in the order of the changes, over all destinations', async () => {
      const store = await openStore()
      const main = await store.changeCircuit('main', 0, closed)
      const second = await store.changeCircuit('second', 0, closed)
      expect(second.revision).toBeGreaterThan(main.revision)
      const again = await store.changeCircuit('main', main.revision, open)
      expect(again.revision).toBeGreaterThan(second.revision)
      const destinationsSince = async (revision: number) =>
        (await store.circuitsSince(revision)).map(({ destination }) => destination)
      expect(await destinationsSince(0)).toEqual(['second', 'main'])
      expect(await destinationsSince(second.revision)).toEqual(['main'])
      expect(await destinationsSince(again.revision)).toEqual([])
    })

    test('a change that was decided from an older circuit is not written, and is told the newest', async () => {
      const store = await openStore()
      const { revision: first } = await store.changeCircuit('main', 0, closed)
      const { revision: second } = await store.changeCircuit('main', first, disabled)
      const lost = { isChanged: false, circuit: disabled, revision: second }
      expect(await store.changeCircuit('main', first, open)).toEqual(lost)
      expect(await store.changeCircuit('main', 0, open)).toEqual(lost)
      expect(await store.changeCircuit('other', first, open)).toEqual({ isChanged: false, circuit: null, revision: 0 })
      expect(await store.circuitsSince(first)).toMatchObject([{ circuit: disabled }])
    })

    test('of two replicas that decide at once one wins, and both know by whom', async () => {
      const [one, two] = await openTwo()
      if (!one || !two) return
      const answers = await Promise.all([one.changeCircuit('main', 0, open), two.changeCircuit('main', 0, disabled)])
      expect(answers.filter(({ isChanged }) => isChanged)).toHaveLength(1)
      expect(answers[0]).toEqual({ ...answers[1], isChanged: expect.any(Boolean) })
      for (const store of [one, two]) {
        expect(await store.circuitsSince(0)).toMatchObject([{ circuit: answers[0]!.circuit }])
      }
    })
  })
}
