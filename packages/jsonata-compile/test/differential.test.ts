import { inspect, isDeepStrictEqual } from 'node:util'
import { expect, test } from 'vitest'
import fc from '../../../test/fast-check.ts'
import { numRuns } from '../../../test/fuzz/runs.ts'
import { compileExpression } from '../src/compile.ts'
import { parseProgram } from '../src/interpret.ts'
import { plainDeep } from '../src/sequence.ts'
import type { Scope } from '../src/types.ts'
import { anyContext, anyExpression, anyScope } from './arbitraries.ts'

const functions = {
  myecho: (value: unknown) => value,
  mypair: (a: unknown, b: unknown) => [a ?? null, b ?? null],
}

const shown = { depth: 8 }

type Outcome = { readonly value: unknown } | { readonly error: unknown }

test('a compiled expression gives what the interpreter gives', { timeout: 60_000 + numRuns * 10 }, async () => {
  const seen = { total: 0, compiled: 0, thrown: 0, nothing: 0 }
  await fc.assert(
    fc.asyncProperty(anyExpression, anyContext, anyScope, async (text, context, scope) => {
      fc.pre(!seesMarks(text))
      const copy = structuredClone({ context, scope })
      const interpreted = await interpret(text, copy.context, copy.scope)
      // JSONata grows empty arrays of its input that are grouped, and then sees them differently.
      fc.pre(isDeepStrictEqual(plainDeep(copy), { context, scope }))
      const expression = compileOrNull(text)
      if (!expression) {
        expect(interpreted, text).toHaveProperty('error')
        return
      }
      const compiled = await outcomeOf(() => expression.evaluate(deepFreeze(context), deepFreeze(scope) as Scope))
      seen.total++
      if (expression.isCompiled) seen.compiled++
      if ('error' in interpreted) seen.thrown++
      else if (interpreted.value === undefined) seen.nothing++
      if (!isSame(compiled, interpreted)) {
        throw new Error(
          `${text}\ncompiled:    ${inspect(compiled, shown)}\ninterpreted: ${inspect(interpreted, shown)}`,
        )
      }
    }),
    { numRuns },
  )
  // Else the property would prove nothing.
  if (process.env.FUZZ_RUNS) console.log(seen)
  expect(seen.compiled / seen.total).toBeGreaterThan(0.9)
  expect(seen.thrown / seen.total).toBeLessThan(0.6)
})

test('an expression that is said not to need its context gives the same for any', { timeout: 60_000 }, async () => {
  let free = 0
  const own = fc.constantFrom(
    '$vars',
    '$vars.a',
    '$list.a',
    '$one',
    '"x"',
    '2',
    '$list[0].b',
    '$exists($one) ? $vars.a',
  )
  const call = fc.constantFrom(
    'length',
    'string',
    'uppercase',
    'exists',
    'substringAfter',
    'not',
    'join',
    'split',
    'type',
  )
  const text = fc.letrec<{ any: string }>((tie) => ({
    any: fc.oneof(
      { depthSize: 'small', maxDepth: 4 },
      own,
      own,
      anyExpression,
      fc.tuple(call, fc.array(tie('any'), { maxLength: 3 })).map(([name, given]) => `$${name}(${given.join(', ')})`),
      fc.tuple(tie('any'), fc.constantFrom('&', '=', '+', 'and'), tie('any')).map((parts) => `(${parts.join(' ')})`),
      fc.tuple(tie('any'), tie('any'), tie('any')).map(([a, b, c]) => `${a} ? ${b} : ${c}`),
      fc.tuple(own, tie('any')).map(([a, b]) => `${a}[${b}]`),
    ),
  })).any
  await fc.assert(
    fc.asyncProperty(text, anyContext, anyContext, anyScope, async (text, one, other, scope) => {
      const expression = compileOrNull(text)
      if (!expression || expression.needsContext(['body'])) return
      free++
      const run = (body: unknown) => outcomeOf(() => expression.evaluate(body, { ...scope, body } as Scope))
      const [first, second] = [await run(one), await run(other)]
      if (!isSame(first, second)) throw new Error(`${text}\n${inspect(first, shown)}\n${inspect(second, shown)}`)
    }),
    { numRuns },
  )
  expect(free).toBeGreaterThan(numRuns / 10)
})

test.each([
  ['$headers."x-topic"', false],
  ['$exists($headers.a) ? $headers.a & ":" & $digest', false],
  ['$substringAfter($headers.topic, "x.")', false],
  ['$substringAfter("x.")', true],
  ['$length()', true],
  ['$headers.a & action', true],
  ['$headers[$body.a].b', true],
  ['$headers.a{"k": $$}', true],
  ['$body.event', true],
  ['$$.a', true],
])('%s needs its context, or $body: %s', (text, needed) => {
  expect(compileOrNull(text)?.needsContext(['body'])).toBe(needed)
})

// Found by the first property.
test.each([
  'b[][0]',
  '($v := c[0][].[]{$: {}}; $v)',
  'c[0][].[]{"k": $}',
  '$$ & *',
  'x.*',
  '*.*',
  '$map("", function($v){ $keys($v) })',
  '(a ? b : $map("", function($v){ $keys($v) }))',
  '$map(x, function($v){ $v.a ? $keys($v) : ($w := $v; $string($w)) })',
  '"a"[[0, 1]].$type()',
  '"x"[0].a',
  '"x"[].a',
  '$.$split("", missing)',
  '{"a": x.a[]}.a',
  '[x.a[]][0]',
  'x.[a, $].$count($)',
  '[x, b].a',
  '(missing[true]).{"a": 1}',
  'missing[true].{"a": 1}',
  'x{a: $count($)}',
])('%s', async (text) => {
  const expression = compileExpression(text, { functions, timeLimitMs: 1000 })
  expect(expression.isCompiled).toBe(true)
  for (const context of contexts) {
    const compiled = await outcomeOf(() => expression.evaluate(deepFreeze(structuredClone(context)), {}))
    const interpreted = await interpret(text, structuredClone(context), {})
    if (!isSame(compiled, interpreted)) expect(compiled).toStrictEqual(interpreted)
  }
})

const contexts = [
  {},
  { a: 1, b: [[]], c: [{}], x: [{ a: 'k' }, { a: 'm', b: 2 }, { a: 'k' }] },
  { a: [], b: [1], c: {}, x: { a: ['k'] } },
  [{ b: [[]] }],
  [],
]

/** Not vitest's equality: that one asks `value.constructor`, which is data here. */
function isSame(a: Outcome, b: Outcome): boolean {
  if ('error' in a || 'error' in b) return 'error' in a && 'error' in b
  return isDeepStrictEqual(a.value, b.value)
}

/** `*` inside an array that starts a path sees JSONata's own marks on a sequence as values; ours does not. */
function seesMarks(text: string): boolean {
  let tree: unknown
  try {
    tree = parseProgram(text).ast()
  } catch {
    return false
  }
  return holds(tree, (node) => node.consarray === true && holds(node, ({ type }) => type === 'wildcard'))
}

function holds(tree: unknown, isMatch: (node: Record<string, unknown>) => boolean): boolean {
  if (typeof tree !== 'object' || tree === null) return false
  return isMatch(tree as Record<string, unknown>) || Object.values(tree).some((part) => holds(part, isMatch))
}

function compileOrNull(text: string) {
  try {
    return compileExpression(text, { functions, timeLimitMs: 5000 })
  } catch {
    return null
  }
}

/** JSONata without guard rails is the specification. */
async function interpret(text: string, context: unknown, scope: object): Promise<Outcome> {
  return outcomeOf(async () => {
    const program = parseProgram(text)
    for (const [name, run] of Object.entries(functions)) program.registerFunction(name, run)
    return plainDeep(await program.evaluate(context, scope as Record<string, unknown>))
  })
}

async function outcomeOf(run: () => unknown): Promise<Outcome> {
  try {
    return { value: await run() }
  } catch (error) {
    return { error }
  }
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    Object.freeze(value)
    Object.values(value).forEach(deepFreeze)
  }
  return value
}
