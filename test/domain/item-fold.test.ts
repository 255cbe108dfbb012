import { test } from 'vitest'
import fc from '../fast-check.ts'
import { runsOf } from '../fuzz/runs.ts'
import { Run, runs } from './item-runs.ts'

test('whatever comes, in whatever order and however it is grouped, an item is what the model says', {
  timeout: 120_000,
}, () => {
  const all = fc.property(runs, (numbers) => {
    const run = new Run()
    for (const number of numbers) run.take(number)
    run.fold()
  })
  fc.assert(all, { numRuns: runsOf(20_000) })
})
