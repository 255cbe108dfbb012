import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readConfig } from '../../src/config/load.ts'
import { secretsOf } from '../../src/config/secrets.ts'
import { RelayError } from '../../src/domain/errors.ts'
import { composeSources } from '../../src/wiring/sources.ts'
import { createFolder } from '../folder.ts'

const head = (fetch: string) => `name: thin
title: Thin
verify: { scheme: header, header: x-a }
${fetch}
records: [{ name: r, fetch: { url: '"/" & id' }, type: post, id: '"r:" & $ref.id', url: url, text: text }]
`
const usual = `fetch: { base_url: '"https://api.test/v2"', token: { header: authorization, prefix: 'Bearer ' } }`

function configOf(fetch: object, mapper = 'thin', definition = usual) {
  const folder = createFolder()
  writeFileSync(join(folder, 'thin.yaml'), head(definition))
  return readConfig(
    {
      mappers_dir: folder,
      destinations: { main: { token: 'a.b', website_id: 'w', site_domain: 'example.com' } },
      sources: {
        blog: {
          mapper,
          destination: 'main',
          secret: 'hook',
          vars: mapper === 'shopify' ? { origin: 'https://example.com' } : {},
          fetch,
        },
      },
    },
    { API_TOKEN: 'token-from-the-environment' },
  )
}

async function mistakesIn(fetch: object, mapper?: string, definition?: string): Promise<readonly string[]> {
  try {
    await composeSources(configOf(fetch, mapper, definition))
    return []
  } catch (error) {
    if (!(error instanceof RelayError)) throw error
    const issues = error.details['issues'] as readonly { path: string; message: string }[]
    return issues.map(({ path, message }) => `${path}: ${message}`)
  }
}

test('a source whose mapper fetches is ready with a token', async () => {
  const config = configOf({
    token: '${API_TOKEN}',
    headers: { 'X-More': 'more-of-a-secret' },
    query: { key: 'key-in-query' },
  })
  const { sources } = await composeSources(config)
  expect(sources.get('blog')?.fetch).toMatchObject({
    concurrency: 4,
    maxAgeMs: 86_400_000,
    maxLagMs: 300_000,
    credentials: 'sources.blog.fetch.token',
  })
  expect(secretsOf(config)).toEqual(
    expect.arrayContaining(['token-from-the-environment', 'more-of-a-secret', 'key-in-query']),
  )
})

test.each<[string, object, string]>([
  ['no token', {}, "fetch.token: mapper 'thin' requires it"],
  [
    'a base url at a private address',
    { token: 't', base_url: 'http://10.0.0.1/' },
    'fetch.base_url: nothing is fetched from there: 10.0.0.1 is a private address; `allow_private: true` allows it',
  ],
  [
    'a base url where clouds keep their metadata',
    { token: 't', base_url: 'http://169.254.169.254/', allow_private: true },
    'fetch.base_url: nothing is fetched from there: 169.254.169.254 is a reserved address',
  ],
  [
    'a base url with a query',
    { token: 't', base_url: 'https://api.test/?a=b' },
    'fetch.base_url: must have no query or fragment',
  ],
])('%s is a mistake', async (_what, fetch, mistake) => {
  expect(await mistakesIn(fetch)).toEqual([expect.stringContaining(`sources.blog.${mistake}`)])
})

test('a token may stand where it goes, as well', async () => {
  expect(await mistakesIn({ headers: { Authorization: 'Basic abc' } })).toEqual([])
})

test('an API that nobody says the address of is a mistake', async () => {
  expect(await mistakesIn({ token: 't' }, 'thin', 'fetch: { token: { query: t } }')).toEqual([
    "sources.blog.fetch.base_url: mapper 'thin' asks the API of the CMS: say where it is",
  ])
})

test('a token whose place is not known is a mistake', async () => {
  expect(await mistakesIn({ token: 't', base_url: 'https://api.test' }, 'thin', '')).toEqual([
    expect.stringContaining("sources.blog.fetch.token: mapper 'thin' does not say where it goes"),
  ])
})

test('settings for a mapper that asks nothing are mistakes', async () => {
  expect(await mistakesIn({ token: 't', base_url: 'https://api.test' }, 'shopify')).toEqual([
    expect.stringMatching(/^sources\.blog\.fetch\.base_url: https:\/\/api\.test: mapper 'shopify' asks no API/),
    expect.stringMatching(/^sources\.blog\.fetch\.token: mapper 'shopify' asks no API/),
  ])
})
