import { expect, test } from 'vitest'
import { partsOf } from '../../../src/mapping/compile/mismatch.ts'
import { mapperOf, webhook } from '../support.ts'

const records = `
  - { name: other, match: 'lang != "en"', skip: '"in another language"' }
  - { name: post, match: 'kind = "post" and site = "main" and $exists(id)', type: post, id: id, url: url }
  - { name: page, match: 'kind = "page" and site = "main"', type: page, id: id, url: url }
  - { name: gone, match: 'kind = "post" and event = "gone"', each: posts, may_be_empty: true, type: post, id: id, live: false }
`
const head = 'event: { topic: event }'

async function reasonFor(body: unknown, text = records) {
  return (await (await mapperOf(text, { head })).map(webhook(body))).skipped
}

test('where no record matches, the nearest come first, with the part of the match that does not hold', async () => {
  const reason = await reasonFor({ event: 'saved', kind: 'post', site: 'other', lang: 'en' })
  expect(reason).toBe(
    "no record of mapper 'test' matches topic 'saved': " +
      'record \'post\': expression `site = "main"` does not hold; ' +
      'record \'gone\': expression `event = "gone"` does not hold; ' +
      'record \'page\': expression `kind = "page"` does not hold',
  )
})

test('a topic that is not there is told, with its expression', async () => {
  expect(await reasonFor({ lang: 'en' })).toMatch(
    /the webhook, which has no topic \(expression `event` returned nothing\)/,
  )
})

test('of many records the nearest four are named', async () => {
  const many = [1, 2, 3, 4, 5, 6].map((n) => `  - { name: r${n}, match: 'kind = ${n}', type: post, id: id, url: url }`)
  const reason = await reasonFor({ event: 'saved' }, `\n${many.join('\n')}`)
  expect(reason).toMatch(/record 'r4': .*; and 2 more$/)
  expect(reason).not.toContain("'r5'")
})

test('a match that only the interpreter can run is told, too', async () => {
  const text = `\n  - { name: post, match: 'kind = "post" and $map([1], function($n) { $n = 2 })', type: post, id: id, url: url }`
  expect(await reasonFor({ event: 'saved', kind: 'post' }, text)).toContain("record 'post': expression `$map(")
})

test('what a record says of itself stands in place of that', async () => {
  expect(await reasonFor({ lang: 'de' })).toBe("record 'other': in another language")
  expect(await reasonFor({ event: 'gone', kind: 'post', lang: 'en' })).toBe(
    "record 'gone': each expression `posts` returned nothing",
  )
})

test.each([
  ['a = 1 and b', ['a = 1', 'b']],
  ['(a and b) and\n  $exists(c)', ['(a and b)', '$exists(c)']],
  ['a = " and " and b["x and y"] and `c and d`', ['a = " and "', 'b["x and y"]', '`c and d`']],
  ['a and b or c', ['a and b or c']],
  ['a and b ? c : d', ['a and b ? c : d']],
  ['brand and land', ['brand', 'land']],
  ['$topic in ["a", "b"]', ['$topic in ["a", "b"]']],
])('%s is made of %j', (text, parts) => {
  expect(partsOf(text)).toEqual(parts)
})
