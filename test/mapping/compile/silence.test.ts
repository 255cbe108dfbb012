import { expect, test } from 'vitest'
import { createSilences } from '../../../src/mapping/compile/silence.ts'
import { mapperOf, webhook } from '../support.ts'

const head = `
  - { name: post, match: $not(gone = true), type: post, id: id, url: url, version: rev, live: $not(draft = true), `

/** What gave nothing, as `field expression`. */
async function silent(fields: string, body: unknown = {}, records = `${head}${fields} }\n`) {
  const mapper = await mapperOf(records)
  const whole = { id: 'p:1', url: 'https://example.com/', rev: 1, text: 'T', ...(body as object) }
  const silences = createSilences()
  const quiet = await mapper.map(webhook(whole))
  const told = await mapper.map(webhook(whole), undefined, silences.add)
  expect(told).toEqual(quiet) // looking changes nothing
  return silences.list().map(({ field, expression }) => `${field} ${expression}`)
}

test.each<[string, object, string[]]>([
  ['title: titel', {}, ['title titel']],
  ['title: titel', { titel: 'T' }, []],
  ['title: title', { title: null }, ['title title']],
  ['title: title', { title: ' ' }, ['title title']],
  ['title: "$trim(titel)"', {}, ['title $trim(titel)']],
  ['title: "a ?? b"', {}, ['title a ?? b']],
  ['title: "a ?? b"', { b: 'B' }, []],
  ['title: "a ?? b"', { a: null, b: 'B' }, ['title a ?? b']],
  ['text: "a ?? (b ? c)"', {}, ['text a ?? (b ? c)']],
  ['text: "a ?: b"', {}, ['text a ?: b']],
  ['text: "a ?: b"', { b: 'B' }, []],
  // A condition without else says that there may be nothing.
  ['text: "a ? a"', {}, []],
  ['text: "a ? b"', { a: true }, ['text a ? b']],
  ['text: "a ? b : c"', {}, ['text a ? b : c']],
  ['text: "a ? b : c ? d"', {}, []],
  ['text: "($x := a; $x ? $x)"', {}, []],
  ['text: "($x := a; $x)"', {}, ['text ($x := a; $x)']],
  // Members have their own paths, in templates and in expressions.
  ['json: { product: { sku: skuu, name: name } }', { name: 'N' }, ['json.product.sku skuu']],
  ['json: { tags: [tag, label] }', { tag: 'a' }, ['json.tags[1] label']],
  [`json: '{ "product": { "sku": skuu, "ean": ean ? ean } }'`, {}, ['json.product.sku skuu']],
  [`json: { rows: 'rows.{ "sku": skuu, "n": n }' }`, { rows: [{ n: 1 }, { n: 2 }] }, ['json.rows.sku skuu']],
  [`json: { rows: '[rows.{ "n": n }]' }`, {}, [`json.rows [rows.{ "n": n }]`]],
  ['json: { media: "[image ? { \\"url\\": image }]" }', {}, []],
  ['attributes: { a: b }', {}, ['attributes.a b']],
  ['language: lnaguage, updated_at: updatd', {}, ['language lnaguage', 'updated_at updatd']],
  // Values that are something.
  ['json: { a: zero, b: falsy, c: 1 }', { zero: 0, falsy: false }, []],
  // Only the interpreter runs a sort.
  ['title: "list^(>n)[0].name"', { list: [{ n: 1 }] }, ['title list^(>n)[0].name']],
])('%s with %j: %j', async (fields, body, expected) => {
  expect(await silent(fields, body)).toEqual(expected)
})

test('a version that gave nothing is told, for a removal as well, and of that the condition for it', async () => {
  const records = `${head.replace('version: rev', 'version: revison').replace('$not(draft = true)', 'published')}title: titel }\n`
  expect(await silent('', {}, records)).toEqual(['version revison', 'live published'])
  expect(await silent('', { published: true }, records)).toEqual(['version revison', 'title titel'])
})

test('what the CMS says is gone tells of nothing', async () => {
  const records = '\n  - { name: gone, type: post, id: id, version: revison, live: false }\n'
  expect(await silent('', {}, records)).toEqual([])
})

test('a title that nobody names and nothing gives is told', async () => {
  const mapper = await mapperOf('\n  - { name: entry, model: model, id: id, url: url }\n', {
    models: { note: { type: 'post' } },
  })
  const list = async (body: object) => {
    const silences = createSilences()
    await mapper.map(
      webhook({ model: 'note', id: 'n:1', url: 'https://example.com/', ...body }),
      undefined,
      silences.add,
    )
    return silences.list()
  }
  const guessed = { record: 'entry', field: 'title', expression: 'guessed from title, name, headline', count: 1 }
  expect(await list({})).toEqual([guessed])
  expect(await list({ name: 'N' })).toEqual([])
})

test('records that lack the same are counted', async () => {
  const mapper = await mapperOf(
    '\n  - { name: post, each: posts, type: post, id: id, url: url, title: titel, text: text }\n',
  )
  const posts = [1, 2, 3].map((id) => ({
    id: `p:${id}`,
    url: 'https://example.com/',
    text: 'T',
    titel: id === 2 ? 'T' : null,
  }))
  const silences = createSilences()
  await mapper.map(webhook({ posts }), undefined, silences.add)
  expect(silences.list()).toEqual([{ record: 'post', field: 'title', expression: 'titel', count: 2 }])
})
