import fc from 'fast-check'

/**
 * Properties are tried with the same made-up cases each time, so that a failure belongs to the change that it shows up
 * with. `npm run fuzz` makes up others; it says the seed of a failure, and `FUZZ_SEED` tries that one again.
 */
const { FUZZ_RUNS, FUZZ_SEED } = process.env
if (FUZZ_SEED !== undefined) fc.configureGlobal({ seed: Number(FUZZ_SEED) })
else if (FUZZ_RUNS === undefined) fc.configureGlobal({ seed: 1 })

export default fc
