import type { Scope } from '../../../packages/jsonata-compile/index.ts'
import { isObject } from '../../json/kind.ts'
import type { RecordDefinition } from '../definition/definition.ts'
import type { ModelDefinition, ModelDefinitions } from '../definition/models.ts'
import { type Guess, type GuessRules, guess, namesIn, titleNames } from '../guess/guess.ts'
import type { Draft, DraftFields } from '../mapper.ts'
import { languageMistake, typeMistake } from './bare-word.ts'
import type { RequestDefaults } from './fetch.ts'
import { type Compiler, type Field, FieldError, isTruthy, literal, mapOf } from './field.ts'
import { idIn, isSourceType, nothing, typeIn, versionIn } from './identity.ts'
import { type Silence, silencesOf } from './silence.ts'
import { objectIn, textIn } from './text.ts'

export interface RecordContext {
  readonly source: string
  readonly models: ModelDefinitions
  readonly vars: Readonly<Record<string, unknown>>
  readonly compiler: Compiler
  readonly modelCompiler: Compiler
  readonly requestDefaults: RequestDefaults
  /** Where the definition has the record, such as `records[0]`. */
  readonly at: string
}

/** How one record, or one model of it, becomes a draft. */
export interface Plan {
  /** Its model; null for a record without models. */
  readonly model: string | null
  readonly type: Field
  readonly id: Field
  readonly version: Field
  readonly fields: Readonly<Record<ContentKey, Field>>
  readonly live: readonly Field[]
  /** What says whether the item is to be: evaluated first, and alone for a tombstone. */
  readonly identity: Field
  readonly content: Field
  /** True if the record is a removal by definition. */
  readonly isRemoval: boolean
  readonly guess: GuessRules | null
}

/** The member of a plan's content that holds what is guessed from. */
const guessFrom = 'guess from'

const textKeys = ['url', 'canonical_url', 'title', 'html', 'text', 'language', 'updated_at'] as const
const objectKeys = ['json', 'attributes'] as const
const contentKeys = [...textKeys, ...objectKeys] as const
type ContentKey = (typeof contentKeys)[number]
const wholeKeys = ['id', 'url', 'canonical_url'] as const

/** A record, or one model of it, compiled. What the model says stands before what the record says. */
export function compilePlan(
  record: RecordDefinition,
  model: (ModelDefinition & { readonly name: string }) | null,
  { compiler, modelCompiler, vars, at }: RecordContext,
): Plan {
  const ofRecord = (value: unknown, key: string) => compiler.template(value, key, at)
  const ofModel = (value: unknown, key: string) => modelCompiler.template(value, `models.${model?.name}.${key}`)
  const field = (key: ContentKey) =>
    model?.[key] === undefined ? ofRecord(record[key], key) : ofModel(model[key], key)
  /** An id or an address: one that lacks a part is another's. */
  const whole = (key: (typeof wholeKeys)[number]) => {
    if (model?.[key] !== undefined) return modelCompiler.whole(model[key], `models.${model.name}.${key}`)
    return record[key] === undefined ? literal(undefined, key) : compiler.whole(record[key], key, at)
  }

  const isModelType = model !== null
  const typeText = model?.type ?? record.type
  const type = isSourceType(typeText)
    ? literal(typeText, isModelType ? `models.${model.name}.type` : 'type')
    : isModelType
      ? ofModel(typeText, 'type')
      : ofRecord(typeText, 'type')
  const tell = (message: string, key: 'type' | 'language') =>
    model?.[key] === undefined
      ? compiler.mistake(message, key, at)
      : modelCompiler.mistake(message, `models.${model.name}.${key}`)
  const wrongType = typeMistake(typeText)
  if (wrongType !== null) tell(wrongType, 'type')
  const wrongLanguage = languageMistake(model?.language ?? record.language)
  if (wrongLanguage !== null) tell(wrongLanguage, 'language')
  const id = whole('id')
  const version = ofRecord(record.version, 'version')
  const live = [
    ofRecord(record.live ?? true, 'live'),
    ...(model?.live === undefined ? [] : [ofModel(model.live, 'live')]),
  ]
  const fields = Object.fromEntries(
    contentKeys.map((key) => [key, key === 'url' || key === 'canonical_url' ? whole(key) : field(key)]),
  ) as Record<ContentKey, Field>
  if (model?.json !== undefined && record.json !== undefined) {
    fields.json = laidOver(ofRecord(record.json, 'json'), fields.json)
  }
  const identity = mapOf(
    {
      type,
      id,
      version,
      removed: ofRecord(record.removed, 'removed'),
      live: live[0]!,
      ...(live[1] && { modelLive: live[1] }),
    },
    'identity',
  )
  const from = record.guess?.fields === undefined ? {} : { [guessFrom]: ofRecord(record.guess.fields, 'guess.fields') }
  return {
    model: model?.name ?? null,
    type,
    id,
    version,
    fields,
    live,
    identity,
    content: mapOf({ ...fields, ...from }, 'content'),
    isRemoval: record.live === false,
    guess: model === null && record.guess === undefined ? null : guessRulesOf(record, model, vars),
  }
}

/** Two fields that give objects: the members of the second stand over those of the first. */
function laidOver(base: Field, over: Field): Field {
  const both = mapOf({ base, over }, 'json')
  const made = (values: unknown) => {
    const { base: under, over: above } = values as Values
    return isObject(under) && isObject(above) ? { ...under, ...above } : (above ?? under)
  }
  return {
    ...over,
    parts: [base, over],
    evaluate(context, scope) {
      const values = both.evaluate(context, scope)
      return values instanceof Promise ? values.then(made) : made(values)
    },
  }
}

function guessRulesOf(
  record: RecordDefinition,
  model: ModelDefinition | null,
  vars: Readonly<Record<string, unknown>>,
): GuessRules {
  const used = contentKeys
    .filter((key) => key !== 'url' && key !== 'json' && key !== 'attributes')
    .flatMap((key) => namesIn(model?.[key] ?? record[key] ?? '', record.guess?.fields))
  const textOf = (value: unknown) => (typeof value === 'string' && value !== '' ? value.replace(/\/+$/, '') : undefined)
  return {
    origin: textOf(vars['origin']),
    mediaOrigin: textOf(vars['media_origin']),
    omit: new Set([...used, ...(record.guess?.omit ?? []), ...(record.guess?.omit_everywhere ?? [])]),
    omitEverywhere: new Set(record.guess?.omit_everywhere ?? []),
    only: model?.fields === undefined ? null : new Set(model.fields),
    ids: record.guess?.ids === undefined ? null : new RegExp(record.guess.ids),
  }
}

/** The draft of one record. Throws FieldError if a field is missing or is not what it must be. */
export async function draftOf(record: string, plan: Plan, element: unknown, scope: Scope): Promise<Draft> {
  let identity = plan.identity.evaluate(element, scope) as Values | Promise<Values>
  if (identity instanceof Promise) identity = await identity
  const type = typeIn(identity['type'], plan.type)
  const id = idIn(identity['id'], plan.id)
  const version = versionIn(identity['version'], plan.version)
  const certain = plan.isRemoval || isTruthy(identity['removed'])
  const isLive = isTruthy(identity['live']) && (plan.live.length === 1 || isTruthy(identity['modelLive']))
  if (certain || !isLive) return { kind: 'delete', record, type, id, version, certain }
  try {
    let content = plan.content.evaluate(element, scope) as Values | Promise<Values>
    if (content instanceof Promise) content = await content
    const fields: DraftFields = { type, id, ...contentOf(plan, content, element) }
    if (fields.url === undefined) throw missingUrl(plan)
    return { kind: 'upsert', record, ...(plan.model !== null && { model: plan.model }), version, fields }
  } catch (error) {
    if (!(error instanceof FieldError)) throw error
    throw new FieldError(`item '${id}': ${error.message}`, { cause: error.cause })
  }
}

/** The removal of a record. `element` is undefined if it is not there any more: then there is no version either. */
export async function removalOf(
  record: string,
  plan: Plan,
  element: unknown,
  scope: Scope,
): Promise<Extract<Draft, { kind: 'delete' }>> {
  const type = typeIn(await plan.type.evaluate(element, scope), plan.type)
  const id = idIn(await plan.id.evaluate(element, scope), plan.id)
  const version = element === undefined ? null : versionIn(await plan.version.evaluate(element, scope), plan.version)
  return { kind: 'delete', record, type, id, version, certain: true }
}

/**
 * What gave nothing where something was asked for. What every record must have (id, url) is an error then; that a record is not
 * removed is nothing new.
 */
export async function silencesIn(
  record: string,
  plan: Plan,
  element: unknown,
  scope: Scope,
  draft: Draft | null,
): Promise<readonly Silence[]> {
  const { version, live, content, fields, guess: rules } = plan
  if (draft?.kind === 'delete') {
    return draft.certain ? [] : silencesOf(record, [version, ...live], element, scope)
  }
  const silent = await silencesOf(record, [version, ...live, content], element, scope)
  const isUntitled = draft !== null && rules !== null && draft.fields.title === undefined
  const isGuessed = fields.title.parts !== undefined // no expression says it
  if (!isUntitled || !isGuessed) return silent
  return [...silent, { record, field: fields.title.label, expression: `guessed from ${titleNames.join(', ')}` }]
}

type Values = Readonly<Record<string, unknown>>

/** What the expressions gave, and if they gave nothing what can be guessed. */
function contentOf({ fields, guess: rules }: Plan, values: Values, element: unknown): Omit<DraftFields, 'type' | 'id'> {
  const content: Record<string, unknown> = {}
  for (const key of textKeys) content[key] = textIn(values[key], fields[key])
  for (const key of objectKeys) content[key] = objectIn(values[key], fields[key])
  if (rules !== null) {
    const guessed: Guess = guess(values[guessFrom] ?? element, rules)
    content['title'] ??= guessed.title
    content['url'] ??= guessed.url
    content['json'] = { ...guessed.json, ...(content['json'] as object | undefined) }
  }
  for (const key of contentKeys) if (content[key] === undefined) delete content[key]
  return content
}

function missingUrl({ fields: { url }, guess: rules }: Plan): FieldError {
  if (url.text !== '') return nothing(url)
  const missing = rules?.origin === undefined ? 'the source has no `vars.origin`' : 'the record has no `slug`'
  return new FieldError(`url: nothing says it, and it cannot be guessed: ${missing}`)
}
