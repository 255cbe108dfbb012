import { describe, expect, test } from 'vitest'
import { compileExpression } from '../src/compile.ts'
import { ExpressionError } from '../src/error.ts'
import type { ExpressionFunction } from '../src/types.ts'

const product = {
  id: '788032119674292922',
  title: 'Example T-Shirt',
  status: 'active',
  tags: 'example, mens, t-shirt',
  vendor: null,
  price: 12,
  options: [],
  nested: [[1, 2], [3]],
  variants: [
    { id: 1, sku: 'a', price: '19.99', images: [{ src: 'x' }, { src: 'y' }] },
    { id: 2, sku: 'b', price: '9.5', images: [] },
    { id: 3, price: '24' },
  ],
  seo: { title: 'T', 'meta-x': 'm' },
}
const scope = { headers: { 'x-topic': 'products/update' }, vars: { origin: 'https://e.com' }, one: [7] }

function evaluate(text: string, context: unknown = product, functions: Record<string, ExpressionFunction> = {}) {
  return compileExpression(text, { functions, timeLimitMs: 1000 }).evaluate(context, scope)
}

test.each<[string, unknown]>([
  ['title', 'Example T-Shirt'],
  ['missing', undefined],
  ['missing.deep.path', undefined],
  ['vendor', null],
  ['seo.title', 'T'],
  ['"seo"[0].title', 'T'],
  ['seo.`meta-x`', 'm'],
  ['variants.sku', ['a', 'b']],
  ['variants.images.src', ['x', 'y']],
  ['variants[0].images[-1].src', 'y'],
  ['variants[sku="b"].price', '9.5'],
  ['variants[id > 1].id', [2, 3]],
  ['variants[sku="b"].price[]', ['9.5']],
  ['variants[sku="none"].price[]', undefined],
  ['nested', [[1, 2], [3]]],
  ['nested[0]', [1, 2]],
  ['nested.$', [1, 2, 3]],
  ['options', []],
  ['$headers."x-topic"', 'products/update'],
  ['$headers.`x-topic` in ["products/create", "products/update"]', true],
  ['$vars.origin & "/p/" & seo.title & missing', 'https://e.com/p/T'],
  ['{"a": variants[sku="b"].price[]}', { a: ['9.5'] }],
  ['{"a": variants[sku="b"].price[]}.a', '9.5'],
  ['$one', [7]],
  ['$unknown', undefined],
  ['status = "active" and $exists(title)', true],
  ['status != "draft" or missing.x', true],
  ['missing = "x"', false],
  ['price * 2 - 4 / 2 % 3', 22],
  ['missing + 1', undefined],
  ['-price', -12],
  ['price >= 12 ? "dear" : "cheap"', 'dear'],
  ['missing ? 1', undefined],
  ['missing ?? "default"', 'default'],
  ['vendor ?? "default"', null],
  ['vendor ?: "default"', 'default'],
  ['($x := price; $y := $x + 1; $x & "-" & $y)', '12-13'],
  ['($x := 1; ($x := 2; $x); $x)', 1],
  ['[1, [2, 3], variants.id]', [1, [2, 3], 1, 2, 3]],
  ['{"id": $string(id), "none": missing, "list": variants.id}', { id: product.id, list: [1, 2, 3] }],
  [
    'variants.{"id": $string(id), "price": $number(price)}',
    [
      { id: '1', price: 19.99 },
      { id: '2', price: 9.5 },
      { id: '3', price: 24 },
    ],
  ],
  ['variants[0].[id, sku]', [1, 'a']],
  ['variants.[id, sku]', [[1, 'a'], [2, 'b'], [3]]],
  ['variants{$string(id): sku}', { 1: 'a', 2: 'b' }],
  ['$min(variants.$number(price))', 9.5],
  ['$sum(variants.id) & "/" & $count(variants) & "/" & $max(variants.id)', '6/3/3'],
  ['$split(tags, ", ")', ['example', 'mens', 't-shirt']],
  ['$split(tags, /,\\s*/)', ['example', 'mens', 't-shirt']],
  ['$replace(title, /(\\w+)-(\\w+)/, "$2 $1")', 'Example Shirt T'],
  ['$contains(tags, /MENS/i) and $contains(tags, "mens")', true],
  ['$match("a1b22", /[0-9]+/).match', ['1', '22']],
  ['$split(tags, /,\\s*/) ?: "none"', ['example', 'mens', 't-shirt']],
  ['$split(missing, /,\\s*/) ?? "none"', 'none'],
  ['$split(tags, /,\\s*/)[0] ?? "none"', 'example'],
  ['$join(variants.sku, "+")', 'a+b'],
  ['title.$uppercase()', 'EXAMPLE T-SHIRT'],
  ['$substringBefore(title, " ") ~> $lowercase', 'example'],
  ['$map(variants, function($v, $i){ $v.sku & $i })', ['a0', 'b1', '2']],
  ['$filter(variants, function($v){ $v.id = 2 }).sku', 'b'],
  ['$reduce(variants.id, function($a, $b){ $a + $b })', 6],
  ['$each(seo, function($v, $k){ $k & "=" & $v })', ['title=T', 'meta-x=m']],
  ['$merge([seo, {"title": "new"}])', { title: 'new', 'meta-x': 'm' }],
  ['$distinct([1, "1", 1, {"a": 1}, {"a": 1}])', [1, '1', { a: 1 }]],
  ['$keys(seo)', ['title', 'meta-x']],
  ['seo.*', ['T', 'm']],
  ['$string({"a": [1, 2.50]})', '{"a":[1,2.5]}'],
  ['$$.title', 'Example T-Shirt'],
])('%s', async (text, expected) => {
  const expression = compileExpression(text, { functions: {}, timeLimitMs: 1000 })
  expect(expression.isCompiled).toBe(true)
  expect(expression.evaluate(product, scope)).toStrictEqual(expected)
})

test.each([
  ['variants^(>id).id', [3, 2, 1]],
  ['**.src', ['x', 'y']],
  ['[1..3]', [1, 2, 3]],
  ['($f := function($x){ $x }; $f($split(tags, /, /) ?: "none"))', ['example', 'mens', 't-shirt']],
  ['($f := function($x){ $x }; $f($split(tags, /, /) ?? "none"))', ['example', 'mens', 't-shirt']],
  ['($double := function($x){ $x * 2 }; $double(4))', 8],
  ['variants[]{$string(id): $}', { 1: product.variants[0], 2: product.variants[1], 3: product.variants[2] }],
  ['variants^(id)[0].{"i": images.src}', { i: ['x', 'y'] }],
])('%s, whether interpreted or not', async (text, expected) => {
  expect(await evaluate(text)).toStrictEqual(expected)
})

test('an evaluation knows one time, that of the clock, and as text the same', () => {
  const expression = compileExpression('[$millis(), $millis(), $toMillis($now()), $now("[Y0001]")]', {
    functions: {},
    timeLimitMs: 1000,
  })
  expect(expression.isCompiled).toBe(true)
  const before = Date.now()
  const [first, ...others] = expression.evaluate(null, {}) as [number, ...unknown[]]
  expect(first).toBeGreaterThanOrEqual(before)
  expect(first).toBeLessThanOrEqual(Date.now())
  expect(others).toEqual([first, first, String(new Date(first).getUTCFullYear())])
})

test('an array is one context', () => {
  expect(evaluate('$', [1, 2])).toEqual([1, 2])
  expect(evaluate('$count($)', [1, 2])).toBe(2)
  expect(evaluate('id', [{ id: 1 }, { id: 2 }])).toEqual([1, 2])
  expect(evaluate('$[0].id', [{ id: 1 }, { id: 2 }])).toBe(1)
})

test('a registered function gets plain values, and undefined for nothing', async () => {
  const got: unknown[] = []
  const take: ExpressionFunction = (...values: unknown[]) => {
    got.push(...values)
    return 'x'
  }
  for (const order of ['', '^(id)']) {
    got.length = 0
    await evaluate(`$take(variants${order}.sku, missing, {"deep": variants${order}.id}, variants[0].sku[])`, product, {
      take,
    })
    expect(got).toStrictEqual([['a', 'b'], undefined, { deep: [1, 2, 3] }, ['a']])
    expect(Object.keys(got[0] as object)).toEqual(['0', '1'])
    expect(Object.keys((got[2] as { deep: object }).deep)).toEqual(['0', '1', '2'])
  }
})

test('results hold no marks of sequences', async () => {
  for (const text of [
    'variants.sku',
    '{"a": variants.sku}',
    '[[variants.sku]]',
    '$map(variants, function($v){ variants.sku })',
  ]) {
    for (const given of [text, `${text} ~> $sort(function($a, $b){ false })`]) {
      const json = (value: unknown): string =>
        typeof value === 'object' && value !== null
          ? `{${Reflect.ownKeys(value).map((key) => `${String(key)}:${json(Reflect.get(value, key))}`)}}`
          : 'x'
      expect(json(await evaluate(given)), given).not.toMatch(/sequence|keepSingleton|push|cons/)
    }
  }
})

describe('the input is never changed', () => {
  const frozen = () => deepFreeze(structuredClone(product))
  test.each([
    'options{"a": $}',
    '($f := function(){ 1 }; options{"a": $})',
    '($f := function(){ 1 }; nested[0][])',
    'options[]',
    'variants[]',
    'nested[0][]',
    'options.{"a": 1}',
    '$sort(nested[0])[]',
    'options^($){"a": $}',
  ])('%s', async (text) => {
    const context = structuredClone(product)
    await evaluate(text, context)
    expect(context).toStrictEqual(product)
    expect(Object.keys(context.options)).toEqual([])
    expect(Object.keys(context.nested[0]!)).toEqual(['0', '1'])
    expect(await evaluate(text, frozen())).toStrictEqual(await evaluate(text, structuredClone(product)))
  })
})

describe('what is inherited is never reached', () => {
  const inherited = ['constructor', '__proto__', 'toString', 'hasOwnProperty', 'valueOf']
  test.each(inherited)('%s', async (name) => {
    for (const text of [
      name,
      `seo.${name}`,
      `variants.${name}`,
      `$${name}`,
      `$headers.${name}`,
      `$lookup(seo, "${name}")`,
      `**[false].${name}`,
    ]) {
      expect(await evaluate(text), text).toBeUndefined()
    }
    expect(() => evaluate(`$${name}()`)).toThrow(/there is no function/)
    expect(evaluate(name, JSON.parse(`{"${name}": 1}`))).toBe(1)
  })

  test('a made object with the key __proto__ keeps its prototype', async () => {
    for (const text of [
      '{"__proto__": {"polluted": true}}',
      '$merge([{"__proto__": {"polluted": true}}])',
      '[1].{"__proto__": {"polluted": true}}',
      '$sort([1]).{"__proto__": {"polluted": true}}',
    ]) {
      const made = (await evaluate(text)) as { polluted?: boolean }
      expect(Object.getPrototypeOf(made)).toBe(Object.prototype)
      expect(made.polluted).toBeUndefined()
      expect(Object.hasOwn(made, '__proto__')).toBe(true)
    }
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
  })
})

describe('failures', () => {
  test.each([
    ['title &', /position 7/],
    ['title[', /position 6/],
    ['(1; 2', /position 5/],
    ['"open', /position/],
    ['a ~ b', /position/],
    ['/a', /position 2/],
    ['$eval(title)', /\$eval cannot be used at position 5/],
    ['$map([title], $eval)', /\$eval cannot be used/],
    ['title ~> $eval', /\$eval cannot be used/],
    ['$pric(1)', /there is no function \$pric; did you mean \$trim\? at position 6/],
    ['count(1)', /there is no function count, did you forget the \$\? at position 6/],
  ])('%s is refused at once', (text, message) => {
    expect(() => evaluate(text)).toThrow(message)
    expect(() => evaluate(text)).toThrow(ExpressionError)
    expect(() => evaluate(text)).toThrow(expect.objectContaining({ message: expect.stringContaining(text) }))
  })

  test.each([
    [
      'title + 1',
      /expression title \+ 1: the left side must be a number, not "Example T-Shirt" near '\+' at position 7 \(T2001\)/,
    ],
    ['$number(title)', /not a number: "Example T-Shirt" near 'number' at position 8 \(D3030\)/],
    ['$sum(variants.sku)', /argument 1 is an array with entries of the wrong type/],
    ['variants < 1', /an array/],
    ['{title: 1, "Example T-Shirt": 2}', /two keys/],
    ['variants^(id).$number(sku & "x")', /not a number: "ax"/],
    ['$error("no such thing")', /no such thing/],
  ])('%s names the expression and the reason', async (text, message) => {
    const failure = await Promise.resolve()
      .then(() => evaluate(text))
      .catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(ExpressionError)
    expect(failure).toMatchObject({ message: expect.stringMatching(message) })
    expect((failure as Error).message).toContain(text)
  })

  test('no more than a little of the content is in a message', async () => {
    const body = { long: 'secret'.repeat(1000) }
    for (const text of ['$number(long)', 'long + 1', '$sort([long]).$number($)', '$number(long)^($)']) {
      const failure = await Promise.resolve()
        .then(() => evaluate(text, body))
        .catch((error: unknown) => error)
      expect((failure as Error).message.length, text).toBeLessThan(200)
    }
  })

  test('what a registered function throws is the cause', () => {
    const fail = () => {
      throw new RangeError('odd value')
    }
    expect(() => evaluate('1 + $fail()', product, { fail })).toThrow(
      expect.objectContaining({
        message: expect.stringMatching(/odd value near 'fail' at position 10/),
        cause: expect.any(RangeError),
      }),
    )
  })
})

describe('an endless expression ends', () => {
  const limited = (text: string, context: unknown) =>
    Promise.resolve().then(() => compileExpression(text, { functions: {}, timeLimitMs: 50 }).evaluate(context, scope))

  test.each(['($f := function($x){ $f($x + 1) }; $f(1))', '($f := function($x){ 1 + $f($x + 1) }; $f(1))'])(
    '%s',
    async (text) => {
      await expect(limited(text, {})).rejects.toThrow(/time limit|too deeply/)
    },
  )

  test('also where it is compiled and only as good as endless', async () => {
    const a = Array.from({ length: 400 }, (_, id) => ({ id }))
    const nested = '$count($$.a[$count($$.a[$count($$.a[$count($$.a) > 0]) > 0]) > 0])'
    expect(compileExpression(nested, { functions: {}, timeLimitMs: 50 }).isCompiled).toBe(true)
    await expect(limited(nested, { a })).rejects.toThrow(/time limit/)
    await expect(limited('a.($$.a.($$.a))', { a })).rejects.toThrow(/time limit|too long/)
    await expect(
      limited('$count($distinct(a.{"id": id, "x": $$.a.id[0]})) > 1 and $distinct(a.$$.a)', { a }),
    ).rejects.toThrow()
  })
})

test('a value of the scope hides the function of its name', () => {
  const hidden = () => compileExpression('$count(1)', { functions: {}, timeLimitMs: 100 }).evaluate({}, { count: 5 })
  expect(hidden).toThrow(/not a function/)
})

test('a function that is asynchronous is waited for', async () => {
  const later = async (value: string) => `${value}!`
  expect(await evaluate('$later(title)', product, { later })).toBe('Example T-Shirt!')
})

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(deepFreeze)
  return value
}
