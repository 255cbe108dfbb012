import { maxValues, refuseEndless, refuseEndlessLists } from './bounds.ts'
import { builtin } from './builtin.ts'
import { faultOf } from './fault.ts'
import { maxSequence, type Sequence, sequenceOf, setOwn } from './sequence.ts'

// Ports of the small functions inside jsonata.js 2.2.2 (utils and functions), which it does not export.

export function isNumeric(value: unknown): value is number {
  if (typeof value !== 'number' || Number.isNaN(value)) return false
  if (!Number.isFinite(value)) throw faultOf('D1001', undefined, { value })
  return true
}

export function isArrayOfNumbers(value: unknown): value is number[] {
  if (!Array.isArray(value)) return false
  let all = true
  for (const entry of value) if (!isNumeric(entry)) all = false
  return all
}

/** JSONata's effective boolean; nothing is false. */
export function isTruthy(value: unknown): boolean {
  if (typeof value === 'boolean') return value
  if (typeof value === 'string') return value.length > 0
  if (typeof value === 'number') return isNumeric(value) && value !== 0
  if (typeof value !== 'object' || value === null) return false
  if (!Array.isArray(value)) return Object.keys(value).length > 0
  refuseEndlessLists(value)
  let some = false
  for (const entry of value) if (isTruthy(entry)) some = true
  return some
}

const slowText = builtin('string').implementation

/** The text of a value as `$string` and `&` give it; nothing is empty. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  if (value === undefined) return ''
  if (typeof value === 'boolean' || value === null || Number.isInteger(value)) return String(value)
  refuseEndless(value)
  return slowText.call(undefined, value) as string
}

/** Whether two values are the same all through. `step` is called for each two that are looked into, and may throw. */
export function isDeepEqual(left: unknown, right: unknown, step?: () => void): boolean {
  if (left === right) return true
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false
  return isEqual(left, right, step ?? countdown(maxValues))
}

function countdown(steps: number): () => void {
  let left = steps
  return () => {
    if (left-- === 0) throw faultOf('D1014', undefined)
  }
}

function isEqual(left: unknown, right: unknown, step: () => void): boolean {
  if (left === right) return true
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false
  step()
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && left.every((entry, at) => isEqual(entry, right[at], step))
  }
  const keys = namesOf(left)
  const others = namesOf(right)
  if (keys.length !== others.length || keys.some((key, at) => key !== others[at])) return false
  return keys.every((key) => isEqual(Reflect.get(left, key), Reflect.get(right, key), step))
}

/** The same text for equal values, another for most that are not. */
export function digestOf(value: object): string {
  const members = namesOf(value).map((name) => {
    const member: unknown = Reflect.get(value, name)
    return typeof member === 'object' ? name : `${name}:${String(member)}`
  })
  return members.join('\n')
}

function namesOf(value: object): string[] {
  const names = Object.getOwnPropertyNames(value)
  return (Array.isArray(value) ? names.filter((name) => !marks.has(name)) : names).sort()
}
const marks = new Set(['sequence', 'keepSingleton', 'outerWrapper', 'cons', 'push'])

/** Two values as one list; nothing does not count. */
export function append(first: unknown, second: unknown): unknown {
  if (first === undefined) return second
  if (second === undefined) return first
  const head = Array.isArray(first) ? first : [first]
  const tail = Array.isArray(second) ? second : [second]
  if (head.length + tail.length > maxSequence) throw faultOf('D2015', undefined)
  return head.concat(tail)
}

/** The own property of an object, or those of the objects in an array. */
export function property(input: unknown, name: string): unknown {
  if (typeof input !== 'object' || input === null) return undefined
  if (!Array.isArray(input)) return Object.hasOwn(input, name) ? (input as Record<string, unknown>)[name] : undefined
  refuseEndlessLists(input)
  const found: Sequence = sequenceOf()
  for (const entry of input) {
    const value = property(entry, name)
    if (value === undefined) continue
    if (Array.isArray(value)) for (const one of value) found.push(one)
    else found.push(value)
  }
  return found
}

/** The names of an object, or of the objects in an array, each once. */
export function keysOf(input: unknown): Sequence {
  if (Array.isArray(input)) {
    const names: Record<string, true> = Object.create(null)
    for (const entry of input) for (const name of keysOf(entry)) names[name as string] = true
    return sequenceOf(Object.keys(names))
  }
  return typeof input === 'object' && input !== null ? sequenceOf(Object.keys(input)) : sequenceOf()
}

/** Objects with one property each. */
export function spread(input: unknown): unknown {
  if (Array.isArray(input)) {
    return input.reduce<unknown>((found, entry) => append(found, spread(entry)), sequenceOf())
  }
  if (typeof input !== 'object' || input === null) return input
  return sequenceOf(Object.entries(input).map(([key, value]) => record(key, value)))
}

function record(key: string, value: unknown): Record<string, unknown> {
  const one: Record<string, unknown> = {}
  setOwn(one, key, value)
  return one
}

/** One object of several; later ones win. */
export function merge(inputs: readonly unknown[] | undefined): Record<string, unknown> | undefined {
  if (inputs === undefined) return undefined
  const merged: Record<string, unknown> = {}
  for (const input of inputs) {
    if (typeof input !== 'object' || input === null) continue
    for (const [key, value] of Object.entries(input)) setOwn(merged, key, value)
  }
  return merged
}
