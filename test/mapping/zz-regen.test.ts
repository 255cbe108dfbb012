import { readdirSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { test } from 'vitest'
import { bindMapper } from '../../src/mapping/bind.ts'
import { loadMappers } from '../../src/mapping/load.ts'
import { fixtureSource, fixtures } from './fixture-source.ts'
import { outcomeOf, readFetched, readFixture } from './support.ts'
const library = await loadMappers({ checkBuiltIn: true })
test.each((process.env['REGEN'] ?? '').split(','))('%s', async (cms) => {
  const folder = join(fixtures, cms)
  const { siteDomain, vars, models } = fixtureSource(cms)
  const mapper = bindMapper(library.get(cms)!, { source: cms, vars, models })
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.json') && !name.endsWith('.expected.json'))) {
    const outcome = await outcomeOf(mapper, await readFixture(join(folder, file)), { siteDomain, defaultLanguage: 'en' }, readFetched(join(folder, file)))
    writeFileSync(join(folder, `${basename(file, '.json')}.expected.json`), JSON.stringify(outcome, null, 2) + '\n')
  }
})
