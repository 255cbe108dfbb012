/** How many made-up cases each of these properties is tried with: a few in `npm test`, 100,000 in `npm run fuzz`. */
export const numRuns = Number(process.env['FUZZ_RUNS'] ?? 1_000)

/** Time for so many cases on a slow machine. Milliseconds. */
export const timeout = 60_000 + numRuns * 20
