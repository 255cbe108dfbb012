import type { Group, Node } from './ast.ts'
import type { Compiler } from './compiler.ts'
import { faultOf } from './fault.ts'
import { type Code, type Run, tick } from './run.ts'
import { isCons, isSequence, markCons, maxSequence, plain, setOwn } from './sequence.ts'
import { append } from './values.ts'

interface Pair {
  readonly key: Code
  readonly value: Code
}

/** `{…}`: an object. Over an array it groups the array's values by key. */
export function compileObject(node: Node, compiler: Compiler, tail: boolean): Code {
  const pairs = node.lhs as Group['lhs']
  const position = node.position
  const group = compileGrouping({ lhs: pairs, ...(position === undefined ? {} : { position }) }, compiler, tail)
  const names = pairs.map(([key]) => (key.type === 'string' && !key.predicate && !key.group ? key.value : undefined))
  if (new Set(names).size < names.length || names.some((name) => name === undefined || isReserved(name))) return group

  const values = pairs.map(([, value]) => compiler.inside(() => compiler.compile(value, tail)))
  return (input, frame) => {
    if (Array.isArray(input)) return group(input, frame)
    const object: Record<string, unknown> = {}
    for (let at = 0; at < values.length; at++) {
      const value = values[at]!(input, frame)
      if (value !== undefined) setOwn(object, names[at] as string, held(value, tail, frame.run))
    }
    return object
  }
}

/** Groups values by key and evaluates each key's expression over its group. */
export function compileGrouping({ lhs, position }: Group, compiler: Compiler, tail: boolean): Code {
  const pairs: Pair[] = lhs.map(([key, value]) => ({
    key: compiler.compile(key, false),
    value: compiler.inside(() => compiler.compile(value, tail)),
  }))
  return (input, frame) => {
    const items = !Array.isArray(input) ? [input] : input.length === 0 ? [undefined] : input
    const groups = new Map<string, { items: unknown; readonly pair: Pair; readonly more: unknown[] }>()
    for (const item of items) {
      tick(frame.run)
      for (const pair of pairs) {
        const key = pair.key(item, frame)
        if (key === undefined) continue
        if (typeof key !== 'string') throw faultOf('T1003', position, { value: key })
        if (isReserved(key)) throw faultOf('D1013', position, { value: key })
        const group = groups.get(key)
        if (!group) groups.set(key, { items: item, pair, more: [] })
        else if (group.pair !== pair) throw faultOf('D1009', position, { value: key })
        else if (item !== undefined) group.more.push(item)
      }
    }
    const object: Record<string, unknown> = {}
    for (const [key, { items, pair, more }] of groups) {
      const value = pair.value(together(items, more), frame)
      if (value !== undefined) setOwn(object, key, held(value, tail, frame.run))
    }
    return object
  }
}

/** The items of one group: `append` one after the other, without its copy for each. */
function together(first: unknown, more: readonly unknown[]): unknown {
  if (more.length === 0) return first
  const all = first === undefined ? append(undefined, more[0]) : first
  const rest = first === undefined ? more.slice(1) : more
  return rest.length === 0
    ? all
    : append(
        all,
        rest.flatMap((item) => item as never),
      )
}

function isReserved(key: unknown): boolean {
  return key === '_jsonata_lambda' || key === '_jsonata_function'
}

/** `[…]`: an array of all values; only what is written as an array inside stays one. */
export function compileArray(node: Node, compiler: Compiler, tail: boolean): Code {
  const entries = node.expressions!.map((entry) => ({
    code: compiler.inside(() => compiler.compile(entry, tail)),
    isArray: entry.value === '[',
  }))
  const isStep = node.consarray === true
  return (input, frame) => {
    const array: unknown[] = []
    for (const { code, isArray } of entries) {
      const value = code(input, frame)
      if (value === undefined) continue
      if (isArray || !Array.isArray(value)) array.push(held(value, tail, frame.run))
      else for (let at = 0; at < value.length; at++) array.push(value[at])
      if (array.length > maxSequence) throw faultOf('D2015', node.position)
    }
    if (!isStep) return array
    frame.run.nested = true
    return markCons(array)
  }
}

/** A value on its way into an array or object: if nothing will look at it again its marks go, else we remember. */
export function held(value: unknown, tail: boolean, run: Run): unknown {
  if (!Array.isArray(value)) return value
  if (tail && !isCons(value)) return plain(value)
  if (isSequence(value) || isCons(value)) run.nested = true
  return value
}
