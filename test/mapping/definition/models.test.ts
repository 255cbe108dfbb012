import { expect, test } from 'vitest'
import { type ModelDefinitions, modelsSchema } from '../../../src/mapping/definition/models.ts'
import { bindMapper } from '../../../src/mapping/library/bind.ts'
import type { DraftFields } from '../../../src/mapping/mapper.ts'
import { issuesOf, load, mapperOf, webhook } from '../support.ts'

const headless = `
  - name: entry
    each: entry
    model: $body.model
    id: $model & ":" & id
    version: rev
    live: published
    guess: { omit: [id, rev, published] }
  - name: gone
    match: gone
    each: entry
    model: $body.model
    id: $model & ":" & id
    live: false
`
const entry = { id: 1, rev: 2, published: true, title: 'T', slug: 'hello', body: 'B' }

async function mapEntry(change: object, models: ModelDefinitions, more: object = {}) {
  const mapper = await mapperOf(headless, {
    head: 'vars: { origin: { format: origin }, media_origin: { format: origin } }',
    vars: { origin: 'https://example.com' },
    models,
  })
  return mapper.map(webhook({ model: 'article', entry: { ...entry, ...change }, ...more }))
}

async function fieldsOf(change: object, models: ModelDefinitions): Promise<DraftFields> {
  const { drafts, problems } = await mapEntry(change, models)
  expect(problems).toEqual([])
  const [draft] = drafts
  if (draft?.kind !== 'upsert') throw new Error('not an upsert')
  return draft.fields
}

test('default deny: a model that is not registered is skipped, by name', async () => {
  for (const models of [{}, { page: { type: 'page' } }]) {
    const { drafts, skipped } = await mapEntry({}, models)
    expect(drafts).toEqual([])
    expect(skipped).toMatch(
      /^record 'entry': model 'article' is not registered in source 'test' \(registered: (none|page)\)$/,
    )
  }
})

test('a registered model leaves, with guesses where nobody says anything', async () => {
  expect(await fieldsOf({}, { article: { type: 'post' } })).toEqual({
    type: 'post',
    id: 'article:1',
    url: 'https://example.com/hello',
    title: 'T',
    json: { fields: { body: 'B' }, relations: {}, media: [] },
  })
})

test("the source's word stands before the mapper's and before guesses", async () => {
  const fields = await fieldsOf(
    { name: 'N' },
    {
      article: {
        type: '"pa" & "ge"',
        id: '"own:" & id',
        url: '$vars.origin & "/x"',
        title: 'name',
        html: '$markdown(body)',
      },
    },
  )
  expect(fields).toMatchObject({
    type: 'page',
    id: 'own:1',
    url: 'https://example.com/x',
    title: 'N',
    html: '<p>B</p>\n',
  })
})

test('a field that an expression uses is not guessed again', async () => {
  const { json } = await fieldsOf({ other: 1 }, { article: { type: 'post', html: '$markdown(body)' } })
  expect(json?.['fields']).toEqual({ other: 1 })
})

test('a field below the path that is guessed from is not guessed again where an expression uses it', async () => {
  const mapper = await mapperOf(headless.replace('{ omit: [id', '{ fields: data.own, omit: [id'), {
    head: 'vars: { origin: {} }',
    vars: { origin: 'https://example.com' },
    models: {
      article: { type: 'post', url: '$vars.origin & "/x"', html: 'data.own.body & data.other' },
    },
  })
  const data = { own: { body: '<p>B</p>', other: 'kept', raw: 'kept' }, other: '' }
  const { drafts } = await mapper.map(webhook({ model: 'article', entry: { ...entry, data } }))
  expect(drafts).toMatchObject([{ fields: { html: '<p>B</p>' } }])
  const [draft] = drafts
  expect(draft?.kind === 'upsert' && draft.fields.json?.['fields']).toEqual({
    other: 'kept',
    raw: 'kept',
  })
})

test("a model's json is laid over the guesses, and `fields` limits them", async () => {
  const json = { product: { price: '$price(price, "EUR")' } }
  const price = { value: 5, unit: 'currency', currency: 'EUR' }
  const all = await fieldsOf({ price: 5 }, { article: { type: 'post', json } })
  expect(all.json).toMatchObject({ product: { price }, fields: { body: 'B', price: 5 } })
  const some = await fieldsOf({ price: 5, internal: 'x' }, { article: { type: 'post', json, fields: ['body'] } })
  expect(some.json).toMatchObject({ fields: { body: 'B' } })
  const none = await fieldsOf({ price: 5 }, { article: { type: 'post', json, fields: [] } })
  expect(none.json).toMatchObject({ fields: {}, product: { price } })
})

test("a model's json is laid over the mapper's, member by member", async () => {
  const models = { article: { type: 'post', json: { own: 'rev', both: { over: 'title' } } } }
  const record = headless.replace(
    '    guess:',
    '    json: { entry: { title: title }, both: { under: id } }\n    guess:',
  )
  const mapper = await mapperOf(record, {
    head: 'vars: { origin: {} }',
    vars: { origin: 'https://example.com' },
    models,
  })
  const { drafts } = await mapper.map(webhook({ model: 'article', entry }))
  expect(drafts).toMatchObject([{ fields: { json: { entry: { title: 'T' }, own: 2, both: { over: 'T' } } } }])
  const [draft] = drafts
  expect(draft?.kind === 'upsert' && draft.fields.json?.['both']).toEqual({ over: 'T' })
})

test("live: the mapper's condition and the model's must both hold", async () => {
  const models = { article: { type: 'post', live: 'audience = "all"' } }
  const kindOf = async (change: object) => (await mapEntry(change, models)).drafts[0]?.kind
  expect(await kindOf({ audience: 'all' })).toBe('upsert')
  expect(await kindOf({ audience: 'staff' })).toBe('delete')
  expect(await kindOf({})).toBe('delete')
  expect(await kindOf({ audience: 'all', published: false })).toBe('delete')
})

test("a removal has the model's type and id", async () => {
  const { drafts } = await mapEntry({}, { article: { type: 'page', id: '"own:" & id' } }, { gone: true })
  expect(drafts).toMatchObject([{ kind: 'delete', type: 'page', id: 'own:1', certain: true }])
})

test('a url that nobody says and nobody can guess is a problem', async () => {
  const { problems } = await mapEntry({ slug: undefined }, { article: { type: 'post' } })
  expect((await mapEntry({ slug: ' ' }, { article: { type: 'post' } })).problems).toEqual(problems)
  expect(problems).toEqual([
    "mapper 'test', record 'entry': item 'article:1': url: nothing says it, and it cannot be guessed: the record has no `slug`",
  ])
})

test('other records give their ids, files go to media, components stay content', async () => {
  const stamped = { updatedAt: '2026-01-01' }
  const { json } = await fieldsOf(
    {
      author: { documentId: 'a1', name: 'private note' },
      tags: [
        { id: 1, name: 'x', ...stamped },
        { id: 2, ...stamped },
      ],
      cover: { url: '/uploads/a.png', mime: 'image/png', alternativeText: 'A', secret_path: 'x' },
      quote: { id: 7, text: 'nice', writer: { documentId: 'w1', bio: 'long' } },
      seo: { id: 3, metaTitle: 'M' },
      labels: ['a', 'b'],
      empty: [],
      nothing: null,
    },
    { article: { type: 'post', fields: ['author', 'tags', 'cover', 'quote', 'seo', 'labels', 'empty', 'nothing'] } },
  )
  expect(json).toEqual({
    fields: { quote: { id: 7, text: 'nice', writer: 'w1' }, labels: ['a', 'b'] },
    relations: { author: ['a1'], tags: ['1', '2'] },
    media: [{ field: 'cover', url: '/uploads/a.png', alt: 'A', mime: 'image/png' }],
    seo: { id: 3, metaTitle: 'M' },
  })
})

test('people, addresses and credentials are never guessed into an item', async () => {
  const person = { id: 1, username: 'ann', email: 'ann@example.com' }
  const { json } = await fieldsOf(
    {
      createdBy: { id: 1, firstname: 'A', lastname: 'B' },
      updated_by: 5,
      owner: person,
      team: [{ documentId: 'u1', ...person }],
      email: 'ann@example.com',
      contact_email: 'x',
      contact: ' ann@example.com ',
      password: 'hunter2',
      resetPasswordToken: 't',
      apiKey: 'k',
      users: [{ documentId: 'u2' }],
      nested: { deep: [{ reply_to: 'bob@example.com', userEmail: 'x', fine: 'yes' }] },
    },
    { article: { type: 'post' } },
  )
  expect(JSON.stringify(json)).not.toMatch(/example\.com|hunter2|ann|u1|u2|"x"/)
  expect(json).toMatchObject({ fields: { body: 'B', nested: { deep: [{ fine: 'yes' }] } } })
})

test('models are checked: expressions by path, unknown keys, and mappers that know none', async () => {
  const library = await load({})
  const issues = await issuesOf(() =>
    bindMapper(library.get('strapi')!, {
      source: 'blog',
      models: { article: { type: 'post', url: '1 +', json: { a: ')' } } },
    }),
  )
  expect(issues.map(({ path }) => path)).toEqual([
    'sources.blog.models.article.url',
    'sources.blog.models.article.json.a',
  ])
  expect(
    await issuesOf(() =>
      bindMapper(library.get('woocommerce')!, {
        source: 's',
        vars: { currency: 'EUR' },
        models: { a: { type: 'post' } },
      }),
    ),
  ).toEqual([{ path: 'sources.s.models', message: "mapper 'woocommerce' knows no models" }])
  expect(modelsSchema.safeParse({ a: { type: 'post', titel: 'x' } }).success).toBe(false)
  expect(modelsSchema.safeParse({ a: {} }).success).toBe(false)
})
