import type fc from 'fast-check'

/** How many made-up cases each of these properties is tried with: a few in `npm test`, 100,000 in `npm run fuzz`. */
export const numRuns = Number(process.env['FUZZ_RUNS'] ?? 2_000)

/** A failure says its seed and path; `FUZZ_SEED` tries the same cases again. */
const seed = process.env['FUZZ_SEED']
export const runs: fc.Parameters<unknown> = { numRuns, ...(seed !== undefined && { seed: Number(seed) }) }

/** Time for so many cases on a slow machine. Milliseconds. */
export const timeout = 60_000 + numRuns * 20
