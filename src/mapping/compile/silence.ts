import { compileExpression, type Leaf, type Scope } from '../../../packages/jsonata-compile/index.ts'
import { functions } from '../functions/table.ts'
import type { Field } from './field.ts'
import { scopeNames } from './scope.ts'

/** An expression that gave nothing for a record. */
export interface Silence {
  readonly record: string
  /** As in `title`, `json.product.sku`, `models.article.title`. */
  readonly field: string
  readonly expression: string
}

/** How often an expression gave nothing in one webhook. */
export interface CountedSilence extends Silence {
  readonly count: number
}

/** For one evaluation, with which only the preview and `map` look. */
const timeLimitMs = 250

type Look = (context: unknown, scope: Scope) => Promise<readonly Leaf[]>

/** What gave nothing of fields that are evaluated once more, each leaf of a template by itself. What fails is told elsewhere. */
export async function silencesOf(
  record: string,
  fields: readonly Field[],
  context: unknown,
  scope: Scope,
): Promise<readonly Silence[]> {
  const found: Silence[] = []
  for (const { label, text } of fields.flatMap(expressionsIn)) {
    for (const leaf of await lookerOf(text)(context, scope)) {
      found.push({ record, field: label + leaf.path, expression: (leaf.text ?? text).replace(/\s+/g, ' ').trim() })
    }
  }
  return found
}

/** The expressions that a field is put together of. */
function expressionsIn(field: Field): readonly Field[] {
  return field.parts === undefined ? [field] : field.parts.flatMap(expressionsIn)
}

function lookerOf(text: string): Look {
  const known = lookers.get(text)
  if (known) return known
  let silent = new Set<Leaf>()
  const onNothing = (leaf: Leaf) => silent.add(leaf)
  const options = { functions, timeLimitMs, nullIsEmpty: true, names: scopeNames, onNothing }
  const { evaluate } = compileExpression(text, options)
  let before: Promise<unknown> = Promise.resolve()
  const look: Look = (context, scope) => {
    // One after the other: the leaves of one evaluation are told from those of another by nothing else.
    const result = before.then(async () => {
      silent = new Set()
      try {
        await evaluate(context, scope)
      } catch {
        return []
      }
      return [...silent]
    })
    before = result
    return result
  }
  if (lookers.size >= 500) lookers.clear()
  lookers.set(text, look)
  return look
}

const lookers = new Map<string, Look>()

/** Gathers silences, the same of many records as one. */
export function createSilences() {
  const counted = new Map<string, CountedSilence>()
  return {
    add(silence: Silence): void {
      const key = JSON.stringify(silence)
      counted.set(key, { ...silence, count: (counted.get(key)?.count ?? 0) + 1 })
    },
    list: (): readonly CountedSilence[] => [...counted.values()],
  }
}
