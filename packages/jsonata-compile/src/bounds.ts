import { faultOf } from './fault.ts'
import { maxSequence } from './sequence.ts'

// A function of JavaScript can't be interrupted, so what goes into one and comes out of one is bounded. The clock is only
// looked at between calls.

/** The longest text that an expression works with. Characters. */
const maxText = 10_000_000

/** The widest `$pad`. */
const maxWidth = 1_000_000

/** How many values a result, or what is written out as text, may hold. */
export const maxValues = 1_000_000

/** Text of a length that can be worked with. Throws a fault. */
export function boundedText(text: string): string {
  if (text.length > maxText) throw faultOf('D1014', undefined)
  return text
}

/** Made once for a function of JSONata: refuses arguments that one call of it would work on for too long. It throws a fault. */
export function hugeGuardOf(name: string): (values: readonly unknown[]) => void {
  const look = lookOf(name)
  return (values) => {
    for (let at = 0; at < values.length; at++) {
      const value = values[at]
      if (typeof value === 'string') boundedText(value)
      else if (Array.isArray(value) && value.length > maxSequence) throw faultOf('D2015', undefined)
    }
    look?.(values)
  }
}

function lookOf(name: string): ((values: readonly unknown[]) => void) | null {
  if (name === 'join') return refuseLongJoin
  if (writesOut.has(name)) return (values) => refuseEndless(values[0])
  return entersLists.has(name) ? (values) => refuseEndlessLists(values[0]) : null
}

const writesOut = new Set(['string', 'clone'])
const entersLists = new Set(['boolean', 'not', 'keys', 'lookup', 'spread'])

/** Refuses a join whose text would be too long, before it is made. */
function refuseLongJoin([texts, separator]: readonly unknown[]): void {
  if (!Array.isArray(texts)) return
  let length = typeof separator === 'string' ? separator.length * texts.length : 0
  for (const text of texts) length += typeof text === 'string' ? text.length : 0
  if (length > maxText) throw faultOf('D1014', undefined)
}

/**
 * Refuses a value that holds too many others, each counted as often as it is reached: a value that holds one value twice,
 * over and over, is small in memory and endless as JSON. Throws a fault.
 */
export function refuseEndless(value: unknown): void {
  if (typeof value === 'object' && value !== null) count(value, isObject)
  else if (typeof value === 'string') boundedText(value)
}

/** As `refuseEndless`, of lists within lists alone: names and conditions look into those. Throws a fault. */
export function refuseEndlessLists(value: unknown): void {
  if (Array.isArray(value) && value.some(Array.isArray)) count(value, Array.isArray)
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null
}

function count(value: object, enters: (member: unknown) => boolean): void {
  let left = maxValues
  let characters = 2 * maxText
  const waiting: object[] = [value]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const members: readonly unknown[] = Array.isArray(next) ? next : Object.values(next)
    left -= members.length
    for (const member of members) {
      if (enters(member)) waiting.push(member as object)
      else if (typeof member === 'string') characters -= member.length
    }
    if (left < 0 || characters < 0) throw faultOf('D1014', undefined)
  }
}

/** `$pad(text, width, sign?)`: as JSONata's, counted in code points, without a list of them. */
export function pad(text: string | undefined, width: number, sign?: string): string | undefined {
  if (text === undefined) return undefined
  const wanted = Math.abs(width)
  if (!(wanted <= maxWidth)) throw faultOf('D1014', undefined)
  boundedText(text)
  let length = 0
  for (const _point of text) length++
  const missing = Math.floor(wanted - length)
  if (missing <= 0) return text
  const points = [...(sign === undefined || sign === '' ? ' ' : sign.slice(0, 2 * maxWidth))]
  const whole = points.join('').repeat(Math.floor(missing / points.length))
  const padding = whole + points.slice(0, missing % points.length).join('')
  return width < 0 ? padding + text : text + padding
}
