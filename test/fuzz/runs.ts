/** How many made-up cases a property is tried with: so many in `npm test`, and what FUZZ_RUNS says where that is set. */
export function runsOf(usual: number): number {
  return Number(process.env['FUZZ_RUNS'] ?? usual)
}

/** How many for each of these properties: a few in `npm test`, 100,000 in `npm run fuzz`. */
export const numRuns = runsOf(1_000)

/** Time for so many cases on a slow machine. Milliseconds. */
export const timeout = 60_000 + numRuns * 20
