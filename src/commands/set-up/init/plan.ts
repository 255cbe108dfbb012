import { RelayError } from '../../../domain/errors.ts'
import { sourceTypes } from '../../../domain/ingest-item.ts'
import { describeUnknown } from '../../../domain/unknown-name.ts'
import type { Definition } from '../../../mapping/library/bind.ts'
import type { MapperLibrary } from '../../../mapping/library/load.ts'
import { UsageError } from '../../shared/failure.ts'
import { type NamedVar, needsOf } from '../mapper-needs.ts'
import { isHostName } from './host-name.ts'
import { type InitModel, mistakeInField, mistakeInPath, mistakeInType, readModel, typeOfModel } from './model.ts'
import type { InitOptions } from './options.ts'
import type { Answer, Ask } from './questions.ts'
import { formOfVar, readVarValue } from './var-value.ts'

/** What a source is to be, before its secrets. */
export interface InitPlan {
  readonly definition: Definition
  /** Its documentation; null for a mapper of the user's own. */
  readonly page: string | null
  readonly source: string
  readonly site: string
  readonly vars: Readonly<Record<string, unknown>>
  readonly models: readonly InitModel[]
}

/** What is there already, if a source is added. */
export interface Known {
  readonly sources: readonly string[]
  /** Host of the site of the destination. */
  readonly site: string | null
}

/** From the command line, and from answers to what it leaves out. Throws UsageError if nobody can be asked for what is needed. */
export async function planOf(
  options: InitOptions,
  library: MapperLibrary,
  known: Known,
  ask: Ask | null,
): Promise<InitPlan> {
  const definition = await definitionOf(options.mapper, library, ask)
  const source = await sourceOf(options.source, definition.name, known.sources, ask)
  const site = await siteOf(options.site, known.site, ask)
  const vars = await varsOf(definition, options.var, ask)
  const models = needsOf(definition).models ? await modelsOf(definition, options.model, vars, ask) : []
  const isBuiltIn = library.list().some(({ name, origin }) => name === definition.name && origin === 'built-in')
  const page = isBuiltIn ? `docs/cms/${definition.name}.md` : null
  return { definition, page, source, site, vars, models }
}

async function definitionOf(given: string | undefined, library: MapperLibrary, ask: Ask | null): Promise<Definition> {
  if (given === undefined && ask === null) {
    throw new UsageError(`say which CMS: npx cms-relay init NAME --site HOST (there is ${library.names.join(', ')})`)
  }
  const choices = library.list().map(({ name, title }) => ({ name, title }))
  const name = given ?? (await ask!.choice('Which CMS sends the webhooks?', choices))
  const definition = library.names.includes(name) ? library.get(name) : undefined
  if (definition) return definition
  throw new RelayError('not_found', describeUnknown('mapper', name, library.names))
}

async function sourceOf(
  given: string | undefined,
  mapper: string,
  taken: readonly string[],
  ask: Ask | null,
): Promise<string> {
  if (given !== undefined) {
    const mistake = mistakeInSource(given, taken)
    if (mistake === null) return given
    throw new UsageError(`--source '${given}': ${mistake}`)
  }
  const preset = freeName(mapper, taken)
  if (ask === null) return preset
  return ask.text(`Name of the source, which is in its URL [${preset}]`, (text) => {
    const name = text.trim() || preset
    const mistake = mistakeInSource(name, taken)
    return mistake === null ? { value: name } : { mistake: `That does not do: ${mistake}.` }
  })
}

function freeName(name: string, taken: readonly string[]): string {
  for (let number = 1; ; number++) {
    const free = number === 1 ? name : `${name}-${number}`
    if (!taken.includes(free)) return free
  }
}

function mistakeInSource(name: string, taken: readonly string[]): string | null {
  if (taken.includes(name)) return 'there is a source of that name already'
  const isName = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/.test(name)
  return isName ? null : 'names are letters, digits, - and _, at most 64'
}

async function siteOf(given: string | undefined, preset: string | null, ask: Ask | null): Promise<string> {
  if (given !== undefined) {
    const site = hostIn(given)
    if (site === null) throw new UsageError(`--site '${given}' is no host name such as example.com`)
    return site
  }
  if (preset !== null) return preset
  if (ask === null) throw new UsageError('say where the public site is: --site HOST, such as example.com')
  return ask.text('Host of the public site, such as example.com', (text) => {
    const site = hostIn(text.trim().replace(/^(https?:\/\/[^/?#]+)[/?#].*$/i, '$1'))
    return site === null ? { mistake: 'That is no host name such as example.com.' } : { value: site }
  })
}

/** The host of a url or of a host alone, with its port; null if it is none. */
function hostIn(text: string): string | null {
  const url = URL.parse(text.includes('://') ? text : `https://${text}`)
  const isHost = url !== null && /^https?:$/.test(url.protocol) && url.pathname === '/' && url.search === ''
  return isHost && isHostName(url.hostname) ? url.host : null
}

/** Values of vars that are given, and of those that the site does not tell. An empty answer leaves a variable in its place. */
async function varsOf(
  definition: Definition,
  pairs: readonly string[],
  ask: Ask | null,
): Promise<Record<string, unknown>> {
  const vars: Record<string, unknown> = {}
  for (const pair of pairs) {
    const [, name = '', text = ''] = /^([^=]+)=(.*)$/s.exec(pair) ?? []
    const declared = Object.hasOwn(definition.vars, name) ? definition.vars[name] : undefined
    if (!declared) {
      throw new UsageError(`--var: ${describeUnknown('var', name || pair, Object.keys(definition.vars))}`)
    }
    const read = readVarValue(text, name, declared)
    if ('mistake' in read) throw new UsageError(`--var ${name}: it ${read.mistake}`)
    vars[name] = read.value
  }
  if (ask === null) return vars
  const { required, optional } = needsOf(definition)
  // A wrong currency is seen late, so it is asked for although there is a default.
  for (const one of [...required, ...optional.filter(({ format }) => format === 'currency')]) {
    if (Object.hasOwn(vars, one.name) || (one.format === 'origin' && one.name === 'origin')) continue
    const value = await ask.text(varQuestion(one), (text) => readVarAnswer(text, one))
    if (value !== undefined) vars[one.name] = value
  }
  return vars
}

function varQuestion(one: NamedVar): string {
  const form = formOfVar(one)
  const empty = one.required ? 'Enter: later, in .env' : `Enter: ${String(one.default ?? 'none')}`
  const about = one.description?.replace(/\s+/g, ' ').replace(/\.$/, '') ?? `The var ${one.name}`
  return `${about}\n  ${one.name} (${[form, empty].filter(Boolean).join('; ')})`
}

function readVarAnswer(text: string, one: NamedVar): Answer<unknown> {
  if (text.trim() === '') return { value: undefined }
  if (one.format === 'list' && /^[^,"[]+\s[^,]+$/.test(text.trim())) {
    return { mistake: `Put commas between them: ${text.trim().split(/\s+/).join(', ')}` }
  }
  const read = readVarValue(text, one.name, one)
  return 'mistake' in read ? { mistake: `It ${read.mistake}.` } : read
}

async function modelsOf(
  definition: Definition,
  given: readonly string[],
  vars: Readonly<Record<string, unknown>>,
  ask: Ask | null,
): Promise<readonly InitModel[]> {
  const models = given.map((text) => {
    const model = readModel(text)
    if ('mistake' in model) throw new UsageError(`--model '${text}': ${model.mistake}`)
    return model
  })
  if (models.length > 0 || ask === null) return models
  const { setup } = definition
  const called = setup?.model?.called ?? 'name of the content type'
  const slugs = Object.values(typeof vars['collections'] === 'object' ? { ...vars['collections'] } : {}).map(String)
  ask.say('\nOnly the models that you name are sent.')
  for (;;) {
    const preset = slugs[models.length]
    const name = await ask.text(modelQuestion(called, models.length, preset), (text) => {
      if (text.trim() === '-' && models.length > 0) return { value: '' }
      const name = text.trim() === '-' ? '' : text.trim() || preset || ''
      if (name === '' && models.length === 0) return { mistake: 'Name one: without a model, nothing is sent.' }
      return models.some((one) => one.name === name) ? { mistake: 'You have named it already.' } : { value: name }
    })
    if (name === '') return models
    const model = await modelOf(name, setup?.model?.slug !== undefined, ask)
    models.push(setup?.model?.text === undefined ? model : { ...model, ...(await fieldOf(ask)) })
  }
}

function modelQuestion(called: string, count: number, preset: string | undefined): string {
  const word = count === 0 ? '' : 'Another '
  const end = endOfModelQuestion(count, preset)
  const text = `${word}${called}${end}`
  return text[0]!.toUpperCase() + text.slice(1)
}

function endOfModelQuestion(count: number, preset: string | undefined): string {
  if (preset) return count === 0 ? ` [${preset}]` : ` (-: no more) [${preset}]`
  return count === 0 ? '' : ' (Enter: no more)'
}

async function modelOf(name: string, hasPath: boolean, ask: Ask): Promise<InitModel> {
  const preset = typeOfModel(name)
  const type = await ask.text(`  What it is: page, post, product, event, … [${preset}]`, (text) => {
    const type = sourceTypes.find((one) => one === (text.trim().toLowerCase() || preset))
    return type ? { value: type } : { mistake: `It ${mistakeInType}.` }
  })
  if (!hasPath) return { name, type, path: null }
  const path = await ask.text('  Path on the site [/{slug}]', (text) => {
    const path = text.trim() || '/{slug}'
    const mistake = mistakeInPath(path)
    return mistake === null ? { value: path } : { mistake: `It ${mistake}.` }
  })
  return { name, type, path }
}

/** Without it an item holds fields alone, and no text. */
async function fieldOf(ask: Ask): Promise<Pick<InitModel, 'field'>> {
  const field = await ask.text('  Field with its text, such as body (Enter: none)', (text) => {
    const mistake = text.trim() === '' ? null : mistakeInField(text.trim())
    return mistake === null ? { value: text.trim() } : { mistake: `It ${mistake}.` }
  })
  return field === '' ? {} : { field }
}
