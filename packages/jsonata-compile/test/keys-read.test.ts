import { describe, expect, test } from 'vitest'
import fc from '../../../test/fast-check.ts'
import { compileExpression } from '../src/compile.ts'

const compile = (text: string) => compileExpression(text, { functions: {}, timeLimitMs: 250 })

describe('the keys of a name that an expression may read', () => {
  test.each([
    ['title & "x-a"', []],
    ['$headers."x-a"', ['x-a']],
    ['$headers.`x-a`', ['x-a']],
    ['$headers.date[0]', ['date']],
    ['$exists($headers."x-a") ? $headers."x-b" : $headers."x-a"', ['x-a', 'x-b']],
    ['$lookup($headers, "x-a")', ['x-a']],
    ['$map(items, function($i) { $i.id & $headers."x-a" })', ['x-a']],
    ['{ "a": [$headers."x-a"] }', ['x-a']],
    ['($t := $headers."x-a"; $t)', ['x-a']],
    ['items[kind = $headers."x-a"]^(>$headers.`x-b`)', ['x-a', 'x-b']],
  ])('%s', (text, names) => {
    expect([...compile(text).keysRead('headers')].sort()).toEqual(names)
  })

  test.each([
    '$headers',
    '$keys($headers)',
    '$lookup($headers, name)',
    '$lookup($headers, "x-" & name)',
    '$each($headers, function($v, $k) { $k })',
    '($h := $headers; $h."x-a")',
    '$headers ~> $lookup("x-a")',
    '$headers.*',
    '$headers.**',
    '$headers["x-a"]',
    '$headers.("x-a")',
    '$headers.$lookup("x-a")',
    '$headers{"a": `x-a`}',
    '$headers@$h.`x-a`',
    '$headers.`x-a`.%.`x-b`',
    '[$headers, 1]."x-a"',
    '{ "all": $headers }',
    '$merge([$headers, {}])',
    '($lookup := function($a, $b) { $a }; $lookup($headers, "x-a"))',
    '(function($a) { $a."x-a" })($headers)',
    '$map(["x-a"], $lookup($headers, ?))',
    'name.$headers',
  ])('%s: all', (text) => {
    expect(compile(text).keysRead('headers')).toBe('all')
  })

  test('each name has keys of its own', () => {
    const { keysRead } = compile('$headers.a & $query.b & $keys($vars)')
    const read = ['headers', 'query', 'vars', 'body'].map(keysRead)
    expect(read).toEqual([new Set(['a']), new Set(['b']), 'all', new Set()])
  })

  test('a value is the same from those keys alone', async () => {
    const name = fc.constantFrom('x-a', 'x-b', 'x-c')
    const leaf = name.chain((one) =>
      fc.constantFrom(`$headers."${one}"`, `$lookup($headers, "${one}")`, `$headers."${one}"[0]`, '$keys($headers)'),
    )
    const pair = fc.tuple(leaf, leaf, leaf).chain(([a, b, c]) => {
      return fc.constantFrom(
        `${a} & ${b}`,
        `$exists(${a}) ? ${b} : ${c}`,
        `[${a}, ${b}, ${c}]`,
        `($x := ${a}; [$x, ${b}])`,
      )
    })
    const headers = fc.dictionary(name, fc.string())
    await fc.assert(
      fc.asyncProperty(pair, headers, async (text, all) => {
        const { keysRead, evaluate } = compile(text)
        const read = keysRead('headers')
        const kept = read === 'all' ? all : Object.fromEntries(Object.entries(all).filter(([one]) => read.has(one)))
        expect(await evaluate({}, { headers: kept })).toEqual(await evaluate({}, { headers: all }))
      }),
    )
  })
})
