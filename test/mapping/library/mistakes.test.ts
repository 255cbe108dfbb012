import { expect, test } from 'vitest'
import { issuesOf, mapperOf, webhook } from '../support.ts'

const record = (more: string) => `
  - { name: post, type: post, id: id, url: url, text: text, ${more} }
`
const mistake = async (records: string) => (await issuesOf(() => mapperOf(records))).map(({ message }) => message)

test.each(['yes', 'no', 'on', 'off', 'Yes', 'NO', 'True', 'FALSE', 'Null'])(
  'a bare %s is a mistake at start, with the cure',
  async (word) => {
    const [message] = await mistake(record(`live: "${word}"`))
    expect(message).toMatch(`\`${word}\` is the name of a field here: write \``)
    expect(await mistake(record(`json: { post: { featured: "${word}" } }`))).toHaveLength(1)
  },
)

test('true, false and null are values, and $.no is the field', async () => {
  for (const value of ['"true"', 'true', '"$.no"', '"no = 1"']) await mapperOf(record(`live: ${value}`))
})

test.each([
  ['version: $rev', 'there is no variable $rev; did you mean $ref?'],
  ['title: $bdy.title', 'there is no variable $bdy; did you mean $body?'],
  ['title: "($titel := title; $title)"', 'there is no variable $title; did you mean $titel?'],
  ['title: $somethingElse', 'there is no variable $somethingElse; there is $headers, $query'],
])('%s is a mistake at start that names the variable and the nearest', async (field, message) => {
  expect((await mistake(record(field)))[0]).toContain(message)
})

test('what is bound, and a function, is no free variable', async () => {
  await mapperOf(record('title: "($t := title; $map([$t], function($x, $i) { $uppercase($x) }))"'))
  await mapperOf(record('title: "$map([title], $uppercase)"'))
  await mapperOf(record('title: "list@$one.title"'))
})

test.each([
  ['psot', "'psot' is no item type; did you mean post?"],
  ['article', "'article' is no item type; did you mean post?"],
  ['blog_entry', "'blog_entry' is no item type; there is page, post"],
])('the type %s is a mistake at start', async (type, message) => {
  expect((await mistake(record('title: title').replace('type: post', `type: ${type}`)))[0]).toContain(message)
})

test.each([
  ['german', 'de'],
  ['Deutsch', 'de'],
  ['en', 'en'],
  ['en-US', 'en-US'],
])('the language %s is a mistake at start', async (language, code) => {
  expect((await mistake(record(`language: ${language}`)))[0]).toContain(`write '"${code}"' for the language`)
})

test('a field that holds the language, or the type, is none', async () => {
  for (const language of ['language', 'locale', 'lang', '_locale']) await mapperOf(record(`language: ${language}`))
  await mapperOf(record('title: title').replace('type: post', 'type: $.kind'))
})

test('ids that differ in lone surrogates alone stay two, for items and for removals', async () => {
  const mapper = await mapperOf(`
  - { name: gone, match: gone, type: post, id: '"post:" & id', live: false }
  - { name: post, type: post, id: '"post:" & id', url: '"https://example.com/"', text: '"x"' }
`)
  const idOf = async (id: string, gone: boolean) => {
    const [draft] = (await mapper.map(webhook({ id, gone }))).drafts
    return draft?.kind === 'upsert' ? draft.fields.id : draft?.id
  }
  const ids = ['a\ud800', 'a\ud801', 'a\0', 'a', 'a\ufffd']
  const made = await Promise.all(ids.map((id) => idOf(id, false)))
  expect(new Set(made).size).toBe(5)
  for (const id of made) expect(id?.isWellFormed() && !id.includes('\0')).toBe(true)
  expect(await Promise.all(ids.map((id) => idOf(id, true)))).toEqual(made)
})
