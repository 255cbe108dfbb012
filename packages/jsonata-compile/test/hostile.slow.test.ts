import { describe, expect, test } from 'vitest'
import { compileExpression } from '../src/compile.ts'

const functions = {
  slug: (text: unknown) =>
    String(text)
      .toLowerCase()
      .replace(/[^a-z]+/g, '-'),
}
const timeLimitMs = 250
// A machine that is busy may stop for longer than that, so where the time is not what is tested there is more of it.
const patience = 30_000
const run = async (text: string, context: unknown = {}, limit = patience) =>
  compileExpression(text, { functions, timeLimitMs: limit }).evaluate(context, {})

/** Values of expressions that use functions in both ways, compiled and interpreted. */
async function probe(): Promise<unknown> {
  const texts = [
    '$uppercase("a") & $string(1.5) & $sum([1, 2]) & $keys({"k": 1}) & $pad("a", 3, "-") & $slug("A b")',
    '$map(["a", "b"], $uppercase)',
    '($f := $uppercase; $f("a"))',
    '{"a": {"b": 1}} ~> |a|{"b": 2}|',
    '$sort([3, 1, 2])',
  ]
  return Promise.all(texts.map((text) => run(text)))
}

test.each([
  '($clone := function($x){$x}; $uppercase ~> |$|{"implementation": 1}|)',
  '($clone := function($x){$x}; {"a": $uppercase} ~> |a|{"implementation": 1, "signature": 1}|)',
  '($clone := function($x){$x}; $uppercase ~> |$|{}, ["implementation"]|)',
  '($clone := function($x){$x}; $uppercase ~> |signature|{"validate": 1}|)',
  '(function($clone){ $string ~> |$|{"implementation": 1}| })(function($x){$x})',
  '($clone := $sum; $keys ~> |$|{"implementation": 1}|)',
  '($clone := function($x){$x}; $slug ~> |$|{"implementation": 1}|)',
  '$uppercase ~> |$|{"implementation": 1}|',
  '$uppercase{"a": $}',
  '$uppercase[]',
  '[$uppercase, $sum] ~> |$|{"signature": 1}|',
])('%s changes nothing for others', { timeout: 2 * patience }, async (text) => {
  const before = await probe()
  await run(text).catch(() => {})
  expect(await probe()).toEqual(before)
})

describe('one call takes no longer than the time limit by far', () => {
  const big = { list: Array.from({ length: 100_000 }, (_, at) => ({ a: at })), text: 'ab '.repeat(300_000) }
  test.each([
    '$length($pad("", 1000000000))',
    '$pad("a", -9007199254740991, "xyz")',
    '$map([1..100], function($i){$length($pad("", 1000000))})',
    '[1..1000000000]',
    '$reduce([1..60], function($a, $b){$a & $a}, "ab")',
    '$length($reduce([1..29], function($a, $b){$a & $a}, "ab"))',
    '($d := function($a, $n){$n = 0 ? $length($a) : $d($a & $a, $n - 1)}; $d("ab", 28))',
    '$join($map([1..1000], function($i){$pad("", 100000)}))',
    '$join([1..100000].$string($), $pad("", 10000))',
    '$split($pad("", 1000000, "a,"), ",") ~> $count()',
    '$replace($pad("", 1000000, "a"), "a", $pad("", 1000))',
    '$replace($pad("", 1000000, "a"), /a/, "bbb")',
    '($r := /a/; $replace($pad("", 1000000, "a"), $r, "bbb"))',
    '$match($pad("", 1000000, "a"), /a/)',
    '$string($reduce([1..40], function($a, $b){{"a": $a, "b": $a}}, "x"))',
    '$reduce([1..40], function($a, $b){[$a, $a]}, [1, 2])',
    '$reduce([1..40], function($a, $b){{"a": $a, "b": $a}}, "x")',
    '$string(list) ~> $length()',
    '$distinct(list) ~> $count()',
    '($f := $distinct; $count($f(list)))',
    '$sort([1..1000000])[0]',
    '$base64encode($pad("", 1000000)) ~> $length()',
    '$count([1..3000].([1..3000]))',
    '$map($split($pad("", 1000, "x"), ""), function($x){$length($pad("", 1000000))})',
    '($d := function($n){$d($n + 1)}; $d(1))',
  ])('%s', { timeout: 2 * patience }, async (text) => {
    const start = performance.now()
    await run(text, big, timeLimitMs).catch(() => {})
    // The machine may be busy: by far is far more than the limit, and far less than what was.
    expect(performance.now() - start).toBeLessThan(patience)
  })
})

describe('what doubles with each step is refused, whatever is done with it', () => {
  const steps = '$split("%", "")'.replace('%', 'x'.repeat(40))
  const kinds = {
    objects: `$reduce(${steps}, function($a, $b){{"a": $a, "b": $a}}, "x")`,
    lists: `$reduce(${steps}, function($a, $b){[[$a], [$a]]}, 1)`,
    zipped: `$reduce(${steps}, function($a, $b){$zip($a, $a)}, $split("1 2", " "))`,
  }
  const uses = [
    '%',
    '% & ""',
    '% = %',
    '$string(%)',
    '$clone(%)',
    '$distinct([%, %])',
    '% ~> $slug()',
    '%.*',
    '{"a": %}',
    '$sort([%, %], function($l, $r){$l = $r})',
  ]
  const usesOfLists = [
    '% ? 1 : 2',
    '% and true',
    '$not(%)',
    '%.x',
    '$keys(%)',
    '$spread(%)',
    '$filter([1], function($x){%})',
    '[1][%]',
  ]
  const cases = Object.entries(kinds).flatMap(([kind, text]) =>
    [...uses, ...(kind === 'objects' ? [] : usesOfLists)].map((use) => [use, kind, use.replaceAll('%', text)] as const),
  )
  test.each(cases)('%s of %s', { timeout: 2 * patience }, async (_use, _kind, text) => {
    const error = /too large|too long|time limit/
    await expect(run(text, {}, 1000)).rejects.toThrow(error)
    // A function in a variable is left to the interpreter.
    await expect(run(`($f := $uppercase; ${text})`, {}, 1000)).rejects.toThrow(error)
  })
})

test('matches are counted while they are looked for, also by the interpreter', async () => {
  const text = 'a'.repeat(1_000_000)
  for (const use of ['$replace(text, $r, "b")', '$match(text, $r)', '$split(text, $r)']) {
    await expect(run(`($r := /a/; ${use})`, { text }, 50)).rejects.toThrow('time limit')
  }
})

describe('a catalogue of 20,000 is sorted and told apart', () => {
  const list = Array.from({ length: 20_000 }, (_, at) => ({ id: (at * 7919) % 20_000, sku: `s${at % 9000}` }))
  test.each([
    ['$sort(list.id)[0]', 0],
    ['$sort(list.sku)[-1]', 's999'],
    ['$sort(list, function($l, $r){$l.id > $r.id})[19999].id', 19_999],
    ['$count($distinct(list.sku))', 9000],
    ['$count($distinct(list))', 20_000],
    ['($f := $sort; $f(list.id)[0])', 0],
    ['($f := $distinct; $count($f(list)))', 20_000],
  ])('%s', { timeout: 2 * patience }, async (text, expected) => {
    expect(await run(text, { list })).toBe(expected)
  })
})

test('functions are counted and partially applied as in JSONata', async () => {
  expect(await run('($p := $pad(?, 5, "-"); $p("a"))')).toBe('a----')
  expect(await run('($f := $map; $f([1, 2], function($v, $at, $all){$v + $at + $count($all)}))')).toEqual([3, 5])
  expect(await run('$uppercase = $uppercase')).toBe(true)
})

test('what is too large is refused in words, and what is not is as before', async () => {
  await expect(run('$pad("", 2000000)')).rejects.toThrow('too large')
  await expect(run('$reduce([1..40], function($a, $b){$a & $a}, "ab")')).rejects.toThrow(/too large|string length/)
  expect(await run('$pad("a", 5, "-+") & $pad("a", -3, "é") & $pad("😀", 2)')).toBe('a-+-+ééa😀 ')
  expect(await run('$length($pad("", 1000000))')).toBe(1_000_000)
  expect(await run('{"a": 1} ~> |$|{"b": 2}|')).toEqual({ a: 1, b: 2 })
})
