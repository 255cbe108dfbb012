import { expect, test } from 'vitest'
import { findFixtureFolders } from '../../src/commands/try/test/fixture-folder.ts'
import { isGood, runFixtures } from '../../src/commands/try/test/run-fixtures.ts'
import { loadMappers } from '../../src/mapping/library/load.ts'
import { fixtures } from './fixtures.ts'

const library = await loadMappers({ checkBuiltIn: true })
const folders = findFixtureFolders(fixtures)

test('each built-in mapper has fixtures', () => {
  const names = library.list().map(({ name }) => name)
  expect(folders.map(({ label }) => label)).toEqual(names)
})

// As `cms-relay test test/fixtures` does; with --update it writes what is expected.
test.each(folders)('each fixture of $label comes to what is expected', async (folder) => {
  const results = await runFixtures(folder, { library, update: false })
  expect(results.length).toBeGreaterThan(0)
  expect(results.filter((result) => !isGood(result))).toEqual([])
})
