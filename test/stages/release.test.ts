import { expect, test } from 'vitest'
import { type Rate, releaseAtRate } from '../../src/stages/operate/release.ts'

const items = (count: number) => Array.from({ length: count }, (_, index) => index)

/** When how many are let go, by a clock that only waiting moves. */
async function run(count: number, rate: Rate, cancelAfter = Number.POSITIVE_INFINITY) {
  const controller = new AbortController()
  const steps: [at: number, count: number][] = []
  const gone: number[] = []
  let now = 0
  const released = await releaseAtRate(items(count), {
    rate,
    signal: controller.signal,
    async wait(ms) {
      now += ms
    },
    async release(some) {
      steps.push([now, some.length])
      gone.push(...some)
      if (steps.length === cancelAfter) controller.abort()
      return some.length
    },
  })
  return { released, steps, gone }
}

test('so many go in a second, each once and in order, and nobody waits after the last', async () => {
  const { released, steps, gone } = await run(25, { count: 10, perMs: 1_000 })
  expect(steps).toEqual([
    [0, 10],
    [1_000, 10],
    [2_000, 5],
  ])
  expect(gone).toEqual(items(25))
  expect(released).toBe(25)
})

test('a slow rate lets one go at a time', async () => {
  expect((await run(3, { count: 2, perMs: 60_000 })).steps).toEqual([
    [0, 1],
    [30_000, 1],
    [60_000, 1],
  ])
})

test('no rate is exceeded', async () => {
  for (const rate of [
    { count: 7, perMs: 60_000 },
    { count: 90, perMs: 60_000 },
    { count: 1000, perMs: 3_600_000 },
  ]) {
    const { steps } = await run(30, rate)
    const last = steps.at(-1)!
    const before = 30 - last[1]
    expect(before / last[0]).toBeLessThanOrEqual(rate.count / rate.perMs)
    expect(before / last[0]).toBeGreaterThan((rate.count / rate.perMs) * 0.5)
  }
})

test('cancelled, it lets no more go and says how many went', async () => {
  expect(await run(100, { count: 10, perMs: 1_000 }, 2)).toMatchObject({ released: 20, gone: items(20) })
})
