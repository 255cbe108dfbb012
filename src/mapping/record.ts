import type { RecordDefinition } from './definition.ts'
import type { Scope } from './expressions/compile.ts'
import { expressionText, type Field, FieldError } from './field.ts'
import { nothing } from './identity.ts'
import type { Draft } from './mapper.ts'
import { compilePlan, draftOf, type Plan, type RecordContext } from './plan.ts'
import { type Names, scopeOf } from './scope.ts'
import { textIn } from './text.ts'
import type { Webhook } from './webhook.ts'

/** What a mapping has come to so far. */
export interface Findings {
  add(draft: Draft): void
  /** Why a record gave nothing, though nothing is wrong. */
  skip(reason: string): void
  problem(where: string, error: unknown): void
}

/** A record of a mapper, compiled with the models of a source. */
export interface CompiledRecord {
  readonly name: string
  /** Whether the record applies; null: always. */
  readonly match: Field | null
  /** Reads every draft of a webhook that matched. Answers true where the records below are not to be asked. */
  collect(call: Call, findings: Findings): Promise<boolean>
}

/** A webhook that is being mapped, with what expressions see of it. */
export interface Call {
  readonly webhook: Webhook
  readonly names: Names
  readonly scope: Scope
}

export function compileRecord(record: RecordDefinition, context: RecordContext): CompiledRecord {
  const { compiler, at } = context
  const match = record.match === undefined ? null : compiler.expression(record.match, 'match', at)
  const guard = record.skip ?? record.fail
  const collect =
    guard === undefined
      ? collectItems(record, context)
      : collectReason(record.name, compiler.expression(guard, record.skip === undefined ? 'fail' : 'skip', at))
  return { name: record.name, match, collect }
}

function collectReason(name: string, reason: Field): CompiledRecord['collect'] {
  return async function collect({ webhook: { body }, scope }, findings) {
    const text = textIn(await reason.evaluate(body, scope), reason) ?? `${reason.label} of the mapper gave no reason`
    if (reason.label === 'skip') findings.skip(`record '${name}': ${text}`)
    else findings.problem(`record '${name}'`, new FieldError(text))
    return true
  }
}

function collectItems(record: RecordDefinition, context: RecordContext): CompiledRecord['collect'] {
  const { compiler, at } = context
  const each = record.each === undefined ? null : compiler.expression(record.each, 'each', at)
  const planFor = compilePlans(record, context)

  return async function collect(call, findings) {
    const { body } = call.webhook
    const { scope } = call
    let found = each === null ? body : each.evaluate(body, scope)
    if (found instanceof Promise) found = await found
    if (each !== null && (found === undefined || (Array.isArray(found) && found.length === 0))) {
      findings.skip(`record '${record.name}': each ${expressionText(each.text)} returned nothing`)
      return false
    }
    const elements = each !== null && Array.isArray(found) ? found : [found]
    for (const [index, element] of elements.entries()) {
      const where = elements.length > 1 ? `record '${record.name}', element ${index}` : `record '${record.name}'`
      try {
        let choice = planFor(element, each === null ? call : indexed(call, index))
        if (choice instanceof Promise) choice = await choice
        if (typeof choice.plan === 'string') findings.skip(`${where}: ${choice.plan}`)
        else findings.add(await draftOf(record.name, choice.plan, element, choice.scope))
      } catch (error) {
        findings.problem(where, error)
      }
    }
    return false
  }
}

function indexed({ webhook, names }: Call, index: number): Call {
  const more = { ...names, index }
  return { webhook, names: more, scope: scopeOf(webhook, more) }
}

interface Choice {
  /** The plan, or the reason why there is none. */
  readonly plan: Plan | string
  readonly scope: Scope
}

/** Chooses the plan for a record: its own, or that of its model where the source registers it. */
function compilePlans(record: RecordDefinition, context: RecordContext) {
  const { compiler, source, models, at } = context
  if (record.model === undefined) {
    const plan = compilePlan(record, null, context)
    return (_record: unknown, { scope }: Call): Choice | Promise<Choice> => ({ plan, scope })
  }
  const model = compiler.expression(record.model, 'model', at)
  const plans = new Map(
    Object.entries(models).map(([name, definition]) => [name, compilePlan(record, { name, ...definition }, context)]),
  )
  const registered = [...plans.keys()].join(', ') || 'none'
  const choose = (value: unknown, { webhook, names }: Call): Choice => {
    const name = textIn(value, model)
    if (name === undefined) throw nothing(model)
    const unknown = `model '${name.slice(0, 80)}' is not registered in source '${source}' (registered: ${registered})`
    return { plan: plans.get(name) ?? unknown, scope: scopeOf(webhook, { ...names, model: name }) }
  }
  return (element: unknown, call: Call): Choice | Promise<Choice> => {
    const value = model.evaluate(element, call.scope)
    return value instanceof Promise ? value.then((name) => choose(name, call)) : choose(value, call)
  }
}
