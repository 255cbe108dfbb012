import { createHmac } from 'node:crypto'
import { expect, test } from 'vitest'
import { type CmsAnswer, type CmsRequest, startScriptedCms } from '../cms-api/support.ts'
import { startScriptedIngest } from '../scripted-ingest.ts'
import { createClock, startRelay } from '../support.ts'

const origin = 'https://example.com'
const second = 1_000

/** A relay with one source of a built-in mapper, whose CMS answers by script. */
async function start(source: Record<string, unknown>, path: string, script: (request: CmsRequest) => CmsAnswer) {
  const clock = createClock()
  const ingest = await startScriptedIngest(clock)
  const cms = await startScriptedCms(script)
  const fetch = { base_url: `${cms.origin}${path}`, token: 'token-of-the-api', allow_private: true }
  const sources = { cms: { destination: 'main', secret: 'secret-of-the-webhooks', fetch, ...source } }
  const relay = await startRelay({ baseUrl: ingest.baseUrl, clock, sources })
  async function settle(): Promise<void> {
    await relay.map()
    while ((await relay.fetch()) > 0);
    await relay.deliver(5 * second)
  }
  return { ...relay, ingest, cms, settle }
}

test('Storyblok: a story comes by way of the redirect to the newest cache, and goes when it is unpublished', async () => {
  const story = {
    id: 7,
    name: 'Seven',
    full_slug: 'blog/seven',
    published_at: '2026-02-01T00:00:00Z',
    content: { component: 'article', text: 'Hi' },
  }
  const { send, settle, cms, ingest } = await start(
    { mapper: 'storyblok', vars: { origin }, models: { article: { type: 'post' }, page: { type: 'page' } } },
    '/v2/cdn',
    ({ url }) =>
      url.includes('cv=') ? { body: { story, cv: 5 } } : { status: 301, headers: { location: `${url}&cv=5` } },
  )
  const hook = (action: string) => {
    const body = JSON.stringify({ text: 'x', action, space_id: 1, story_id: 7 })
    const signature = createHmac('sha1', 'secret-of-the-webhooks').update(body).digest('hex')
    return send('cms', body, { 'x-storyblok-topic': `story.${action}`, 'webhook-signature': signature })
  }
  expect((await hook('published')).statusCode).toBe(202)
  await settle()
  expect(cms.requests.map(({ url }) => url)).toEqual([
    '/v2/cdn/stories/7?version=published&token=token-of-the-api',
    '/v2/cdn/stories/7?version=published&token=token-of-the-api&cv=5',
  ])
  await hook('unpublished')
  await settle()
  expect(ingest.calls.map(({ path, ids }) => [path, ids])).toEqual([
    ['/v1/ingest/item', ['story:7']],
    ['/v1/ingest/delete', ['story:7']],
  ])
})

test('Prismic: documents are looked up at the newest ref, and one that is not there any more is taken away', async () => {
  const published = new Map([['a', 'article'], ['b', 'page']]) // biome-ignore format: a table
  const { send, settle, cms, ingest } = await start(
    {
      mapper: 'prismic',
      vars: { origin, repository: 'repo' },
      models: { article: { type: 'post' }, page: { type: 'page' } },
    },
    '/api/v2',
    ({ url }) => {
      const query = new URL(url, 'http://cms').searchParams
      if (!url.includes('/documents/search')) return { body: { refs: [{ ref: 'R2', isMasterRef: true }] } }
      if (query.get('ref') !== 'R2') return { status: 410 }
      const asked = [...query.get('q')!.matchAll(/"(\w+)"/g)].map(([, id = '']) => id)
      const results = asked
        .filter((id) => published.has(id))
        .map((id) => ({
          id,
          uid: id,
          type: published.get(id),
          lang: 'en-us',
          last_publication_date: '2026-02-01T00:00:00+0000',
          data: { text: id },
        }))
      return { body: { results } }
    },
  )
  const hook = (documents: readonly string[]) =>
    send('cms', { type: 'api-update', domain: 'repo', secret: 'secret-of-the-webhooks', masterRef: 'R1', documents })
  expect((await hook(['a', 'b', 'never'])).statusCode).toBe(200) // Prismic repeats what is answered otherwise
  await settle()
  expect(cms.requests).toHaveLength(2)
  published.delete('b')
  await hook(['a', 'b'])
  await settle()
  expect(ingest.calls.map(({ path, ids }) => [path, ids])).toEqual([
    ['/v1/ingest/batch', ['document:a', 'document:b']],
    ['/v1/ingest/delete', ['document:b']],
  ])
})

test('Kontent.ai: an item is asked for again until it is as new as the notification', async () => {
  const environment = '0f5b6cb2-ea82-014e-ac74-f71e7e8b6aee'
  const system = {
    id: 'i1',
    codename: 'one',
    language: 'en',
    type: 'article',
    name: 'One',
    last_modified: '2026-02-01T00:00:00.0000002Z',
  }
  let lastModified = '2026-02-01T00:00:00.0000001Z'
  const { send, settle, clock, ingest, cms } = await start(
    { mapper: 'kontent-ai', vars: { origin, environment }, models: { article: { type: 'post' } } },
    `/${environment}`,
    () => ({
      body: {
        items: [
          {
            system: { ...system, last_modified: lastModified },
            elements: { slug: { type: 'url_slug', value: 'one' }, text: { type: 'text', value: lastModified } },
          },
        ],
      },
    }),
  )
  const message = {
    environment_id: environment,
    object_type: 'content_item',
    action: 'published',
    delivery_slot: 'published',
  }
  const body = JSON.stringify({ notifications: [{ data: { system }, message }] })
  const signature = createHmac('sha256', 'secret-of-the-webhooks').update(body).digest('base64')
  expect((await send('cms', body, { 'x-kontent-ai-signature': signature })).statusCode).toBe(202)
  await settle()
  expect(ingest.calls).toEqual([])
  lastModified = system.last_modified
  clock.advance(10 * second)
  await settle()
  expect(ingest.calls.map(({ ids }) => ids)).toEqual([['item:i1@en']])
  expect(ingest.calls[0]!.text).toContain('00.0000002Z')
  expect(cms.requests[0]!.headers).toMatchObject({
    authorization: 'Bearer token-of-the-api',
    'x-kc-wait-for-loading-new-content': 'true',
  })
})
