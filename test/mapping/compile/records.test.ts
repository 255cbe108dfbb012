import { expect, test } from 'vitest'
import { mapperOf, webhook } from '../support.ts'

const post = `
  - name: post
    match: $topic in ["post.saved"]
    type: post
    id: '"post:" & id'
    version: rev
    live: status = "public"
    url: url
    title: title
    text: text
`
const head = 'event: { id: $headers."x-id", topic: kind }'
const valid = {
  kind: 'post.saved',
  id: 1,
  rev: 7,
  status: 'public',
  url: 'https://example.com/1',
  title: 'T',
  text: 'x',
}

async function mapPost(change: object, records = post) {
  const mapper = await mapperOf(records, { head })
  return mapper.map(webhook({ ...valid, ...change }))
}

test('a record that matches becomes a draft', async () => {
  expect(await mapPost({})).toMatchObject({
    drafts: [
      {
        kind: 'upsert',
        record: 'post',
        version: 'n:000000000000000000000000000007',
        fields: { type: 'post', id: 'post:1', url: 'https://example.com/1', title: 'T', text: 'x' },
      },
    ],
    skipped: null,
    problems: [],
  })
})

test('delivery id and topic are read; what is neither text nor number is none', async () => {
  const mapper = await mapperOf(post, { head })
  expect(await mapper.readEvent(webhook(valid, { 'x-id': 'd1' }))).toEqual({ id: 'd1', topic: 'post.saved' })
  expect(await mapper.readEvent(webhook({ kind: ['a', 'b'] }))).toEqual({ id: null, topic: null })
  expect(await mapper.readEvent(webhook({ kind: 5 }))).toEqual({ id: null, topic: '5' })
})

test('a topic that no record claims is skipped, and the reason says so', async () => {
  const { drafts, skipped, problems } = await mapPost({ kind: 'order.saved' })
  expect({ drafts, problems }).toEqual({ drafts: [], problems: [] })
  expect(skipped).toMatch(/^no record of mapper 'test' matches topic 'order\.saved': record 'post': expression `/)
})

test('a record that is not live asks for a tombstone that is not certain', async () => {
  const { drafts } = await mapPost({ status: 'draft' })
  expect(drafts).toEqual([
    {
      kind: 'delete',
      record: 'post',
      type: 'post',
      id: 'post:1',
      version: 'n:000000000000000000000000000007',
      certain: false,
    },
  ])
})

test.each([undefined, null, '', 0, false, [], {}])('live that is %j is not live: default deny', async (shown) => {
  const { drafts } = await mapPost({ shown }, post.replace('live: status = "public"', 'live: shown'))
  expect(drafts).toMatchObject([{ kind: 'delete', certain: false }])
})

test('a tombstone needs nothing but type and id, and is certain where the mapper says that live is false', async () => {
  const mapper = await mapperOf(`
  - { name: gone, type: post, id: id, live: false, url: $number("no number") }
`)
  const { drafts, problems } = await mapper.map(webhook({ id: 'post:1' }))
  expect(problems).toEqual([])
  expect(drafts).toEqual([{ kind: 'delete', record: 'gone', type: 'post', id: 'post:1', version: null, certain: true }])
})

test('`removed` makes the tombstone certain, whatever is live', async () => {
  const mapper = await mapperOf(`
  - { name: r, type: post, id: id, live: true, removed: gone, url: url, text: id }
`)
  const map = async (gone: boolean) => (await mapper.map(webhook({ id: 'p:1', url: 'https://a.b/', gone }))).drafts[0]
  expect(await map(true)).toMatchObject({ kind: 'delete', certain: true })
  expect(await map(false)).toMatchObject({ kind: 'upsert' })
})

test.each([
  ['missing', undefined],
  ['null', null],
  ['empty', ''],
  ['blank', ' '],
])('an id that is %s is a problem and no item', async (_what, id) => {
  const { drafts, skipped, problems } = await mapPost({ id })
  expect({ drafts, skipped }).toEqual({ drafts: [], skipped: null })
  expect(problems).toHaveLength(1)
  expect(problems[0]).toBe(`mapper 'test', record 'post': id: \`id\` gave nothing, in expression "post:" & id`)
})

test('an id whose expression gives nothing is a problem that names the expression', async () => {
  const { problems } = await mapPost({}, post.replace(`'"post:" & id'`, 'missing.path'))
  expect(problems).toEqual(["mapper 'test', record 'post': id: expression `missing.path` returned nothing"])
})

test('an id has at most 256 characters', async () => {
  expect((await mapPost({ id: 'x'.repeat(251) })).drafts).toHaveLength(1)
  const { drafts, problems } = await mapPost({ id: 'x'.repeat(252) })
  expect(drafts).toEqual([])
  expect(problems).toEqual(["mapper 'test', record 'post': id: has 257 characters, at most 256 are allowed"])
})

test.each([6329103921234567, '788032119674292922'])('the id %s keeps every digit', async (id) => {
  expect((await mapPost({ id })).drafts).toMatchObject([{ fields: { id: `post:${id}` } }])
})

test('an unknown item type is a problem, and article gets a hint', async () => {
  const { problems } = await mapPost({ what: 'article' }, post.replace('type: post', 'type: $.what'))
  expect(problems[0]).toMatch(
    /^mapper 'test', record 'post': type: 'article' is no item type \(articles are post\); there is page, /,
  )
})

test('a version that does not order is a problem', async () => {
  const { drafts, problems } = await mapPost({ rev: 'latest' })
  expect(drafts).toEqual([])
  expect(problems).toEqual([
    `mapper 'test', record 'post': version: expression \`rev\`: version must be a number or a time, got "latest"`,
  ])
})

test('a missing url is a problem that names item and expression', async () => {
  const { drafts, problems } = await mapPost({ url: null })
  expect(drafts).toEqual([])
  expect(problems).toEqual(["mapper 'test', record 'post': item 'post:1': url: expression `url` returned nothing"])
})

test('text that is a map is a problem', async () => {
  const { problems } = await mapPost({ title: { en: 'T' } })
  expect(problems).toEqual([
    "mapper 'test', record 'post': item 'post:1': title: expression `title` gave an object, not text",
  ])
})

test('numbers and booleans are text, null and blank text are nothing', async () => {
  const { drafts } = await mapPost({ title: 1984, text: false })
  expect(drafts).toMatchObject([{ fields: { title: '1984', text: 'false' } }])
  const [draft] = (await mapPost({ title: null, text: '  ' })).drafts
  expect(Object.keys((draft as { fields: object }).fields)).toEqual(['type', 'id', 'url'])
})

const list = `
  - name: entry
    each: entries
    type: post
    id: '"post:" & id'
    url: '"https://example.com/" & id & "?" & $string($index) & $body.kind'
    text: $uppercase(text)
`

test('each: every element is a record, with $ as itself, $index and $body', async () => {
  const mapper = await mapperOf(list, { head })
  const { drafts } = await mapper.map(
    webhook({
      kind: 'k',
      entries: [
        { id: 1, text: 'a' },
        { id: 2, text: 'b' },
      ],
    }),
  )
  expect(drafts.map((draft) => (draft as { fields: object }).fields)).toEqual([
    { type: 'post', id: 'post:1', url: 'https://example.com/1?0k', text: 'A' },
    { type: 'post', id: 'post:2', url: 'https://example.com/2?1k', text: 'B' },
  ])
})

test('a record that fails does not hold back the others', async () => {
  const mapper = await mapperOf(list)
  const { drafts, problems } = await mapper.map(
    webhook({
      kind: 'k',
      entries: [
        { id: 1, text: 7 },
        { id: 2, text: 'b' },
      ],
    }),
  )
  expect(drafts).toMatchObject([{ fields: { id: 'post:2' } }])
  expect(problems).toHaveLength(1)
  expect(problems[0]).toMatch(
    /^mapper 'test', record 'entry', element 0: item 'post:1': text: expression \$uppercase\(text\): /,
  )
})

test.each([
  ['is missing', {}],
  ['is null', { entries: null }],
  ['is empty', { entries: [] }],
])('each that %s is a problem: a change was announced, and nothing is known of it', async (_what, body) => {
  const { drafts, skipped, problems } = await (await mapperOf(list)).map(webhook(body))
  expect({ drafts, skipped }).toEqual({ drafts: [], skipped: null })
  expect(problems).toEqual([
    "mapper 'test', record 'entry': each gave nothing (expression `entries`): the webhook has another form than the mapper knows",
  ])
})

test('each that may be empty is a reason to skip, but null is no list', async () => {
  const mapper = await mapperOf(list.replace('each: entries', 'each: entries\n    may_be_empty: true'))
  for (const body of [{}, { entries: [] }]) {
    expect(await mapper.map(webhook(body))).toMatchObject({
      skipped: "record 'entry': each expression `entries` returned nothing",
      problems: [],
    })
  }
  expect((await mapper.map(webhook({ entries: null }))).problems).toHaveLength(1)
})

test.each([
  [null, 'null'],
  [[{ kind: 'x' }, { kind: 'y' }], 'a list'],
  ['<xml/>', 'a string'],
  [5, 'a number'],
])('a body that is %j, which no record matches, is a problem', async (body, kind) => {
  const mapper = await mapperOf(post, { head })
  const { skipped, problems } = await mapper.map(webhook(body))
  expect(skipped).toBeNull()
  expect(problems).toEqual([
    expect.stringMatching(`^mapper 'test', body: is ${kind}, not an object, and no record of mapper 'test' matches`),
  ])
})

test('a guard that cannot be asked lets no record below it have the webhook', async () => {
  const mapper = await mapperOf(`
  - { name: private, match: $number(audience) > 1, skip: '"private"' }
  - { name: post, type: post, id: id, url: url, text: id }
`)
  const { drafts, problems } = await mapper.map(webhook({ id: 'p:1', url: 'https://example.com/', audience: 'staff' }))
  expect(drafts).toEqual([])
  expect(problems).toEqual([expect.stringContaining("record 'private': match: ")])
})

test('of several drafts of one item the last one stays, in the last place', async () => {
  const mapper = await mapperOf(list)
  const entries = [1, 2, 1].map((id, at) => ({ id, text: `v${at}` }))
  const { drafts } = await mapper.map(webhook({ kind: 'k', entries }))
  expect(drafts.map((draft) => (draft as { fields: object }).fields)).toMatchObject([
    { id: 'post:2', text: 'V1' },
    { id: 'post:1', text: 'V2' },
  ])
})

test('of several drafts of one item the newest version stays, in whatever order a batch has them', async () => {
  const mapper = await mapperOf(`
  - name: entry
    each: entries
    type: post
    id: '"post:1"'
    version: version
    live: live
    url: '"https://example.com/"'
    text: $string(version)
`)
  for (const versions of [
    [5, 3],
    [3, 5],
    [4, 5, 1],
  ]) {
    const entries = versions.map((version) => ({ version, live: version < 5 }))
    const { drafts } = await mapper.map(webhook({ entries }))
    expect(drafts).toMatchObject([{ kind: 'delete', version: 'n:000000000000000000000000000005' }])
  }
})

test('all records that match apply', async () => {
  const mapper = await mapperOf(`
  - { name: one, type: post, id: '"a"', url: url, text: '"1"' }
  - { name: two, type: page, id: '"a"', url: url, text: '"2"' }
`)
  const { drafts } = await mapper.map(webhook({ url: 'https://example.com/' }))
  expect(drafts.map(({ record }) => record)).toEqual(['one', 'two'])
})

test('skip ends the list with a reason, fail with a problem; what came before stays', async () => {
  const mapper = await mapperOf(`
  - { name: before, match: early, type: post, id: id, url: url, text: id }
  - { name: private, match: private, skip: '"private since " & since' }
  - { name: broken, match: broken, fail: '"half a post"' }
  - { name: post, type: post, id: id, url: url, text: id }
`)
  const body = { id: 'p:1', url: 'https://example.com/' }
  const map = (more: object) => mapper.map(webhook({ ...body, ...more }))
  expect(await map({ private: true, since: 'May' })).toMatchObject({
    drafts: [],
    skipped: "record 'private': private since May",
    problems: [],
  })
  expect((await map({ broken: true })).problems).toEqual(["mapper 'test', record 'broken': half a post"])
  // A reason that names what the webhook does not hold would not be true.
  expect(await map({ private: true })).toMatchObject({
    skipped: null,
    problems: [expect.stringMatching(/record 'private': skip: `since` gave nothing/)],
  })
  expect((await map({ private: true, early: true, since: 'May' })).drafts).toMatchObject([{ record: 'before' }])
  expect((await map({})).drafts).toMatchObject([{ record: 'post' }])
})

test('json: every string is an expression at every depth, the rest are literals, nothing is left out', async () => {
  const mapper = await mapperOf(`
  - name: r
    type: post
    id: id
    url: url
    json:
      literal: 5
      flag: true
      nothing: null
      text: '"as text"'
      deep: { list: [id, 1, missing, { id: id }], missing: missing }
    attributes: '{ "all": $$ }'
`)
  const body = { id: 'p:1', url: 'https://example.com/' }
  const { drafts } = await mapper.map(webhook(body))
  expect((drafts[0] as { fields: object }).fields).toEqual({
    type: 'post',
    id: 'p:1',
    url: 'https://example.com/',
    json: { literal: 5, flag: true, nothing: null, text: 'as text', deep: { list: ['p:1', 1, { id: 'p:1' }] } },
    attributes: { all: body },
  })
})

test('a failure deep in json names its key', async () => {
  const mapper = await mapperOf(`
  - { name: r, type: post, id: id, url: id, json: { product: { price: '$price(price, "EUR")' } } }
`)
  const { problems } = await mapper.map(webhook({ id: 'p:1', price: 'a lot' }))
  expect(problems[0]).toMatch(
    /^mapper 'test', record 'r': item 'p:1': json\.product\.price: expression .*"a lot" is not a number/,
  )
})

test('an endless expression ends at its time limit and is a problem', async () => {
  const mapper = await mapperOf(
    `
  - { name: loop, type: post, id: id, url: url, text: '($f := function($n) { $f($n + 1) }; $f(0))' }
  - { name: fine, type: page, id: id, url: url, text: id }
`,
    { timeLimitMs: 50 },
  )
  const { drafts, problems } = await mapper.map(webhook({ id: 'p:1', url: 'https://example.com/' }))
  expect(drafts).toMatchObject([{ record: 'fine' }])
  expect(problems).toHaveLength(1)
  expect(problems[0]).toMatch(/^mapper 'test', record 'loop': item 'p:1': text: .*time limit/)
})

test('interpreted and compiled expressions stand side by side', async () => {
  const mapper = await mapperOf(`
  - name: r
    match: $single([id]) = "p:1"
    each: $sort([$])
    type: post
    id: $single([id])
    url: url
    text: $single([id]) & url
`)
  const { drafts } = await mapper.map(webhook({ id: 'p:1', url: 'https://example.com/' }))
  expect(drafts).toMatchObject([{ fields: { id: 'p:1', text: 'p:1https://example.com/' } }])
})

test('an expression of the event that fails is a problem, and the names are null', async () => {
  const mapper = await mapperOf(post, { head: 'event: { topic: $number(kind) }' })
  expect(await mapper.readEvent(webhook(valid))).toEqual({ id: null, topic: null })
  expect((await mapper.map(webhook(valid))).problems[0]).toMatch(/^mapper 'test', event: event\.topic: /)
})

test('a ping is answered with its status and a body of expressions', async () => {
  const mapper = await mapperOf(post, {
    head: `
pings:
  - { name: challenge, match: $exists(challenge), status: 201, body: { echo: challenge }, unsigned: true }
  - { name: number, match: $number(n) = 1 }`,
  })
  expect(mapper.hasUnsignedPings).toBe(true)
  expect(await mapper.readPing(webhook({ challenge: 'abc' }))).toEqual({
    status: 201,
    body: { echo: 'abc' },
    unsigned: true,
  })
  expect(await mapper.readPing(webhook({ n: 1 }))).toMatchObject({ status: 200, unsigned: false })
  expect(await mapper.readPing(webhook({ n: 'no number' }))).toBeNull()
  expect(await mapper.readPing(webhook(valid))).toBeNull()
})

test('expressions see the webhook: headers, query, method, path and digest', async () => {
  const mapper = await mapperOf(`
  - { name: r, type: post, id: $digest, url: '"https://" & $headers.host & $path & "?" & $query.q', text: $method }
`)
  const incoming = { ...webhook({}), headers: { host: 'example.com' }, query: { q: '1' }, digest: 'abc', path: '/p' }
  const { drafts } = await mapper.map(incoming)
  expect(drafts).toMatchObject([{ fields: { id: 'abc', url: 'https://example.com/p?1', text: 'POST' } }])
})

test('a part that is missing in url, canonical_url, or the id of a tombstone is a problem that names it', async () => {
  const mapper = await mapperOf(`
  - name: gone
    match: gone
    type: post
    id: '"post:" & id & "@" & locale'
    live: false
  - name: post
    type: post
    id: '"post:" & id'
    url: '"https://example.com/" & slug'
    canonical_url: '"https://example.org/" & (path ? path) & slug & other'
    text: text
`)
  const problemOf = async (body: object) => (await mapper.map(webhook(body))).problems[0]
  expect(await problemOf({ id: 1, gone: true })).toMatch(/record 'gone': id: `locale` gave nothing/)
  expect(await problemOf({ id: 1 })).toMatch(/record 'post': item 'post:1': url: `slug` gave nothing/)
  expect(await problemOf({ id: 1, slug: 's' })).toMatch(/item 'post:1': canonical_url: `other` gave nothing/)
})

test('a var that is set to empty text is a part; one that is not set is none', async () => {
  const records = `
  - { name: post, type: post, id: '"post:" & $vars.prefix & id', url: '"https://example.com/"', text: '"x"' }
`
  const map = async (head: string, vars: object) =>
    (await mapperOf(records, { head, vars: { ...vars } })).map(webhook({ id: 1 }))
  const id = { drafts: [{ fields: { id: 'post:1' } }] }
  expect(await map('vars: { prefix: {} }', { prefix: '' })).toMatchObject(id)
  expect(await map('vars: { prefix: { default: "" } }', {})).toMatchObject(id)
  expect((await map('vars: { prefix: {} }', {})).problems).toEqual([
    `mapper 'test', record 'post': id: \`$vars.prefix\` gave nothing, in expression "post:" & $vars.prefix & id`,
  ])
})

test('a request whose path lacks a part is not made', async () => {
  const mapper = await mapperOf(
    `
  - name: post
    fetch: { url: '"/articles/" & article_id' }
    type: post
    id: '"post:" & id'
    url: url
`,
    { head: 'fetch: { base_url: \'"https://api.example.com"\' }' },
  )
  const { requests, problems } = await mapper.map(webhook({}))
  expect(requests).toEqual([])
  expect(problems).toEqual([
    `mapper 'test', record 'post': fetch.url: \`article_id\` gave nothing, in expression "/articles/" & article_id`,
  ])
})

test('a field that is null is nowhere in what is sent', async () => {
  const mapper = await mapperOf(`
  - name: post
    type: post
    id: '"post:" & id'
    url: '"https://example.com/" & slug'
    title: title & subtitle
    html: intro & body
    json: { post: { by: '"By " & author' } }
`)
  const body = { id: 1, slug: 'a', title: 'A', subtitle: null, intro: null, body: '<p>B</p>', author: null }
  const { drafts } = await mapper.map(webhook(body))
  expect(drafts).toMatchObject([{ fields: { title: 'A', html: '<p>B</p>', json: { post: { by: 'By ' } } } }])
})
