import { describe, test } from 'vitest'
import fc from '../fast-check.ts'
import { describeBrowsing } from './conformance/browsing.ts'
import { describeCircuits } from './conformance/circuits.ts'
import { describeDelivering } from './conformance/delivering.ts'
import { describeExecutions } from './conformance/executions.ts'
import { describeMapping } from './conformance/mapping.ts'
import { createOpeners, type Opened } from './conformance/openers.ts'
import { describeOperating } from './conformance/operating.ts'
import { describeOrigins } from './conformance/origins.ts'
import { describeReceiving } from './conformance/receiving.ts'
import { contested } from './conformance/rival.ts'
import { describeStatistics } from './conformance/statistics.ts'
import { describeSteps } from './conformance/steps.ts'
import { describeTakingAway } from './conformance/taking-away.ts'
import { describeUpkeep } from './conformance/upkeep.ts'
import { runModel, steps } from './model.ts'

/**
 * What every store promises, a part for each role: a new engine passes one after the other. `open` gives an empty store, closed by the
 * test that asked. `runs` says how many random sequences of steps are tried. With a `rival`, another owner is at work beside each
 * test of what is claimed and settled: each engine passes with one and without.
 */
export function describeStore(name: string, open: () => Promise<Opened>, { runs = 20, rival = false } = {}): void {
  const openers = createOpeners(open)
  const { openStore, openTwo } = openers
  const owners = rival ? contested(openers) : openers

  describeReceiving(name, openers)
  describeMapping(name, owners)
  describeSteps(name, owners.openStore)
  describeDelivering(name, owners)
  describeCircuits(name, openStore, openTwo)
  describeOperating(name, openers)
  describeTakingAway(name, openStore, openTwo)
  describeBrowsing(name, openers)
  describeExecutions(name, openStore)
  describeOrigins(name, openStore)
  describeStatistics(name, openStore, runs)
  describeUpkeep(name, openers)

  describe(`${name}: any sequence of steps`, () => {
    test('loses no change, lets no old one win, holds an item once and knows what was acknowledged', async () => {
      const property = fc.asyncProperty(steps, async (taken) => {
        const { store } = await open()
        try {
          await runModel(store, taken)
        } finally {
          await store.close()
        }
      })
      await fc.assert(property, { numRuns: runs })
    }, 60_000)
  })
}
