import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type BindOptions, bindMapper } from '../../src/mapping/bind.ts'
import { loadMappers } from '../../src/mapping/load.ts'
import type { ItemRules } from '../../src/mapping/mapper.ts'
import { outcomeOf, readFixture } from './support.ts'

/** How the source of a CMS is configured while its fixtures are mapped. */
interface Setting extends Partial<ItemRules> {
  readonly vars?: BindOptions['vars']
  readonly models?: BindOptions['models']
}

const settings: Readonly<Record<string, Setting>> = {
  craft: {
    vars: { origin: 'https://example.com' },
    models: { 2: { type: 'post' }, 5: { type: 'page', html: 'body' }, news: { type: 'post', html: 'body' } },
  },
  drupal: { vars: { origin: 'https://example.com', types: { product: 'product' } } },
  generic: { vars: { origin: 'https://example.com' } },
  ghost: { siteDomain: 'docs.ghost.io' },
  joomla: { vars: { origin: 'https://example.com', public_access: [1, 5] } },
  shopify: { vars: { origin: 'https://example.com/' } },
  strapi: {
    vars: { origin: 'https://example.com', media_origin: 'https://cms.example.com' },
    models: {
      address: { type: 'location', url: '$vars.origin & "/places/" & $string(id)', title: 'full_name' },
      article: { type: 'post', url: '$vars.origin & "/blog/" & slug' },
      product: {
        type: 'product',
        html: '$markdown(description)',
        json: { product: { price: '$price(price, "EUR")' } },
      },
    },
  },
  woocommerce: { vars: { currency: 'EUR' } },
  wordpress: { siteDomain: 'mydomain.dev', vars: { types: { event: 'event' } } },
}

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
