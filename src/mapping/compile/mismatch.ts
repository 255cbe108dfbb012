import { compileExpression, type Expression, type Scope } from '../../../packages/jsonata-compile/index.ts'
import type { RecordDefinition } from '../definition/definition.ts'
import { functions } from '../functions/table.ts'
import { expressionText, isTruthy } from './field.ts'

/** How many records a reason names. */
const shown = 4

export type ExplainMismatch = (body: unknown, scope: Scope) => Promise<string>

/**
 * Says of a webhook that no record matched which records were nearest, each with the first part of its `match` that does
 * not hold. The parts are compiled when the first such webhook comes.
 */
export function createMismatch(records: readonly RecordDefinition[], timeLimitMs: number): ExplainMismatch {
  let tried: readonly Tried[] | undefined
  return async function explain(body, scope) {
    tried ??= records.flatMap((record) => triedOf(record, timeLimitMs))
    const misses: Miss[] = []
    for (const one of tried) {
      const held = heldOf(one, body, scope)
      misses.push({ ...one, held: held instanceof Promise ? await held : held })
    }
    const nearest = misses.toSorted((a, b) => b.held - a.held).slice(0, shown)
    const texts = nearest.map(({ name, parts, held }) => `record '${name}': ${partText(parts, held)} does not hold`)
    const rest = misses.length - nearest.length
    return [...texts, ...(rest > 0 ? [`and ${rest} more`] : [])].join('; ')
  }
}

interface Miss extends Tried {
  /** How many parts hold before the first that does not. */
  readonly held: number
}

interface Tried {
  readonly name: string
  readonly parts: readonly Expression[]
}

/** Records that give a reason and no item are not what somebody misses. */
function triedOf({ name, match, skip, fail }: RecordDefinition, timeLimitMs: number): readonly Tried[] {
  if (match === undefined || skip !== undefined || fail !== undefined) return []
  const compile = (text: string) => compileExpression(text, { functions, timeLimitMs })
  try {
    return [{ name, parts: partsOf(match).map(compile) }]
  } catch {
    return [{ name, parts: [compile(match)] }] // cut in a wrong place: the whole was compiled before
  }
}

/** How many parts hold before the first that does not. A promise only if one has to be waited for. */
function heldOf({ parts }: Tried, body: unknown, scope: Scope): number | Promise<number> {
  for (const [held, part] of parts.entries()) {
    try {
      const value = part.evaluate(body, scope)
      if (value instanceof Promise) return heldSlowly(parts, body, scope)
      if (!isTruthy(value)) return held
    } catch {
      return held // what fails does not hold
    }
  }
  return parts.length
}

async function heldSlowly(parts: readonly Expression[], body: unknown, scope: Scope): Promise<number> {
  const values = await Promise.allSettled(parts.map(async (part) => part.evaluate(body, scope)))
  const first = values.findIndex((one) => one.status === 'rejected' || !isTruthy(one.value))
  return first === -1 ? parts.length : first
}

function partText(parts: readonly Expression[], held: number): string {
  return expressionText(parts[held]?.text ?? parts.map(({ text }) => text).join(' and '))
}

/** What an expression joins with `and`; itself if something else joins its ends. */
export function partsOf(text: string): readonly string[] {
  const ends: number[] = []
  let depth = 0
  for (const { 0: token, index } of text.matchAll(tokens)) {
    if ('([{'.includes(token)) depth++
    else if (')]}'.includes(token)) depth--
    else if (depth > 0 || /^["'`]/.test(token)) continue
    else if (token === 'and') ends.push(index)
    else if (token === '?' || token === ':=' || token === ';' || token === '~>' || token === 'or') return [text.trim()]
  }
  const starts = [0, ...ends.map((end) => end + 'and'.length)]
  return starts.map((start, at) => text.slice(start, ends[at] ?? text.length).trim())
}

/** Texts and names in quotes as wholes, so that nothing in them counts. */
const tokens =
  /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`|[()[\]{}?;]|:=|~>|(?<=[\s)\]}"'`])(?:and|or)(?=[\s([{"'`$])/g
