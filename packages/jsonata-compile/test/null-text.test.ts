import { expect, test } from 'vitest'
import { functions } from '../../../src/mapping/functions/functions.ts'
import { mapperOf, webhook } from '../../../test/mapping/support.ts'
import { compileExpression } from '../src/compile.ts'

const record = { name: 'Ada', author: null, deep: { author: null }, list: [{ a: null, b: 'x' }], zero: 0, off: false }

/** The same expression as the compiler runs it, and in a block that only the interpreter can run. */
const roads = [
  ['compiled', (text: string) => text],
  ['interpreted', (text: string) => `($any := function($x) { $x }; ${text})`],
] as const

test.each(
  roads.flatMap(([road, along]) =>
    (
      [
        ['"By " & author', 'By '],
        ['author & name', 'Ada'],
        ['author & author', ''],
        ['deep.author & "!" & name', '!Ada'],
        ['list.(a & b)', 'x'],
        ['name & (author)', 'Ada'],
        ['name & (missing ? missing : author)', 'Ada'],
        ['[name, author].($ & "!")', ['Ada!', '!']],
        ['zero & off', '0false'],
        ['author', null],
      ] as const
    ).map(([text, value]) => [road, along(text), value] as const),
  ),
)('%s: %s', async (_road, text, value) => {
  const expression = compileExpression(text, { functions, timeLimitMs: 1000, nullIsEmpty: true })
  expect(await expression.evaluate(record, {})).toEqual(value)
})

test('A field that is null is nowhere in what is sent', async () => {
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
