import { boundedText, hugeGuardOf, pad, refuseEndless } from './bounds.ts'
import { builtin, isBuiltin } from './builtin.ts'
import { contains, match, replace, split } from './matching.ts'
import { lookAtClock, type Run, tick } from './run.ts'
import { isSequence, plain, plainDeep, sequenceOf } from './sequence.ts'
import { quickCheckOf } from './signature.ts'
import { sort } from './sort.ts'
import type { ExpressionFunction } from './types.ts'
import { append, digestOf, isDeepEqual, isTruthy, keysOf, merge, property, spread, textOf } from './values.ts'

type Functions = Readonly<Record<string, ExpressionFunction>>

/** A function ready to be called with its arguments and the context of the call. */
export type Callee = (values: unknown[], context: unknown, run: Run) => unknown

/** A registered function or a built-in that needs no interpreter; undefined for others. */
export function nativeOf(name: string, functions: Functions): Callee | undefined {
  const own = Object.hasOwn(functions, name) ? functions[name] : undefined
  if (own) return registered(name, own)
  if (!isBuiltin(name)) return undefined
  const { implementation, signature } = builtin(name)
  const work: Work | undefined = Object.hasOwn(replaced, name)
    ? replaced[name]
    : pure.has(name)
      ? implementation
      : undefined
  if (!work) return undefined
  const fits = quickCheckOf(signature.definition)
  const mayGrow = growing.has(name)
  const refuseHuge = hugeGuardOf(name)
  return (values, context, run) => {
    refuseHuge(values)
    const checked = (fits(values) ? values : signature.validate(values, context)) as never[]
    const result = work.apply(run, checked)
    if (isLong(values[0]) || isLong(result)) lookAtClock(run)
    if (mayGrow && typeof result === 'string') boundedText(result)
    return result
  }
}

function isLong(value: unknown): boolean {
  return (typeof value === 'string' || Array.isArray(value)) && value.length > 10_000
}

const growing = new Set('string replace join base64encode encodeUrl encodeUrlComponent formatNumber'.split(' '))

/** How many arguments a function takes, as JSONata counts them for `$map` and its like. */
export function arityOf(name: string, functions: Functions): number {
  const own = Object.hasOwn(functions, name) ? functions[name] : undefined
  return own ? own.length : builtin(name).implementation.length
}

function registered(name: string, own: ExpressionFunction): Callee {
  return (values, _context, run) => {
    for (let at = 0; at < values.length; at++) {
      const value = values[at]
      if (typeof value !== 'object' || value === null) continue
      if (run.builds) refuseEndless(value)
      values[at] = run.nested ? plainDeep(value) : plain(value)
    }
    const result = (own as (...values: unknown[]) => unknown)(...values)
    if (result instanceof Promise) throw new TypeError(`$${name} must not give a promise`)
    return result
  }
}

/** JSONata's functions that are synchronous and need nothing of its interpreter: used as they are. */
const pure = new Set(
  `sum count max min average substring substringBefore substringAfter lowercase uppercase length trim join
   formatNumber formatBase formatInteger parseInteger number floor ceil round abs sqrt power zip exists reverse error
   assert type base64encode base64decode encodeUrlComponent encodeUrl decodeUrlComponent decodeUrl toMillis fromMillis
   clone`.split(/\s+/),
)

type Work = (this: Run, ...values: never[]) => unknown

/** Those that are asynchronous, need the interpreter, or are called so often that a shorter way pays. */
const replaced: Readonly<Record<string, Work>> = {
  string: (value: unknown, prettify?: boolean) => {
    if (value === undefined) return undefined
    return prettify ? builtin('string').implementation(value, prettify) : textOf(value)
  },
  boolean: (value: unknown) => (value === undefined ? undefined : isTruthy(value)),
  not: (value: unknown) => (value === undefined ? undefined : !isTruthy(value)),
  keys: keysOf,
  lookup: property,
  append,
  spread,
  merge: merge,
  distinct,
  sort,
  contains: contains,
  pad: pad,
  match: match,
  replace: replace,
  split: split,
  now(picture?: string, timezone?: string) {
    return builtin('fromMillis').implementation(instantOf(this), picture, timezone)
  },
  millis() {
    return instantOf(this)
  },
}

/** As in the interpreter, one evaluation knows one time. Unix milliseconds. */
function instantOf(run: Run): number {
  if (run.instant === 0) run.instant = Date.now()
  return run.instant
}

/** Each value once. What can't be equal is told apart at once, so that a long list does not cost quadratic time. */
export function distinct(this: Run, values: unknown): unknown {
  if (!Array.isArray(values) || values.length <= 1) return values
  const seen = new Set<unknown>()
  const alike = new Map<string, object[]>()
  const found = isSequence(values) ? sequenceOf() : []
  for (const value of values) {
    if (typeof value !== 'object' || value === null) {
      if (seen.has(value) && !Number.isNaN(value)) continue
      seen.add(value)
    } else {
      const digest = digestOf(value)
      const objects = alike.get(digest)
      if (objects?.some((object) => isDeepEqual(value, object, () => tick(this)))) continue
      if (objects) objects.push(value)
      else alike.set(digest, [value])
    }
    found.push(value)
  }
  return found
}
