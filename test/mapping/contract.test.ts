import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { bindMapper } from '../../src/mapping/library/bind.ts'
import { loadMappers } from '../../src/mapping/library/load.ts'
import { fixtureSource, fixtures, readFetched } from './fixtures.ts'
import { outcomeOf, readFixture } from './support.ts'

const library = await loadMappers({ checkBuiltIn: true })
const names = library.list().map(({ name }) => name)

describe.each(names)('%s', (cms) => {
  const folder = join(fixtures, cms)
  const files = readdirSync(folder).filter((name) => name.endsWith('.json') && !name.endsWith('.expected.json'))
  const { siteDomain, vars, models } = fixtureSource(cms)
  const mapper = bindMapper(library.get(cms)!, { source: cms, vars, models })

  test.each(files)('%s comes to what is expected', async (file) => {
    const path = join(folder, `${basename(file, '.json')}.expected.json`)
    expect(existsSync(path), `${path} is missing`).toBe(true)
    const rules = { siteDomain, defaultLanguage: 'en' }
    const webhook = await readFixture(join(folder, file))
    const outcome = await outcomeOf(mapper, webhook, rules, readFetched(join(folder, file)))
    expect(outcome).toEqual(JSON.parse(readFileSync(path, 'utf8')))
  })
})
