import { faultOf } from './fault.ts'
import { type Run, tick } from './run.ts'
import { sequenceOf } from './sequence.ts'

// Synchronous ports of what jsonata.js 2.2.2 does with regular expressions, which is asynchronous there.

interface Match {
  readonly match: string
  readonly start: number
  readonly end: number
  readonly groups: (string | undefined)[]
}

/** A regular expression as JSONata's functions take it: a function that gives the matches in a text, one by one. */
export type Matcher = (text: string) => Generator<Match>

export function matcherOf(pattern: RegExp, position: number | undefined): Matcher {
  const regex = new RegExp(pattern)
  return function* matches(text) {
    let from = 0
    for (let isFirst = true; isFirst || from < text.length; isFirst = false) {
      regex.lastIndex = from
      const found = regex.exec(text)
      if (found === null) return
      if (!isFirst && found[0] === '') throw faultOf('D1004', position)
      from = regex.lastIndex
      yield { match: found[0], start: found.index, end: found.index + found[0].length, groups: found.slice(1) }
    }
  }
}

export function contains(text: string | undefined, token: string | Matcher | undefined): boolean | undefined {
  if (text === undefined || token === undefined) return undefined
  return typeof token === 'string' ? text.includes(token) : token(text).next().done !== true
}

export function match(this: Run, text: string | undefined, regex: Matcher, limit?: number): unknown[] | undefined {
  if (text === undefined) return undefined
  refuseNegative(limit, 'D3040', 3)
  if (limit === undefined || limit > 0) refuseMissing(regex)
  const found = sequenceOf()
  for (const { match, start, groups } of upTo(this, limit, regex(text))) found.push({ match, index: start, groups })
  return found
}

export function split(
  this: Run,
  text: string | undefined,
  separator: string | Matcher,
  limit?: number,
): string[] | undefined {
  if (text === undefined) return undefined
  refuseNegative(limit, 'D3020', 3)
  if (limit !== undefined && !(limit > 0)) return []
  refuseMissing(separator)
  if (typeof separator !== 'function') return text.split(separator, limit)
  const parts: string[] = []
  let start = 0
  for (const found of upTo(this, limit, separator(text))) {
    parts.push(text.slice(start, found.start))
    start = found.end
  }
  if (limit === undefined || parts.length < limit) parts.push(text.slice(start))
  return parts
}

export function replace(
  this: Run,
  text: string | undefined,
  pattern: string | Matcher,
  replacement: string,
  limit?: number,
): string | undefined {
  if (text === undefined) return undefined
  if (pattern === '') throw faultOf('D3010', undefined, { value: pattern, index: 2 })
  refuseNegative(limit, 'D3011', 4)
  if (limit !== undefined && !(limit > 0)) return text
  refuseMissing(pattern)
  const matches = typeof pattern === 'function' ? pattern(text) : occurrences(text, pattern)
  let result = ''
  let position = 0
  for (const found of upTo(this, limit, matches)) {
    result += text.substring(position, found.start)
    result += typeof pattern === 'function' ? substitute(replacement, found) : replacement
    position = found.start + found.match.length
  }
  return result + text.substring(position)
}

function* occurrences(text: string, token: string): Generator<Match> {
  for (let at = text.indexOf(token); at !== -1; at = text.indexOf(token, at + token.length)) {
    yield { match: token, start: at, end: at + token.length, groups: [] }
  }
}

function* upTo(run: Run, limit: number | undefined, matches: Generator<Match>): Generator<Match> {
  let count = 0
  if (limit !== undefined && !(limit > 0)) return
  for (const found of matches) {
    tick(run)
    yield found
    count++
    if (limit !== undefined && count >= limit) return
  }
}

/** The replacement with `$1` and the like filled in, `$$` as a dollar, `$0` as the whole match. */
function substitute(replacement: string, { match, groups }: Match): string {
  let filled = ''
  let position = 0
  for (let at = replacement.indexOf('$'); at !== -1; at = replacement.indexOf('$', position)) {
    filled += replacement.substring(position, at)
    position = at + 1
    const next = replacement.charAt(position)
    if (next === '$' || next === '0') {
      filled += next === '$' ? '$' : match
      position++
      continue
    }
    const digits = groups.length === 0 ? 1 : Math.floor(Math.log(groups.length) * Math.LOG10E) + 1
    let number = Number.parseInt(replacement.substring(position, position + digits), 10)
    if (digits > 1 && number > groups.length) {
      number = Number.parseInt(replacement.substring(position, position + digits - 1), 10)
    }
    if (Number.isNaN(number)) filled += '$'
    else {
      filled += groups[number - 1] ?? ''
      position += String(number).length
    }
  }
  return filled + replacement.substring(position)
}

function refuseNegative(limit: number | undefined, code: string, index: number): void {
  if (limit !== undefined && limit < 0) throw faultOf(code, undefined, { value: limit, index })
}

function refuseMissing(pattern: unknown): void {
  if (pattern === undefined) throw faultOf('T0410', undefined, { value: pattern, index: 2 })
}
