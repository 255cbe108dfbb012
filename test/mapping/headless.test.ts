import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { ModelDefinitions } from '../../src/mapping/definition/models.ts'
import { bindMapper } from '../../src/mapping/library/bind.ts'
import { loadMappers } from '../../src/mapping/library/load.ts'
import type { Mapper } from '../../src/mapping/mapper.ts'
import { fixtureSource, fixtures } from './fixtures.ts'
import { outcomeOf, readFixture } from './support.ts'

const library = await loadMappers({ checkBuiltIn: true })

interface Changed {
  readonly vars?: Record<string, unknown>
  /** Names of vars that the source leaves out. */
  readonly without?: readonly string[]
  readonly models?: ModelDefinitions
}

/** The mapper of a source that is set otherwise than its fixtures say. */
function mapperOf(cms: string, { vars = {}, without = [], models = {} }: Changed = {}) {
  const source = fixtureSource(cms)
  const kept = Object.entries({ ...source.vars, ...vars }).filter(([name]) => !without.includes(name))
  const settings = { source: cms, vars: Object.fromEntries(kept), models: { ...source.models, ...models } }
  return bindMapper(library.get(cms)!, settings)
}

async function outcome(cms: string, file: string, mapper: Mapper) {
  const webhook = await readFixture(join(fixtures, cms, `${file}.json`))
  return outcomeOf(mapper, webhook, { siteDomain: 'example.com', defaultLanguage: 'en' })
}

/** Kind and id of each change. */
async function changes(cms: string, file: string, changed: Changed = {}): Promise<string[]> {
  const { changes: all, problems } = await outcome(cms, file, mapperOf(cms, changed))
  expect(problems).toEqual([])
  return (all as { kind: string; id?: string; item?: { id: string } }[]).map(
    ({ kind, id, item }) => `${kind} ${item?.id ?? id}`,
  )
}

describe('webflow', () => {
  test('sends what waits for the next publication of the site only where the source says so', async () => {
    const queued = { vars: { queued: true } }
    const id = 'blog#65a5d5f2f7e2b40012345682'
    expect(await changes('webflow', 'item-changed-queued')).toEqual([])
    expect(await changes('webflow', 'item-changed-queued', queued)).toEqual([`upsert ${id}`])
    expect(await changes('webflow', 'item-created-queued', queued)).toEqual([`upsert ${id}`])
    expect(await changes('webflow', 'item-changed-in-draft', queued)).toEqual([])
    expect(await changes('webflow', 'item-created-draft', queued)).toEqual([`delete ${id}`])
    expect(await changes('webflow', 'item-archived', queued)).toEqual([`delete ${id}`])
  })

  test('takes items of every locale as the one there is where the source names none', async () => {
    const all = { without: ['locales'] }
    expect(await changes('webflow', 'item-published-in-other-locale', all)).toEqual([
      'upsert blog#65a5d5f2f7e2b40012345682',
    ])
  })
})

describe('datocms', () => {
  test('sends the environment that the source names, and no other', async () => {
    const staging = { vars: { environment: 'staging' } }
    expect(await changes('datocms', 'sandbox-environment', staging)).toEqual(['upsert article:39830650'])
    expect(await changes('datocms', 'article-publish', staging)).toEqual([])
  })

  test('fails aloud where fields are localized and the source names no locales', async () => {
    const mapper = mapperOf('datocms', { without: ['locales'], models: { article: { type: 'post' } } })
    const { changes: none, problems } = await outcome('datocms', 'article-publish-localized', mapper)
    expect(none).toEqual([])
    expect(problems).toEqual([expect.stringContaining('the record has no `slug`')])
  })

  test('sends only the locales that the source names', async () => {
    const english = { vars: { locales: ['en'] } }
    expect(await changes('datocms', 'article-publish-localized', english)).toEqual(['upsert article:39830650@en'])
  })
})

describe('sanity', () => {
  test('sends another dataset where the source names it', async () => {
    expect(await changes('sanity', 'other-dataset', { vars: { dataset: 'staging' } })).toHaveLength(1)
    expect(await changes('sanity', 'document-update', { vars: { dataset: 'staging' } })).toEqual([])
  })

  test('sends the locales that a document names where the source names none', async () => {
    const all = { without: ['locales'] }
    const both = ['event:event-3@en', 'event:event-3@de']
    expect(await changes('sanity', 'event-in-two-languages', all)).toEqual(both.map((id) => `upsert ${id}`))
    expect(await changes('sanity', 'event-deleted', all)).toEqual(both.map((id) => `delete ${id}`))
  })
})

describe('hygraph', () => {
  test('sends every locale where the source names none', async () => {
    const all = { without: ['locales'], models: { Post: { type: 'post', url: '$vars.origin & "/" & slug' } } }
    const id = 'Post:cl6glqgeu0fel0bmiksuvfv9g'
    expect(await changes('hygraph', 'publish-localized', all)).toEqual(
      ['en', 'de', 'fr'].map((locale) => `upsert ${id}@${locale}`),
    )
    expect(await changes('hygraph', 'publish-one-locale', all)).toEqual([`upsert ${id}@en`])
    expect(await changes('hygraph', 'unpublish', all)).toEqual([`delete ${id}`])
  })

  test('sends another stage where the source names it', async () => {
    expect(await changes('hygraph', 'publish-to-other-stage', { vars: { stage: 'QA' } })).toHaveLength(1)
    expect(await changes('hygraph', 'publish', { vars: { stage: 'QA' } })).toEqual([])
  })
})

describe('directus', () => {
  test('has no translations where the source names no locales', async () => {
    const none = { without: ['locales'] }
    expect(await changes('directus', 'page-with-translations', none)).toEqual(['upsert pages:12'])
    expect(await changes('directus', 'items-delete', none)).toEqual(
      ['7', '8', '9'].map((key) => `delete articles:${key}`),
    )
  })

  test('sends the statuses that the source names', async () => {
    const archive = { vars: { statuses: ['published', 'archived'] } }
    expect(await changes('directus', 'item-archived', archive)).toEqual(['upsert articles:7'])
    expect(await changes('directus', 'item-draft', archive)).toEqual(['delete articles:7'])
  })
})

test.each(['sanity', 'directus', 'datocms', 'hygraph', 'webflow'])(
  '%s sends no e-mail address and no name of a person',
  async (cms) => {
    const files = readdirSync(join(fixtures, cms)).filter((name) => /^(?!.*\.expected).*\.json$/.test(name))
    const mapper = mapperOf(cms)
    for (const file of files) {
      const { changes: all } = await outcome(cms, file.replace(/\.json$/, ''), mapper)
      expect(JSON.stringify(all), file).not.toMatch(/someone@example\.com|Some One|4b11492d|cl08dlo5i/)
    }
  },
)
