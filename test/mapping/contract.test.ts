import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { bindMapper } from '../../src/mapping/bind.ts'
import { loadMappers } from '../../src/mapping/load.ts'
import { settings } from './fixture-settings.ts'
import { outcomeOf, readFixture } from './support.ts'

const fixtures = new URL('../fixtures/', import.meta.url).pathname
const library = await loadMappers({ checkBuiltIn: true })

describe.each(Object.entries(settings))('%s', (cms, { vars, models, ...rules }) => {
  const folder = join(fixtures, cms)
  const files = readdirSync(folder).filter((name) => name.endsWith('.json') && !name.endsWith('.expected.json'))
  const mapper = bindMapper(library.get(cms)!, { source: cms, ...(vars && { vars }), ...(models && { models }) })

  test.each(files)('%s comes to what is expected', async (file) => {
    const path = join(folder, `${basename(file, '.json')}.expected.json`)
    expect(existsSync(path), `${path} is missing`).toBe(true)
    const rulesOfSite = { siteDomain: 'example.com', defaultLanguage: 'en', ...rules }
    const outcome = await outcomeOf(mapper, await readFixture(join(folder, file)), rulesOfSite)
    expect(outcome).toEqual(JSON.parse(readFileSync(path, 'utf8')))
  })
})
