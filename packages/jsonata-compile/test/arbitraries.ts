import fc from '../../../test/fast-check.ts'

const names = ['a', 'b', 'c', 'k', 'x-y', 'constructor', 'toString', '__proto__', '1']
const texts = ['', 'a', 'b', 'x', 'A b ', '12', '1.5', '<a>', '0']

const name = fc.constantFrom(...names)
const scalar = fc.oneof(
  fc.constantFrom<unknown>(null, true, false, 0, 1, -1, 2.5, 1e21, 0.1),
  fc.constantFrom(...texts),
)

/** Documents of objects, arrays in arrays, and every kind of scalar. */
export const anyDocument: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', maxDepth: 5 },
    scalar,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.array(fc.dictionary(name, tie('value'), { maxKeys: 3, noNullPrototype: true }), { maxLength: 3 }),
    fc.dictionary(name, tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
})).value

/** What comes into an expression: mostly an object. */
export const anyContext: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 4, arbitrary: fc.dictionary(name, anyDocument, { maxKeys: 5, noNullPrototype: true }) },
  {
    weight: 1,
    arbitrary: fc.array(fc.dictionary(name, anyDocument, { maxKeys: 4, noNullPrototype: true }), { maxLength: 3 }),
  },
  { weight: 1, arbitrary: anyDocument },
)

const literal = fc.oneof(
  fc.constantFrom('true', 'false', 'null', '0', '1', '-1', '2.5', '-0.5', '1e3'),
  fc.constantFrom(...texts).map((text) => JSON.stringify(text)),
)
const field = fc.oneof(
  name.map((text) => (/^[a-z]+$/i.test(text) ? text : `\`${text}\``)),
  fc.constantFrom('a', 'b'),
)

const unaryCalls = `string number boolean not exists count sum min max average lowercase uppercase trim length type
  distinct keys merge spread reverse round floor ceil abs join myecho zip`.split(/\s+/)
const binaryCalls = `substringBefore substringAfter contains split append lookup power join string round mypair
  substring pad`.split(/\s+/)
const callbacks = [
  'function($v){ $v }',
  'function($v){ $v.a }',
  'function($v, $i){ [$v, $i] }',
  'function($v, $i, $all){ $count($all) }',
  'function($v){ {"v": $v.a, "w": b} }',
  'function($v){ $keys($v) }',
  'function($v){ $v.a ? $keys($v) : ($w := $v; $string($w)) }',
  'function($v, $k){ $k = "a" }',
  '$string',
  '$exists',
  '$type',
  '$myecho',
  '$mypair',
]
const regexes = ['/a/', '/[ab]+/i', '/(a)|(b)/', '/\\s/', '/x?/', '/^/']

/** Texts of the part of JSONata that is compiled. */
export const anyExpression: fc.Arbitrary<string> = fc.letrec<Record<'any' | 'step' | 'path', string>>((tie) => {
  const any = tie('any')
  const pairs = fc
    .array(
      fc.tuple(
        fc.oneof(
          literal.filter((text) => text.startsWith('"')),
          fc.constantFrom('"k"', '"m"'),
          field,
          any,
        ),
        any,
      ),
      { maxLength: 3 },
    )
    .map((entries) => `{${entries.map(([key, value]) => `${key}: ${value}`).join(', ')}}`)
  const list = fc.array(any, { maxLength: 3 }).map((entries) => `[${entries.join(', ')}]`)
  const suffix = fc.oneof(
    { weight: 8, arbitrary: fc.constant('') },
    fc.constantFrom('[0]', '[-1]', '[1]', '[]', '[[0, 1]]', '[true]', '[$]', '[2.7]'),
    any.map((text) => `[${text}]`),
    fc.tuple(field, literal).map(([left, right]) => `[${left} = ${right}]`),
    fc.constant('[][0]'),
    fc.constant('[0][]'),
  )
  const call = fc.oneof(
    fc.tuple(fc.constantFrom(...unaryCalls), any).map(([called, value]) => `$${called}(${value})`),
    fc.constantFrom(...unaryCalls).map((called) => `$${called}()`),
    fc.tuple(fc.constantFrom(...binaryCalls), any, any).map(([called, a, b]) => `$${called}(${a}, ${b})`),
    fc
      .tuple(fc.constantFrom('split', 'contains', 'match'), any, fc.constantFrom(...regexes))
      .map(([f, a, b]) => `$${f}(${a}, ${b})`),
    fc
      .tuple(any, fc.constantFrom(...regexes, '"a"'), fc.constantFrom('"-"', '"[$0]"', '"$1$2$$"', '"$x"'))
      .map(([a, b, c]) => `$replace(${a}, ${b}, ${c})`),
    fc.tuple(any, fc.constantFrom(...unaryCalls)).map(([value, called]) => `(${value} ~> $${called})`),
    fc.tuple(any, fc.constantFrom(...binaryCalls), any).map(([value, called, b]) => `(${value} ~> $${called}(${b}))`),
    fc
      .tuple(fc.constantFrom('map', 'filter', 'each', 'sift'), any, fc.constantFrom(...callbacks))
      .map(([f, a, b]) => `$${f}(${a}, ${b})`),
    any.map((value) => `$reduce(${value}, function($x, $y){ $x & $y })`),
    fc.tuple(any, any).map(([value, init]) => `$reduce(${value}, function($x, $y, $i){ [$x, $i] }, ${init})`),
  )
  return {
    step: fc
      .tuple(
        fc.oneof(
          { weight: 6, arbitrary: field },
          fc.constantFrom('$', '*', '"a"'),
          pairs,
          list,
          call,
          any.map((text) => `(${text})`),
        ),
        suffix,
      )
      .map((parts) => parts.join('')),
    path: fc
      .tuple(
        fc.oneof(tie('step'), fc.constantFrom('$$', '$vars', '$vars.a', '$list', '$one', '$nothing', '$')),
        fc.array(tie('step'), { maxLength: 3 }),
        fc.oneof({ weight: 12, arbitrary: fc.constant('') }, pairs),
      )
      .map(([first, rest, group]) => [first, ...rest].join('.') + group),
    any: fc.oneof(
      { depthSize: 'small', maxDepth: 3 },
      literal,
      { weight: 4, arbitrary: field },
      { weight: 6, arbitrary: tie('path') },
      { weight: 2, arbitrary: call },
      pairs,
      list,
      fc
        .tuple(
          any,
          fc.constantFrom('&', '+', '-', '*', '/', '%', '=', '!=', '<', '<=', '>', '>=', 'in', 'and', 'or', '?:', '??'),
          any,
        )
        .map(([a, operator, b]) => `(${a}) ${operator} (${b})`),
      fc.tuple(any, any, any).map(([a, b, c]) => `(${a} ? ${b} : ${c})`),
      fc.tuple(any, any).map(([a, b]) => `(${a} ? ${b})`),
      fc.tuple(any, any).map(([a, b]) => `($v := ${a}; $w := ${b}; [$v, $w])`),
      fc.tuple(any, any).map(([a, b]) => `($v := ${a}; ($v := ${b}; $v); $v)`),
      any.map((text) => `($v := ${text}; $v.a)`),
      any.map((text) => `-(${text})`),
    ),
  }
}).any

export const anyScope = fc.record(
  {
    vars: fc.dictionary(name, anyDocument, { maxKeys: 3, noNullPrototype: true }),
    list: fc.array(anyDocument, { maxLength: 3 }),
    one: anyDocument,
  },
  { noNullPrototype: true },
)
