import { join } from 'node:path'
import { expect, test } from 'vitest'
import { bindMapper } from '../../src/mapping/library/bind.ts'
import { loadMappers } from '../../src/mapping/library/load.ts'
import type { FixtureAnswer } from '../../src/stages/fetch/fixture-answers.ts'
import { fixtureSource, fixtures } from './fixtures.ts'
import { outcomeOf, readFixture } from './support.ts'

const { siteDomain, vars, models } = fixtureSource('wix')
const library = await loadMappers()
const mapper = bindMapper(library.get('wix')!, {
  source: 'wix',
  vars: { ...vars, fetch: true, site: 'site-1' },
  models,
})

async function fetching(fixture: string, ...fetched: FixtureAnswer[]) {
  const webhook = await readFixture(join(fixtures, 'wix', `${fixture}.json`))
  return outcomeOf(mapper, webhook, { siteDomain, defaultLanguage: 'en' }, fetched)
}

const postUrl = '/blog/v3/posts/1b8ac7a0-0000-4000-8000-0000000000aa?fieldsets=URL&fieldsets=RICH_CONTENT'
const productUrl =
  '/stores/v3/products/4ccc0c13-65b9-427f-9946-41b24ea556ae?fields=URL&fields=PLAIN_DESCRIPTION&fields=ALL_CATEGORIES_INFO'

test('a post that an event tells of is asked for with its text, where the source says so', async () => {
  const post = {
    id: '1b8ac7a0-0000-4000-8000-0000000000aa',
    title: 'Hello',
    slug: 'hello',
    richContent: {
      nodes: [{ type: 'PARAGRAPH', nodes: [{ type: 'TEXT', textData: { text: 'The whole text.', decorations: [] } }] }],
    },
    url: { base: 'https://www.example.com', path: '/post/hello' },
    pricingPlanIds: [],
  }
  const outcome = await fetching('post-updated-with-title-alone', { url: postUrl, body: { post } })
  expect(outcome.problems).toEqual([])
  expect(outcome.changes).toMatchObject([
    {
      kind: 'upsert',
      item: { id: `wixBlog.post#${post.id}`, text: 'The whole text.', html: '<p>The whole text.</p>' },
    },
  ])
  const gated = { ...post, pricingPlanIds: ['plan-1'] }
  const behind = await fetching('post-updated', { url: postUrl, body: { post: gated } })
  expect(behind.changes).toEqual([{ kind: 'delete', type: 'post', id: `wixBlog.post#${post.id}` }])
})

test('a product is asked for until the API has the one that the event tells of', async () => {
  const product = {
    id: '4ccc0c13-65b9-427f-9946-41b24ea556ae',
    name: 'Bag',
    slug: 'bag',
    visible: true,
    plainDescription: '<p>From the API.</p>',
    updatedDate: '2025-01-15T11:29:58.412Z',
  }
  const found = await fetching('product-minimal', { url: productUrl, body: { product } })
  expect(found.changes).toMatchObject([{ item: { id: `wixStores.product#${product.id}`, text: 'From the API.' } }])
  const older = { ...product, updatedDate: '2025-01-15T11:00:00.000Z' }
  expect((await fetching('product-minimal', { url: productUrl, body: { product: older } })).changes).toEqual([])
})

test('a removal, and an item of a collection, ask nothing', async () => {
  expect((await fetching('post-deleted')).asks).toBeUndefined()
  expect((await fetching('data-item-created')).asks).toBeUndefined()
})
