import { describe, expect, test } from 'vitest'
import { compileExpression } from '../src/compile.ts'

const scope = { vars: { origin: 'https://example.com', prefix: '', locales: { a: '*', b: 'de' } }, model: 'article' }
const record = {
  slug: 'hello',
  id: 7,
  zero: 0,
  no: null,
  empty: '',
  blank: ' \n',
  list: ['a', 'b'],
  one: [5],
  map: { a: 1 },
  off: false,
}

/** The same expression as the compiler runs it, and in a block that only the interpreter can run. */
const roads = [
  ['compiled', (text: string) => text],
  ['interpreted', (text: string) => `($any := function($x) { $x }; ${text})`],
] as const

describe.each(roads)('%s', (road, along) => {
  const run = async (text: string) => {
    const expression = compileExpression(along(text), {
      functions: {},
      timeLimitMs: 1000,
      whole: { mayBeEmpty: ['vars'] },
    })
    if (road === 'interpreted') expect(expression.isCompiled).toBe(false)
    try {
      return await expression.evaluate(record, scope)
    } catch (error) {
      const found = /^(.* (?:nothing|not text)), in expression /.exec((error as Error).message)
      return found ? { error: found[1] } : { thrown: (error as Error).message }
    }
  }

  test.each([
    ['$vars.origin & "/blog/" & slgu', 'slgu'],
    ['$vars.origin & "/blog/" & no', 'no'],
    ['$vars.origin & "/blog/" & empty', 'empty'],
    ['$vars.origin & "/blog/" & blank', 'blank'],
    ['"article:" & nid & "@" & "en"', 'nid'],
    ['$vars.site & "/" & slug', '$vars.site'],
    ['$vars.origin & "/" & slug.current', 'slug.current'],
    ['$vars.origin & "/" & list[5]', 'list[5]'],
    ['$vars.origin & "/" & list[$ = "c"]', 'list[$ = "c"]'],
    ['"a:" & $string(nid)', '$string(nid)'],
    ['"a:" & $string(no) & "@en"', '$string(no)'],
    ['"a:" & (no ~> $string())', 'no ~> $string()'],
    ['"a:" & no.$string() & "@en"', 'no.$string()'],
    ['$vars.origin & "/" & $lowercase($string(no))', 'no'],
    ['$string(no)', 'no'],
    ['"/items/" & $encodeUrlComponent($string(no))', 'no'],
    ['"a:" & ((nid))', 'nid'],
    ['$vars.origin & ("/blog" & ("/" & slgu))', 'slgu'],
    ['$lowercase($vars.origin & "/" & slgu)', 'slgu'],
    ['$vars.origin & "/" & $lowercase(slgu)', '$lowercase(slgu)'],
    ['$vars.origin & "/" & $trim(blank)', '$trim(blank)'],
    ['id = 7 ? (zero = 0 ? "a/" & slgu) : slug', 'slgu'],
    ['"a/" & (id = 7 ? slgu : slug)', 'slgu'],
    ['"a/" & (id = 7 ? slgu)', 'slgu'],
    ['"a/" & (slgu ?? nid)', 'nid'],
    ['"a/" & (empty ?? slug)', 'empty'],
    ['"a/" & (slgu ?: nid)', 'nid'],
    ['($s := slgu; "a/" & $s)', '$s'],
    ['($s := "a/" & slgu; $s)', 'slgu'],
    ['($f := function($x) { "a/" & $x }; $f(slgu))', '$x'],
    ['$map([1], function($x) { "a/" & slgu })', 'slgu'],
    ['map.("a/" & slgu)', 'slgu'],
    ['{ "x": "a/" & slgu }.x', 'slgu'],
    ['$join([$vars.origin, "blog", slgu], "/")', 'slgu'],
    ['$join([$vars.origin, "blog", empty], "/")', 'empty'],
    ['[$vars.origin, "blog", slgu] ~> $join("/")', 'slgu'],
    ['($parts := [$vars.origin, slgu]; $join($parts, "/"))', 'slgu'],
    ['$join($append([$vars.origin], slgu), "/")', 'slgu'],
    ['$join([$vars.origin, slgu].$string(), "/")', 'slgu'],
    ['$replace("/blog/{slug}", "{slug}", slgu)', 'slgu'],
    ['$replace("/blog/{slug}", "{slug}", empty)', 'empty'],
    ['"/blog/{slug}" ~> $replace("{slug}", empty)', 'empty'],
    ['$vars.origin & $replace($replace("/{a}/{b}", "{a}", slug), "{b}", slgu)', 'slgu'],
    ['$vars.origin & $replace(slug, /^hello$/, "")', '$replace(slug, /^hello$/, "")'],
    ['$vars.origin & $lookup($vars.locales, "c") & "/x"', '$lookup($vars.locales, "c")'],
    ['"a/" & `a-b`', '`a-b`'],
    ['"a/" & `the slug`.x', '`the slug`.x'],
  ])('%s fails and names %s', async (text, part) => {
    expect(await run(text)).toEqual({ error: `\`${part}\` gave nothing` })
  })

  test.each([
    ['"a/" & map', '`map` gave an object, not text'],
    ['"a/" & list', '`list` gave a list, not text'],
    ['"a/" & off', '`off` gave false, not text'],
    ['"a/" & $string(off)', '`$string(off)` gave false, not text'],
    ['"a/" & $encodeUrlComponent($string(map))', '`map` gave an object, not text'],
  ])('%s fails: %s', async (text, message) => {
    expect(await run(text)).toEqual({ error: message })
  })

  test.each([
    ['$vars.origin & "/blog/" & slug', 'https://example.com/blog/hello'],
    ['"a:" & id', 'a:7'],
    ['"a:" & zero', 'a:0'],
    ['"a:" & $string(zero)', 'a:0'],
    ['"a:" & id & (locale ? "@" & locale)', 'a:7'],
    ['"a:" & id & (slug ? "@" & slug)', 'a:7@hello'],
    ['"a:" & id & (slgu ? "@" & slgu : "")', 'a:7'],
    ['"a:" & $vars.prefix & id', 'a:7'],
    ['"a/" & (slgu ? slgu) & "b"', 'a/b'],
    ['($s := slgu ? slgu & "/"; "a/" & $s & slug)', 'a/hello'],
    ['($s := slgu ? slgu : ""; "a/" & $s & slug)', 'a/hello'],
    ['"a/" & (slgu ?? slug)', 'a/hello'],
    ['"a/" & (slgu ?? nid ?? id)', 'a/7'],
    ['"a/" & (empty ?: slug)', 'a/hello'],
    ['$join(["a", slug], "/")', 'a/hello'],
    ['$join(["a", list], "/")', 'a/a/b'],
    ['$join(["a", slug, empty][$ != ""], "/")', 'a/hello'],
    ['$join(["a", slgu ? slgu, slug], "/")', 'a/hello'],
    ['$join(list, "/")', 'a/b'],
    ['$replace("/a/{x}", "{x}", slug)', '/a/hello'],
    ['$replace("/a/", /\\/$/, "")', '/a'],
    ['$replace(slug, /l+/, function($m) { "L" })', 'heLo'],
    ['($exists(slgu) and "a/" & slgu = "a/") ? "x" : "y" & id', 'y7'],
    ['$contains("a/" & slgu, "a") ? "x/" & id', 'x/7'],
    ['"a/" & list[("x" & slgu) = "x"][0]', 'a/a'],
    ['"a:" & one[0]', 'a:5'],
    ['($l := $lookup($vars.locales, $string(no)); "a" & ($l ? "@" & $l))', 'a'],
    ['$model & ":" & id', 'article:7'],
    ['slgu', undefined],
    ['slgu ? "a/" & slgu', undefined],
  ])('%s gives %s', async (text, value) => {
    expect(await run(text)).toEqual(value)
  })
})

test('paths, literals, conditions and what is joined of them stay compiled', () => {
  const compiles = (text: string) =>
    compileExpression(text, { functions: {}, timeLimitMs: 100, whole: { mayBeEmpty: ['vars'] } }).isCompiled
  expect(compiles('$vars.origin & "/" & (locale ? locale & "/") & slug.current')).toBe(true)
  expect(compiles('($s := slug; $join([$vars.origin, $s], "/"))')).toBe(true)
})

test('in a text that need not be whole, a part that is missing is empty text, as JSONata has it', () => {
  const expression = compileExpression('"by " & author', { functions: {}, timeLimitMs: 100 })
  expect(expression.evaluate(record, scope)).toBe('by ')
})
