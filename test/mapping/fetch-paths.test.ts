import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { pathProblem } from '../../src/domain/fetch.ts'
import { bindMapper } from '../../src/mapping/library/bind.ts'
import { loadMappers } from '../../src/mapping/library/load.ts'
import { readWebhook } from '../../src/mapping/webhook/webhook.ts'
import { fixtureAnswers } from '../../src/stages/fetch/fixture-answers.ts'
import { fixtureBytes, fixtureSource, fixtures, readFetched } from './fixtures.ts'
import { mapperOf, webhook } from './support.ts'

/** What an id may be to lead a request elsewhere below the base url. */
const hostile = [
  '1/../2',
  '../customers',
  '..',
  '.',
  '1/..;/2',
  '1;a=b',
  '1\\..\\2',
  '%2e%2e/2',
  '1/%2e%2e%2f2',
  '%252e%252e',
  '1\n2',
]
const steering = [...hostile, '1/variants', '1?fields=secret', '1#', '1&version=draft']

describe('a path', () => {
  test.each(hostile)('of a mapper that gives %j is an error that names the expression', async (story) => {
    const mapper = await mapperOf(`
  - { name: story, fetch: { url: '"/stories/" & story' }, type: post, id: '"s"', url: url, text: text }
`)
    const { problems, requests } = await mapper.map(webhook({ story }), {
      answers: fixtureAnswers([]),
      acceptsOlder: false,
    })
    expect(requests).toEqual([])
    expect(problems).toEqual([
      expect.stringMatching(/fetch\.url: .*"\/stories\/".* gave '.*could lead to another resource/s),
    ])
  })

  test.each([
    '/stories/1',
    '/a%20b',
    '/group%2Fproject',
    '/with..dots/x',
    '/files/...',
    '/v1.2/x?path=../y;z',
    '?q=..',
  ])('%s is fine', (path) => expect(pathProblem(path)).toBeNull())
})

/** Replaces every scalar that stands in the urls that a fixture asks for. */
function replaced(value: unknown, urls: string, by: string): unknown {
  if (Array.isArray(value)) return value.map((one) => replaced(one, urls, by))
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, replaced(one, urls, by)]))
  }
  const isAsked = (typeof value === 'string' && value.length > 2) || typeof value === 'number'
  return isAsked && urls.includes(encodeURIComponent(String(value))) ? by : value
}

const library = await loadMappers()

/** The fixtures of a mapper that ask its CMS. */
function askingOf(cms: string) {
  const folder = join(fixtures, cms)
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json') && !name.endsWith('.expected.json'))
    .map((name) => ({
      bytes: fixtureBytes(join(folder, name)),
      urls: readFetched(join(folder, name)).map(({ url }) => url),
    }))
    .filter(({ urls }) => urls.length > 0)
}

const askers = readdirSync(fixtures)
  .map((cms) => ({ cms, asking: askingOf(cms) }))
  .filter(({ asking }) => asking.length > 0)

test('there are mappers that ask', () => expect(askers.length).toBeGreaterThan(5))

describe.each(askers)('$cms', ({ cms, asking }) => {
  test.each(steering)('asks for no other resource for the id %j', async (id) => {
    const { vars, models } = fixtureSource(cms)
    const mapper = bindMapper(library.get(cms)!, { source: cms, vars, models, html: 'safe' })
    for (const { bytes, urls } of asking) {
      const body = replaced(JSON.parse(bytes.body.toString()), urls.join(' '), id)
      const read = await readWebhook({ ...bytes, body: Buffer.from(JSON.stringify(body)) })
      const { requests } = await mapper.map(read, { answers: fixtureAnswers([]), acceptsOlder: false })
      for (const { url } of requests) {
        // Below any root: as many segments as before, none of which an encoding hides.
        const { pathname } = new URL(`https://api.test/root${url}`)
        expect(pathname.split('/').length).toBe(`/root${url.split('?', 1)}`.split('/').length)
        const depths = urls.map((known) => known.split('?', 1)[0]!.split('/').length)
        expect(depths).toContain(url.split('?', 1)[0]!.split('/').length)
      }
    }
  })
})
