import fc from 'fast-check'

/**
 * Properties are tried with the same made-up cases each time, so that a failure belongs to the change that it shows up
 * with. `npm run fuzz` makes up others; it says the seed of a failure, and `FUZZ_SEED` tries that one again.
 */
const { FUZZ_RUNS, FUZZ_SEED } = process.env
if (FUZZ_SEED !== undefined) fc.configureGlobal({ seed: Number(FUZZ_SEED) })
else if (FUZZ_RUNS === undefined) fc.configureGlobal({ seed: 1 })

export default fc

/** Any character: what `unit: 'binary'` is, which takes more than a second before it makes the first. */
export const character = fc
  .oneof(fc.integer({ min: 0, max: 0xd7ff }), fc.integer({ min: 0xe000, max: 0x10ffff }))
  .map((code) => String.fromCodePoint(code), codePointOf)

/** The way back, by which fast-check finds that the texts that it knows for trouble consist of such characters. */
function codePointOf(text: unknown): number {
  const code = typeof text === 'string' ? text.codePointAt(0) : undefined
  if (code === undefined || String.fromCodePoint(code) !== text) throw new Error('not one character')
  return code
}
