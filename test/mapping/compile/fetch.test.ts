import { describe, expect, test } from 'vitest'
import { fetchText } from '../../../src/domain/fetch.ts'
import { type FixtureAnswer, fixtureAnswers } from '../../../src/stages/fetch/fixture-answers.ts'
import { issuesOf, load, mapperOf, webhook } from '../support.ts'

const head = `event: { topic: kind }
fetch: { query: { version: '"published"' } }
vars: { space: {} }`

const one = `
  - name: story
    match: $topic = "saved"
    fetch:
      url: '"/stories/" & story'
      record: $answer.story
      at_least: changed
      exists: $topic = "saved"
    type: post
    id: '"story:" & $ref.story'
    version: updated
    url: '"https://example.com/" & slug'
    text: body & $body.note
`
const saved = { kind: 'saved', story: 7, changed: '2026-01-02T00:00:00Z', note: '!' }
const story = (updated = '2026-01-02T00:00:00Z') => ({ story: { slug: 'seven', body: 'Hi', updated } })

async function mapOne(
  body: object,
  fetched: readonly FixtureAnswer[],
  { records = one, acceptsOlder = false, models = {} } = {},
) {
  const mapper = await mapperOf(records, { head, models })
  const mapping = await mapper.map(webhook(body), { answers: fixtureAnswers(fetched), acceptsOlder })
  return { ...mapping, requests: mapping.requests.map(fetchText) }
}

describe('one record in one answer', () => {
  const url = '/stories/7?version=published'

  test('is asked for before anything comes out of the webhook', async () => {
    expect(await mapOne(saved, [])).toEqual({
      drafts: [],
      skipped: `has to ask GET ${url}`,
      problems: [],
      requests: [`GET ${url}`],
      late: [],
    })
  })

  test('is the context of the fields; the webhook is $body, the element $ref', async () => {
    const { drafts, requests, problems } = await mapOne(saved, [{ url, body: story() }])
    expect({ requests, problems }).toEqual({ requests: [], problems: [] })
    expect(drafts).toMatchObject([
      { kind: 'upsert', fields: { id: 'story:7', url: 'https://example.com/seven', text: 'Hi!' } },
    ])
  })

  test.each([404, 410])('that the API answers with %i is gone, once it is not expected', async (status) => {
    const late = await mapOne(saved, [{ url, status }])
    expect(late).toMatchObject({
      drafts: [],
      problems: [],
      late: [expect.stringContaining('does not have the record yet')],
    })
    const believed = await mapOne(saved, [{ url, status }], { acceptsOlder: true })
    expect(believed).toMatchObject({ problems: [], late: [] })
    expect(believed.drafts).toEqual([
      { kind: 'delete', record: 'story', type: 'post', id: 'story:7', version: null, certain: true, isFetched: true },
    ])
    const unexpected = one.replace(/ +(at_least|exists):.*\n/g, '')
    expect((await mapOne(saved, [{ url, status }], { records: unexpected })).drafts).toMatchObject([{ kind: 'delete' }])
  })

  test('that is older than the webhook is waited for; believed, it goes out and is told', async () => {
    const old = [{ url, body: story('2026-01-01T23:59:59.9999999Z') }]
    expect(await mapOne(saved, old)).toMatchObject({
      drafts: [],
      problems: [],
      late: [
        expect.stringMatching(/the API has 2026-01-01T23:59:59.9999999Z, the webhook tells of 2026-01-02T00:00:00Z$/),
      ],
    })
    const believed = await mapOne(saved, old, { acceptsOlder: true })
    expect(believed.drafts).toMatchObject([{ kind: 'upsert' }])
    expect(believed.problems).toEqual([
      expect.stringMatching(/^mapper 'test', record 'story': fetch: the API has 2026-01-01T/),
    ])
  })

  test.each([
    ['as new', '2026-01-02T01:00:00+01:00'],
    ['newer', '2026-01-02T00:00:00.0000001Z'],
    ['of another kind', 12],
  ])('that is %s is not waited for', async (_what, updated) => {
    expect(await mapOne(saved, [{ url, body: story(updated as string) }])).toMatchObject({ late: [], problems: [] })
  })

  test('may hold its context; then it is $record', async () => {
    const records = one
      .replace('record: $answer.story', 'record: $answer\n      context: story')
      .replace('version: updated', 'version: $record.story.updated')
      .replace('slug', '$record.story.slug')
    const { drafts, problems } = await mapOne(saved, [{ url, body: story() }], { records })
    expect(problems).toEqual([])
    expect(drafts).toMatchObject([
      { version: 't:2026-01-02T00:00:00.000000000Z', fields: { url: 'https://example.com/seven', text: 'Hi!' } },
    ])
    const old = await mapOne(saved, [{ url, body: story('2026-01-01T00:00:00Z') }], { records })
    expect(old.late).toHaveLength(1)
    const none = await mapOne(saved, [{ url, body: {} }], { records })
    expect(none.problems).toEqual([expect.stringContaining('fetch.context: expression `story` returned nothing')])
  })

  test('in an answer of another form is a problem, and no removal', async () => {
    const { drafts, problems } = await mapOne(saved, [{ url, body: { data: {} } }])
    expect(drafts).toEqual([])
    expect(problems).toEqual([expect.stringContaining('fetch.record: expression `$answer.story` returned nothing')])
  })

  test('in a list of one is that one; an empty list says that it is gone', async () => {
    const records = one.replace(/ +(at_least|exists):.*\n/g, '')
    const mapWith = (stories: readonly unknown[]) => mapOne(saved, [{ url, body: { story: stories } }], { records })
    expect((await mapWith([story().story])).drafts).toMatchObject([{ kind: 'upsert', fields: { text: 'Hi!' } }])
    expect((await mapWith([])).drafts).toMatchObject([{ kind: 'delete', certain: true }])
    const two = await mapWith([story().story, story().story])
    expect(two).toMatchObject({ drafts: [], problems: [expect.stringContaining('gave 2 records')] })
  })

  test('that the API fails on is a problem that says which request', async () => {
    const { problems } = await mapOne(saved, [{ url, status: 500 }])
    expect(problems).toEqual([`mapper 'test', record 'story': fetch: GET ${url}: the API answered 500`])
  })

  test('keeps digits beyond 2^53', async () => {
    const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown }
    const exact = { story: { ...story().story, body: rawJSON('9007199254740993') } }
    const { drafts } = await mapOne(saved, [{ url, body: exact }])
    expect(drafts).toMatchObject([{ fields: { text: '9007199254740993!' } }])
  })
})

describe('several elements', () => {
  const each = one
    .replace('    fetch:', '    each: items\n    fetch:')
    .replace('at_least: changed', 'at_least: $ref.changed')
  const url = (id: number) => `/stories/${id}?version=published`

  test('are asked for one by one; those that are known come out', async () => {
    const body = { kind: 'saved', items: [{ story: 1 }, { story: 2 }, { story: 3 }] }
    const mapping = await mapOne(body, [{ url: url(2), body: story() }], { records: each })
    expect(mapping).toMatchObject({ requests: [`GET ${url(1)}`, `GET ${url(3)}`], skipped: null, problems: [] })
    expect(mapping.drafts).toMatchObject([{ fields: { id: 'story:2' } }])
  })

  test('keep their position, also where others before them are left out', async () => {
    const records = each.replace('    type: post', '    model: $ref.model').replace('$ref.story', '$index')
    const body = {
      kind: 'saved',
      items: [
        { story: 1, model: 'other' },
        { story: 2, model: 'note' },
      ],
    }
    const models = { note: { type: 'post' } }
    const { drafts } = await mapOne(body, [{ url: url(2), body: story() }], { records, models })
    expect(drafts).toMatchObject([{ fields: { id: 'story:1' } }])
  })

  test('with the same request ask once', async () => {
    const body = { kind: 'saved', items: [{ story: 1 }, { story: 1 }] }
    expect((await mapOne(body, [], { records: each })).requests).toEqual([`GET ${url(1)}`])
  })
})

describe('records that are asked for together', () => {
  const together = `
  - name: documents
    each: ids
    fetch:
      first: { url: '""' }
      url: '"/search"'
      query: { ref: $first.ref, ids: '$join($refs, ",")' }
      record: $answer.results
      together: { max: 2, key: $ref, of: id }
    model: kind
    id: '"doc:" & $ref'
    url: '"https://example.com/" & id'
    text: text
`
  const models = { note: { type: 'post' }, sheet: { type: 'page' } }
  const options = { records: together, models }
  const first = { url: '?version=published', body: { ref: 'r1' } }
  const search = (ids: string, ...found: string[]) => ({
    url: `/search?version=published&ref=r1&ids=${ids}`,
    body: { results: found.map((id) => ({ id, kind: 'note', text: id })) },
  })

  test('first ask what their request needs, then in chunks', async () => {
    const body = { ids: ['a', 'b', 'c'] }
    expect((await mapOne(body, [], options)).requests).toEqual(['GET ?version=published'])
    expect((await mapOne(body, [first], options)).requests).toEqual([
      'GET /search?version=published&ref=r1&ids=a%2Cb',
      'GET /search?version=published&ref=r1&ids=c',
    ])
  })

  test('find their own in the answer; what is not there is gone, of whatever model it was', async () => {
    const { drafts, problems } = await mapOne(
      { ids: ['a', 'b', 'c'] },
      [first, search('a,b', 'b', 'a'), search('c')],
      options,
    )
    expect(problems).toEqual([])
    expect(drafts).toMatchObject([
      { kind: 'upsert', fields: { type: 'post', id: 'doc:a', text: 'a' } },
      { kind: 'upsert', fields: { type: 'post', id: 'doc:b', text: 'b' } },
      { kind: 'delete', type: 'post', id: 'doc:c', certain: false },
      { kind: 'delete', type: 'page', id: 'doc:c', certain: false },
    ])
  })

  test('are not gone because the API does not know the request', async () => {
    const { drafts, problems } = await mapOne({ ids: ['a'] }, [first, { ...search('a'), status: 404 }], options)
    expect(drafts).toEqual([])
    expect(problems).toEqual([expect.stringContaining('the API does not know what is asked for (404)')])
  })

  test('are not gone because the request before fails', async () => {
    const { drafts, problems } = await mapOne({ ids: ['a'] }, [{ ...first, status: 404 }], options)
    expect(drafts).toEqual([])
    expect(problems).toHaveLength(1)
  })
})

describe('models', () => {
  const records = `
  - name: story
    match: $topic = "saved"
    fetch: { url: '"/" & story' }
    model: $ref.model
    id: '$model & ":" & $ref.story'
    text: text
    url: '"https://example.com/" & $ref.story'
  - name: gone
    match: $topic = "gone"
    type: any
    id: '"story:" & story'
    live: false
`
  const models = { note: { type: 'post' }, sheet: { type: 'page' }, memo: { type: 'post' } }

  test('one that is not registered and that the webhook names costs no request', async () => {
    const mapping = await mapOne({ kind: 'saved', story: 1, model: 'secret' }, [], { records, models })
    expect(mapping).toMatchObject({
      requests: [],
      skipped: expect.stringContaining("model 'secret' is not registered"),
    })
  })

  test('one that the webhook names is that of what is gone, and certain', async () => {
    const url = '/1?version=published'
    const { drafts } = await mapOne({ kind: 'saved', story: 1, model: 'sheet' }, [{ url, status: 404 }], {
      records,
      models,
    })
    expect(drafts).toMatchObject([{ kind: 'delete', type: 'page', id: 'sheet:1', certain: true }])
  })

  test('a removal of `type: any` takes the item away under every type of a model, where it was sent', async () => {
    const { drafts } = await mapOne({ kind: 'gone', story: 1 }, [], { records, models })
    expect(drafts).toMatchObject([
      { kind: 'delete', type: 'page', id: 'story:1', certain: false },
      { kind: 'delete', type: 'post', id: 'story:1', certain: false },
    ])
    expect(await mapOne({ kind: 'gone', story: 1 }, [], { records })).toMatchObject({
      drafts: [],
      skipped: expect.stringContaining('no model is registered'),
    })
  })
})

describe('the request', () => {
  const recordOf = (fetch: string) => `
  - { name: r, fetch: ${fetch}, type: post, id: '"p:1"', url: '"https://example.com/"', text: text }
`
  const requestOf = async (fetch: string, body: object = {}) => {
    const mapper = await mapperOf(recordOf(fetch), { head })
    return mapper.map(webhook(body))
  }

  test('may be a POST with a body, headers and a query with several values', async () => {
    const fetch = `{ url: graphql, method: POST, headers: { X-Wait: wait }, query: { tag: '["a","b"]', none: missing },
      body: { query: '"{ a }"', variables: { id: id, deep: [id, 1, true] } } }`
    const { requests } = await requestOf(fetch, { graphql: 'graphql', wait: true, id: 'x' })
    expect(requests).toEqual([
      {
        method: 'POST',
        url: '/graphql?version=published&tag=a&tag=b',
        headers: { 'x-wait': 'true' },
        body: { query: '{ a }', variables: { id: 'x', deep: ['x', 1, true] } },
        isRecord: true,
      },
    ])
  })

  test.each(['https://evil.test/', '//evil.test/x', '\\\\evil.test', 'file:///etc/passwd'])(
    'is not made to %s',
    async (url) => {
      const { requests, problems } = await requestOf('{ url: to }', { to: url })
      expect(requests).toEqual([])
      expect(problems).toEqual([expect.stringContaining('must be a path below the base url')])
    },
  )

  test.each([
    ['{ url: missing }', {}, /fetch\.url: expression `missing` returned nothing/],
    [
      '{ url: \'"/"\', headers: { x: value } }',
      { value: 'a\r\nb: c' },
      /fetch\.headers\.x: a header is plain ASCII text/,
    ],
    ['{ url: \'"/"\', query: { x: value } }', { value: { a: 1 } }, /fetch\.query: .* gave an object, not text/],
  ])('%s with %j is a problem', async (fetch, body, message) => {
    const { requests, problems } = await requestOf(fetch, body)
    expect(requests).toEqual([])
    expect(problems).toEqual([expect.stringMatching(message)])
  })
})

describe('a definition', () => {
  test('says where the API is, with the vars of the source, and where the token goes', async () => {
    const withBase = `fetch: { base_url: '"https://" & $vars.space & ".api.test/v2/"', token: { query: token } }
vars: { space: { required: true } }`
    const mapper = await mapperOf(one, { head: withBase, vars: { space: 'mine' } })
    expect(mapper.fetch).toEqual({
      baseUrl: 'https://mine.api.test/v2',
      token: { query: 'token', prefix: '', required: true },
    })
    expect((await mapperOf(one, { head })).fetch).toEqual({ baseUrl: null, token: null })
  })

  test('without a fetch asks nothing', async () => {
    expect((await mapperOf('  - { name: r, type: post, id: id, url: url, text: text }', { head })).fetch).toBeNull()
  })

  test.each<[string, string, string]>([
    ['a token in two places', 'fetch: { token: { query: a, header: b } }', 'say one of query and header'],
    ['a misspelt key', 'fetch: { base: x }', 'unknown key'],
    ['a base url that does not compile', "fetch: { base_url: '$vars.' }", 'is not valid'],
  ])('with %s is refused', async (_what, wrong, message) => {
    const issues = await issuesOf(() => load({ 'test.yaml': `name: test\ntitle: T\n${wrong}\nrecords:\n${one}` }))
    expect(issues).toEqual([expect.objectContaining({ message: expect.stringContaining(message) })])
  })

  test.each([
    ['live', '{ name: r, type: any, id: id, url: url, text: text }'],
    ['model', '{ name: r, type: any, model: m, id: id, live: false }'],
  ])('with `type: any` and the wrong %s is refused', async (_what, record) => {
    const issues = await issuesOf(() => load({ 'test.yaml': `name: test\ntitle: T\nrecords:\n  - ${record}` }))
    expect(issues).toEqual([expect.objectContaining({ path: expect.stringMatching(/: records\[0\]\.type$/) })])
    expect(issues[0]!.message).toContain("'any' is for records with `live: false`")
  })

  test('can be changed by a mapper that extends it', async () => {
    const library = await load({
      'base.yaml': `name: base\ntitle: T\n${head}\nrecords:\n${one}`,
      'mine.yaml': `name: mine
extends: base
fetch: { base_url: '"https://api.test"', query: { version: null, depth: 1 } }
records: [{ name: story, fetch: { record: $answer.data, at_least: null } }]`,
    })
    expect(library.get('mine')).toMatchObject({
      fetch: { base_url: '"https://api.test"', query: { depth: 1 } },
      records: [{ fetch: { url: '"/stories/" & story', record: '$answer.data' } }],
    })
    expect(library.get('mine')).not.toHaveProperty('records.0.fetch.at_least')
  })
})
