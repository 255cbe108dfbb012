import type { Scope } from '../../../packages/jsonata-compile/index.ts'
import type { Proof } from '../../domain/proof.ts'
import { anyModel, type RecordDefinition } from '../definition/definition.ts'
import type { Draft, Fetched, OnSilence } from '../mapper.ts'
import type { Webhook } from '../webhook/webhook.ts'
import { compileFetch, type Element, type Resolved } from './fetch.ts'
import { expressionText, type Field, FieldError, isTruthy } from './field.ts'
import type { Findings } from './findings.ts'
import { nothing } from './identity.ts'
import { compilePlan, draftOf, type Plan, type RecordContext, removalOf, silencesIn } from './plan.ts'
import { type Names, scopeOf } from './scope.ts'
import { textIn } from './text.ts'
import { readsRequest, readsTopic, unprovenError, unprovenFindings } from './unproven.ts'

/** A record of a mapper, compiled with the models of a source. */
export interface CompiledRecord {
  readonly name: string
  /** Whether the record applies; null: always. */
  readonly match: Field | null
  /** Whether it gives a reason and no item: if it cannot be asked, the records below are not to be asked either. */
  readonly isGuard: boolean
  /** Whether `match` depends on the topic, or on the request besides its body. */
  readonly isChosenBy: { readonly topic: boolean; readonly request: boolean }
  /** Whether anything else in it depends on the topic. */
  readonly readsTopic: boolean
  /** Reads every draft of a webhook that matched. Answers true if the records below are not to be asked. */
  collect(call: Call, findings: Findings): Promise<boolean>
}

/** A webhook that is being mapped, with what expressions see of it. */
export interface Call {
  readonly webhook: Webhook
  readonly names: Names
  readonly scope: Scope
  readonly fetched: Fetched
  /** Is told what gave nothing; left out, nobody looks. */
  readonly onSilence?: OnSilence | undefined
  /** The proof, if something that it does not cover has chosen the record; else null. */
  readonly unproven: Proof | null
}

export function compileRecord(record: RecordDefinition, context: RecordContext): CompiledRecord {
  const { compiler, at } = context
  const match = record.match === undefined ? null : compiler.expression(record.match, 'match', at)
  const guard = record.skip ?? record.fail
  const collect =
    guard === undefined
      ? collectItems(record, context)
      : collectReason(
          record.name,
          record.skip === undefined ? compiler.expression(guard, 'fail', at) : compiler.whole(guard, 'skip', at),
        )
  const { match: matchText = '', skip: _skip, fail: _fail, ...rest } = record
  return {
    name: record.name,
    match,
    isGuard: guard !== undefined,
    isChosenBy: { topic: readsTopic(matchText), request: readsRequest(matchText) },
    readsTopic: guard === undefined && readsTopic(JSON.stringify(rest)),
    collect,
  }
}

/** A reason to skip has to be true: one that names what the webhook does not hold is an error, as in ids. */
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
  const choose = compilePlans(record, context)
  const collectFetched = record.fetch === undefined ? null : compileFetched(record, choose, context)
  const shape = record.shape === undefined ? null : compiler.expression(record.shape, 'shape', at)

  return async function collect(call, all) {
    const { body } = call.webhook
    const { scope, unproven } = call
    const shown = unproven !== null && shape !== null && isTruthy(await shape.evaluate(body, scope))
    if (unproven !== null && shape !== null && !shown) throw unprovenError(expressionText(shape.text))
    const findings = unproven === null ? all : unprovenFindings(all, unproven, shown)
    let found = each === null ? body : each.evaluate(body, scope)
    if (found instanceof Promise) found = await found
    if (each !== null && isNothing(found)) {
      const where = `record '${record.name}'`
      const text = expressionText(each.text)
      if (record.may_be_empty && found !== null) findings.skip(`${where}: each ${text} returned nothing`)
      else findings.problem(where, new FieldError(`each gave nothing (${text}): ${otherForm}`))
      return false
    }
    const elements = each !== null && Array.isArray(found) ? found : [found]
    const whereOf = (index: number) =>
      elements.length > 1 ? `record '${record.name}', element ${index}` : `record '${record.name}'`
    if (collectFetched !== null) await collectFetched(elements, call, { findings, whereOf })
    else {
      for (const [index, element] of elements.entries()) {
        const where = whereOf(index)
        try {
          await collectOne(record.name, choose, element, each === null ? call : named(call, { index }), findings, where)
        } catch (error) {
          findings.problem(where, error)
        }
      }
    }
    return false
  }
}

const otherForm = 'the webhook has another form than the mapper knows'

function isNothing(value: unknown): boolean {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0)
}

async function collectOne(
  record: string,
  choose: Choose,
  element: unknown,
  call: Call,
  findings: Findings,
  where: string,
): Promise<void> {
  let choice = choose(element, call)
  if (choice instanceof Promise) choice = await choice
  if (typeof choice === 'string') findings.skip(`${where}: ${choice}`)
  else if ('plan' in choice) {
    const { plan, scope } = choice
    let draft: Draft | null = null
    try {
      draft = await draftOf(record, plan, element, scope)
      findings.add(draft)
    } finally {
      if (call.onSilence) for (const one of await silencesIn(record, plan, element, scope, draft)) call.onSilence(one)
    }
  } else await collectRemovals(record, choice, element, findings, where)
}

/** Whatever model the record had: only what the relay has sent is taken away. */
async function collectRemovals(
  record: string,
  choices: readonly Choice[],
  element: unknown,
  findings: Findings,
  where: string,
): Promise<void> {
  if (choices.length === 0) findings.skip(`${where}: no model is registered`)
  for (const { plan, scope } of choices) {
    findings.add({ ...(await removalOf(record, plan, element, scope)), certain: false })
  }
}

interface Report {
  readonly findings: Findings
  readonly whereOf: (index: number) => string
}

type CollectFetched = (elements: readonly unknown[], call: Call, report: Report) => Promise<void>

/** The records that elements stand for, as far as they are known. */
function compileFetched(record: RecordDefinition, choose: Choose, context: RecordContext): CollectFetched {
  const { compiler, at, requestDefaults: defaults } = context
  const fetch = compileFetch(record.fetch!, { defaults, version: record.version, compiler, at })

  /** What the webhook alone says of an element's model, if that is enough to leave it. */
  async function refusal(element: unknown, call: Call): Promise<string | null> {
    if (record.model === undefined) return null
    const choice = await choose(undefined, named(call, { ref: element }), true)
    return typeof choice === 'string' ? choice : null
  }

  async function collectResolved(state: Resolved, element: unknown, call: Call, findings: Findings, where: string) {
    switch (state.kind) {
      case 'asked':
        return
      case 'failed':
        throw new FieldError(`fetch: ${state.error}`)
      case 'gone': {
        if (state.expected && !call.fetched.acceptsOlder)
          return findings.late(where, 'the API does not have the record yet')
        const choice = await choose(undefined, named(call, { ref: element }), true)
        if (typeof choice === 'string') return findings.skip(`${where}: ${choice}`)
        if (!('plan' in choice)) return collectRemovals(record.name, choice, undefined, findings, where)
        return findings.add(await removalOf(record.name, choice.plan, undefined, choice.scope))
      }
      case 'record': {
        const { older, names } = state
        if (older !== null && !call.fetched.acceptsOlder) return findings.late(where, older)
        await collectOne(record.name, choose, state.context, named(call, names), findings, where)
        // What there is goes out, and somebody is told that it is not what was announced.
        if (older !== null) throw new FieldError(`fetch: ${older}`)
      }
    }
  }

  return async function collectFetched(elements, call, { findings: all, whereOf }) {
    const findings: Findings = { ...all, add: (draft) => all.add({ ...draft, isFetched: true }) }
    const wanted: Element[] = []
    for (const [index, value] of elements.entries()) {
      try {
        const reason = await refusal(value, call)
        if (reason === null) wanted.push({ index, value })
        else findings.skip(`${whereOf(index)}: ${reason}`)
      } catch (error) {
        findings.problem(whereOf(index), error)
      }
    }
    const states = await fetch.resolve(wanted, call, findings.ask)
    for (const [position, { index, value }] of wanted.entries()) {
      const state = states[position]
      try {
        if (state === undefined || state instanceof FieldError) throw state
        await collectResolved(state, value, named(call, { index }), findings, whereOf(index))
      } catch (error) {
        findings.problem(whereOf(index), error)
      }
    }
  }
}

function named(call: Call, more: Partial<Names>): Call {
  const names = { ...call.names, ...more }
  return { ...call, names, scope: scopeOf(call.webhook, names) }
}

interface Choice {
  readonly plan: Plan
  readonly scope: Scope
}

/**
 * Chooses the plan for a record: its own, or that of its model if the source registers it, else the reason why there is
 * none. Several: the record is gone and nothing says of which model it was. `isGone`: there is no record to look at.
 */
type Choose = (record: unknown, call: Call, isGone?: boolean) => Chosen | Promise<Chosen>
type Chosen = Choice | readonly Choice[] | string

function compilePlans(record: RecordDefinition, context: RecordContext): Choose {
  const { compiler, source, models, at } = context
  if (record.model === undefined && record.type !== anyModel) {
    const plan = compilePlan(record, null, context)
    return (_record, { scope }) => ({ plan, scope })
  }
  const plans = new Map(
    Object.entries(models).map(([name, definition]) => [name, compilePlan(record, { name, ...definition }, context)]),
  )
  const registered = [...plans.keys()].join(', ') || 'none'
  const choiceOf = (name: string, plan: Plan, { webhook, names }: Call): Choice => ({
    plan,
    scope: scopeOf(webhook, { ...names, model: name }),
  })
  const every = (call: Call): readonly Choice[] => [...plans].map(([name, plan]) => choiceOf(name, plan, call))
  if (record.model === undefined) return (_record, call) => every(call)

  const model = compiler.expression(record.model, 'model', at)
  const choose = (value: unknown, call: Call, isGone: boolean): Chosen => {
    const name = textIn(value, model)
    if (name === undefined && isGone) return every(call)
    if (name === undefined) throw nothing(model)
    const plan = plans.get(name)
    if (plan !== undefined) return choiceOf(name, plan, call)
    return `model '${name.slice(0, 80)}' is not registered in source '${source}' (registered: ${registered})`
  }
  return (element, call, isGone = false) => {
    const value = model.evaluate(element, call.scope)
    return value instanceof Promise ? value.then((name) => choose(name, call, isGone)) : choose(value, call, isGone)
  }
}
