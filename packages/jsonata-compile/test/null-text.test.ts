import { expect, test } from 'vitest'
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
  const expression = compileExpression(text, { functions: {}, timeLimitMs: 1000, nullIsEmpty: true })
  expect(await expression.evaluate(record, {})).toEqual(value)
})
