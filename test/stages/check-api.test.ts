import { describe, expect, onTestFinished, test } from 'vitest'
import { sourceSchema } from '../../src/config/schema.ts'
import { bindMapper } from '../../src/mapping/library/bind.ts'
import { loadMappers } from '../../src/mapping/library/load.ts'
import type { Finding as Issue } from '../../src/mistakes/issue.ts'
import { checkApi } from '../../src/stages/operate/check-api.ts'
import { composeFetch } from '../../src/wiring/fetch.ts'
import { type CmsAnswer, type CmsRequest, startScriptedCms } from '../cms-api/support.ts'
import { fixtureSource } from '../mapping/fixtures.ts'

const library = await loadMappers()
const token = 'a-token-of-the-api'

interface Facts {
  readonly asks: string
  readonly answer: unknown
  /** Where the token goes. */
  readonly shows: (request: CmsRequest) => unknown
  readonly vars?: Readonly<Record<string, unknown>>
}

const bearer = ({ headers }: CmsRequest) => headers.authorization
const bearerToken = `Bearer ${token}`

/** What each API is asked, and what it answers to a good credential. Sources are in the comments of `docs/cms`. */
const facts: Readonly<Record<string, Facts & { readonly credential: string }>> = {
  bigcommerce: {
    asks: 'GET /v3/catalog/products?limit=1&include_fields=name',
    answer: { data: [], meta: { pagination: { total: 0 } } },
    shows: ({ headers }) => headers['x-auth-token'],
    credential: token,
  },
  directus: {
    asks: 'GET /server/info',
    answer: { data: { project: { project_name: 'Directus' } } },
    shows: bearer,
    credential: bearerToken,
  },
  github: {
    asks: 'GET /rate_limit',
    answer: { resources: { core: { limit: 5000 } } },
    shows: bearer,
    credential: bearerToken,
  },
  hubspot: {
    asks: 'GET /crm/v3/objects/products?limit=1',
    answer: { results: [] },
    shows: bearer,
    credential: bearerToken,
    vars: { fetch: true },
  },
  'kontent-ai': {
    asks: 'GET /items?limit=1&depth=0',
    answer: { items: [], modular_content: {}, pagination: { count: 0 } },
    shows: bearer,
    credential: bearerToken,
  },
  prismic: {
    asks: 'GET ?',
    answer: { refs: [{ id: 'master', ref: 'Z', label: 'Master', isMasterRef: true }] },
    shows: ({ url }) => new URL(url, 'http://x').searchParams.get('access_token'),
    credential: token,
  },
  storyblok: {
    asks: 'GET /stories?version=published&per_page=1',
    answer: { stories: [], cv: 1, rels: [], links: [] },
    shows: ({ url }) => new URL(url, 'http://x').searchParams.get('token'),
    credential: token,
  },
  umbraco: {
    asks: 'GET /content?take=1',
    answer: { total: 0, items: [] },
    shows: ({ headers }) => headers['api-key'],
    credential: token,
  },
  wix: {
    asks: 'GET /stores/v3/provision/version',
    answer: { catalogVersion: 'STORES_NOT_INSTALLED' },
    shows: bearer,
    credential: token,
    vars: { fetch: true, site: 'a-site' },
  },
}

async function verdictOf(cms: string, answer: CmsAnswer, vars = facts[cms]?.vars) {
  const server = await startScriptedCms(() => answer)
  const { vars: usual, models } = fixtureSource(cms)
  const mapper = bindMapper(library.get(cms)!, { source: 'blog', vars: { ...usual, ...vars }, models })
  const settings = sourceSchema.parse({
    mapper: cms,
    destination: 'main',
    fetch: { base_url: `${server.origin}/api`, token, allow_private: true, timeout: '5s' },
  }).fetch
  const issues: Issue[] = []
  const fetch = composeFetch('sources.blog', settings, mapper, Date.now, issues)!
  expect(issues).toEqual([])
  onTestFinished(() => fetch.client.close())
  return { verdict: await checkApi({ name: 'blog', check: mapper.check!, fetch }), requests: server.requests }
}

test('every built-in mapper that asks an API can check it', () => {
  const asking = library.list().filter(({ name }) => {
    const definition = library.get(name)!
    return 'records' in definition && definition.records.some(({ fetch }) => fetch !== undefined)
  })
  expect(asking.map(({ name }) => name).sort()).toEqual(Object.keys(facts).sort())
})

describe.each(Object.entries(facts))('%s', (cms, { asks, answer, shows, credential }) => {
  test('a good credential', async () => {
    const { verdict, requests } = await verdictOf(cms, { body: answer })
    expect(verdict).toMatchObject({ verdict: 'good', cure: null })
    const [request, ...more] = requests
    expect(more).toEqual([])
    const [path, query = ''] = request!.url.split('?')
    const own = new URLSearchParams(query)
    for (const name of ['token', 'access_token']) own.delete(name)
    const asked = `${request!.method} ${path!.replace(/^\/api/, '')}?${own}`.replace(
      /\?$/,
      asks.endsWith('?') ? '?' : '',
    )
    expect(asked).toBe(asks)
    expect(shows(request!)).toBe(credential)
  })
  test.each([401, 403])('%i: the credential is named, with what it needs, and not shown', async (status) => {
    const { verdict } = await verdictOf(cms, { status, body: { error: token } })
    expect(verdict).toMatchObject({ verdict: 'bad', outcome: 'unauthorized' })
    expect(verdict!.message).toContain(`(${status}): check sources.blog.fetch.token`)
    expect(verdict!.cure).toMatch(/^it needs (the|an?) /)
    expect(JSON.stringify(verdict)).not.toContain(token)
  })
  test.each<[string, CmsAnswer]>([
    ['404', { status: 404, body: {} }],
    ['a page', { body: '<!doctype html><title>Sign in</title>', headers: { 'content-type': 'text/html' } }],
    ['JSON of another API', { body: { hello: 'world' } }],
    ['a redirect elsewhere', { status: 302, headers: { location: 'https://example.com/login' } }],
  ])('%s: the base url is named', async (_what, given) => {
    const { verdict } = await verdictOf(cms, given)
    expect(verdict).toMatchObject({ verdict: 'bad' })
    expect(verdict!.cure).toContain('check sources.blog.fetch.base_url')
  })
})

test.each([429, 500, 503])('%i says nothing against the settings', async (status) => {
  const { verdict } = await verdictOf('storyblok', { status })
  expect(verdict).toMatchObject({ verdict: 'unclear', cure: 'try again later' })
})
test('no answer is the fault of the base url or of the network', async () => {
  const { verdict } = await verdictOf('storyblok', (response) => response.destroy())
  expect(verdict).toMatchObject({ verdict: 'bad', outcome: 'no_answer' })
  expect(verdict!.cure).toMatch(/base_url.*network/)
})
test.each(['hubspot', 'wix'])('%s: without vars.fetch nothing is asked, so there is nothing to check', async (cms) => {
  const { verdict, requests } = await verdictOf(cms, { body: {} }, {})
  expect(verdict).toBeNull()
  expect(requests).toEqual([])
})
