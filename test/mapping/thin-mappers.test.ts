import { expect, test } from 'vitest'
import { bindMapper } from '../../src/mapping/library/bind.ts'
import { loadMappers } from '../../src/mapping/library/load.ts'
import { outcomeOf, webhook } from './support.ts'

const library = await loadMappers()
const origin = 'https://example.com'
const rules = { siteDomain: 'example.com', defaultLanguage: 'en' }

test.each([
  ['eu', 'https://api.storyblok.com/v2/cdn'],
  ['us', 'https://api-us.storyblok.com/v2/cdn'],
  ['ap', 'https://api-ap.storyblok.com/v2/cdn'],
])('a Storyblok space in %s is asked at %s', (region, baseUrl) => {
  const mapper = bindMapper(library.get('storyblok')!, { source: 's', vars: { origin, region } })
  expect(mapper.fetch).toEqual({ baseUrl, token: { query: 'token', prefix: '', required: true } })
})

test('a translation of a Storyblok story is asked for and is an item of its own', async () => {
  const models = { page: { type: 'page', url: '"https://example.com/de/" & $record.slug' } }
  const mapper = bindMapper(library.get('storyblok')!, { source: 's', vars: { origin, language: 'de' }, models })
  const url = '/stories/7?version=published&language=de'
  const story = {
    name: 'N',
    full_slug: 'a',
    slug: 'a',
    published_at: '2026-01-01T00:00:00Z',
    lang: 'de',
    content: { component: 'page', text: 'Hallo' },
  }
  const headers = { 'x-storyblok-topic': 'story.published' }
  const { changes } = await outcomeOf(mapper, webhook({ story_id: 7 }, headers), rules, [{ url, body: { story } }])
  expect(changes).toMatchObject([{ item: { id: 'story:7@de', language: 'de', url: 'https://example.com/de/a' } }])
})

test('documents of Prismic are asked for fifty at a time', async () => {
  const vars = { origin, repository: 'my-repo' }
  const mapper = bindMapper(library.get('prismic')!, { source: 's', vars, models: { page: { type: 'page' } } })
  expect(mapper.fetch).toMatchObject({ baseUrl: 'https://my-repo.prismic.io/api/v2' })
  const documents = Array.from({ length: 101 }, (_, index) => `d${index}`)
  const body = { type: 'api-update', domain: 'my-repo', masterRef: 'r', documents }
  const refs = {
    refs: [
      { ref: 'old', isMasterRef: false },
      { ref: 'new', isMasterRef: true },
    ],
  }
  const { asks } = await outcomeOf(mapper, webhook(body), rules, [{ url: '', body: refs }])
  expect(asks).toHaveLength(4)
  expect(asks!.slice(1).map((text) => decodeURIComponent(text).match(/"d\d+"/g)!.length)).toEqual([50, 50, 1])
})

test('Kontent.ai is asked with its key, and to wait for what is new', async () => {
  const vars = { origin, environment: 'env-1' }
  const mapper = bindMapper(library.get('kontent-ai')!, { source: 's', vars, models: { post: { type: 'post' } } })
  expect(mapper.fetch).toEqual({
    baseUrl: 'https://deliver.kontent.ai/env-1',
    token: { header: 'authorization', prefix: 'Bearer ', required: false },
  })
  const system = { id: 'i', language: 'en', type: 'post', last_modified: '2026-01-01T00:00:00.1234567Z' }
  const message = {
    environment_id: 'env-1',
    object_type: 'content_item',
    action: 'published',
    delivery_slot: 'published',
  }
  const { requests } = await mapper.map(webhook({ notifications: [{ data: { system }, message }] }))
  expect(requests).toMatchObject([{ headers: { 'x-kc-wait-for-loading-new-content': 'true' } }])
})
