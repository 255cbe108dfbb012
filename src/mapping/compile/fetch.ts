import type { Scope } from '../../../packages/jsonata-compile/index.ts'
import { type FetchAnswer, type FetchNeeds, type FetchRequest, pathProblem } from '../../domain/fetch.ts'
import { compareVersions, versionText } from '../../domain/version.ts'
import type {
  FetchDefinition,
  MapperFetchDefinition,
  RecordDefinition,
  RequestDefinition,
  TogetherDefinition,
} from '../definition/definition.ts'
import type { Fetched } from '../mapper.ts'
import type { Webhook } from '../webhook/webhook.ts'
import { type Compiler, expressionText, type Field, FieldError, isTruthy, literal } from './field.ts'
import { nothing, versionIn } from './identity.ts'
import { type Names, scopeOf } from './scope.ts'
import { textIn } from './text.ts'

/** What is known of the record that an element of `each` stands for. */
export type Resolved =
  | {
      readonly kind: 'record'
      /** What of the record is the context of its fields. */
      readonly context: unknown
      readonly names: FetchedNames
      /** Says so if the record is older than the webhook. */
      readonly older: string | null
    }
  /** `expected`: the webhook says that it is there. */
  | { readonly kind: 'gone'; readonly expected: boolean }
  /** A request has no answer yet. */
  | { readonly kind: 'asked' }
  | { readonly kind: 'failed'; readonly error: string }

export type FetchedNames = Pick<Names, 'ref' | 'first' | 'answer' | 'record'>

export interface FetchCall {
  readonly webhook: Webhook
  readonly names: Names
  readonly fetched: Fetched
}

/** An element of `each`, with its position there. */
export interface Element {
  readonly index: number
  readonly value: unknown
}

/** The `fetch` of a record, compiled. */
export interface CompiledFetch {
  /** In the order of the elements; FieldError if an expression failed. What has to be asked goes to `ask`. */
  resolve(
    elements: readonly Element[],
    call: FetchCall,
    ask: (request: FetchRequest) => void,
  ): Promise<readonly (Resolved | FieldError)[]>
}

export function compileFetch(
  fetch: FetchDefinition,
  { defaults, version: recordVersion, compiler, at }: FetchContext,
): CompiledFetch {
  const optional = (text: string | undefined, label: string) =>
    text === undefined ? null : compiler.expression(text, `fetch.${label}`, at)
  const first = fetch.first === undefined ? null : compileRequest(fetch.first, 'fetch.first', defaults, compiler, at)
  const main = compileRequest(fetch, 'fetch', defaults, compiler, at)
  const record = optional(fetch.record, 'record')
  const part = optional(fetch.context, 'context')
  const version = optional(fetch.version, 'version') ?? compiler.template(recordVersion, 'version', at)
  const atLeast = optional(fetch.at_least, 'at_least')
  const exists = optional(fetch.exists, 'exists')
  const together = fetch.together === undefined ? null : compileTogether(fetch.together, compiler, at)

  /** The answer that holds the record or records of `refs`, with the names it was asked with. */
  async function answerFor(context: unknown, names: Names, { call, ask }: Asking): Promise<Answered> {
    let inner = names
    if (first !== null) {
      const request = await first(context, scopeOf(call.webhook, inner), false)
      const answer = call.fetched.answers(request)
      if (answer === undefined) return asked(request, ask)
      if (answer.kind !== 'found') return { kind: 'failed', error: errorOf(answer) }
      inner = { ...inner, first: answer.body }
    }
    const request = await main(context, scopeOf(call.webhook, inner), together === null)
    const answer = call.fetched.answers(request)
    if (answer === undefined) return asked(request, ask)
    if (answer.kind === 'failed') return answer
    if (answer.kind === 'gone') return { kind: 'found', value: undefined, names: inner }
    inner = { ...inner, answer: answer.body }
    return { kind: 'found', value: await recordIn(answer.body, inner, call), names: inner }
  }

  /** Undefined: there is none. An answer of another form than the mapper knows says nothing of the record. */
  async function recordIn(body: unknown, names: Names, { webhook }: FetchCall): Promise<unknown> {
    if (record === null) return body
    const found = await record.evaluate(body, scopeOf(webhook, names))
    if (found === undefined || found === null) throw nothing(record)
    if (together !== null || !Array.isArray(found)) return found
    if (found.length > 1)
      throw new FieldError(`fetch.record: ${expressionText(record.text)} gave ${found.length} records`)
    return found[0]
  }

  async function judge(value: unknown, element: unknown, names: Names, { webhook }: FetchCall): Promise<Resolved> {
    const scope = scopeOf(webhook, names)
    const wanted = atLeast === null ? null : versionIn(await atLeast.evaluate(element, scope), atLeast)
    if (value === undefined) {
      const expected = wanted !== null || (exists !== null && isTruthy(await exists.evaluate(element, scope)))
      return { kind: 'gone', expected }
    }
    const { ref, first, answer } = names
    const inner = scopeOf(webhook, { ...names, record: value })
    const context = part === null ? value : await part.evaluate(value, inner)
    if (part !== null && (context === undefined || context === null)) throw nothing(part)
    const found = { kind: 'record', context, names: { ref, first, answer, record: value } } as const
    if (wanted === null) return { ...found, older: null }
    const given = versionIn(await version.evaluate(context, inner), version)
    const order = compareVersions(given, wanted)
    if (order === null || order >= 0 || given === null) return { ...found, older: null }
    return { ...found, older: `the API has ${versionText(given)}, the webhook tells of ${versionText(wanted)}` }
  }

  async function resolveOne(element: unknown, names: Names, asking: Asking): Promise<Resolved> {
    const inner = { ...names, ref: element }
    const answer = await answerFor(element, inner, asking)
    return answer.kind === 'found' ? judge(answer.value, element, answer.names, asking.call) : answer
  }

  async function resolveTogether(
    elements: readonly Element[],
    { max, key, of }: Together,
    asking: Asking,
  ): Promise<(Resolved | FieldError)[]> {
    const { webhook, names } = asking.call
    const resolved: (Resolved | FieldError)[] = []
    for (let start = 0; start < elements.length; start += max) {
      const own = elements.slice(start, start + max)
      const refs = own.map(({ value }) => value)
      const chunk = { ...names, refs }
      const answer = await caught(() => answerFor(refs, chunk, asking))
      if (answer instanceof FieldError || answer.kind !== 'found') {
        resolved.push(...refs.map(() => answer))
        continue
      }
      const records = [answer.value ?? []].flat()
      const byKey = new Map<string, unknown>()
      let isNamed = true
      for (const one of records) {
        const name = textIn(await of.evaluate(one, scopeOf(webhook, answer.names)), of)
        if (name === undefined) isNamed = false
        else byKey.set(name, one)
      }
      for (const { index, value: element } of own) {
        const named = { ...answer.names, ref: element, index }
        resolved.push(
          await caught(async () => {
            const name = textIn(await key.evaluate(element, scopeOf(webhook, named)), key)
            if (name === undefined) throw nothing(key)
            if (!isNamed && !byKey.has(name)) throw unnamed(of, name)
            return judge(byKey.get(name), element, named, asking.call)
          }),
        )
      }
    }
    return resolved
  }

  return {
    async resolve(elements, call, ask) {
      const asking = { call, ask }
      if (together !== null) return resolveTogether(elements, together, asking)
      const resolved: (Resolved | FieldError)[] = []
      for (const { index, value } of elements) {
        resolved.push(await caught(() => resolveOne(value, { ...call.names, index }, asking)))
      }
      return resolved
    },
  }
}

export interface FetchContext {
  readonly defaults: RequestDefaults
  readonly version: RecordDefinition['version']
  readonly compiler: Compiler
  readonly at: string
}

interface Asking {
  readonly call: FetchCall
  readonly ask: (request: FetchRequest) => void
}

type Answered =
  | { readonly kind: 'found'; readonly value: unknown; readonly names: Names }
  | Extract<Resolved, { kind: 'asked' | 'failed' }>

function asked(request: FetchRequest, ask: Asking['ask']): Answered {
  ask(request)
  return { kind: 'asked' }
}

function errorOf(answer: Exclude<FetchAnswer, { kind: 'found' }>): string {
  return answer.kind === 'failed' ? answer.error : 'the API does not know what is asked for (404)'
}

/** A failure of an expression is that of its element; anything else is a bug. */
async function caught<T>(run: () => Promise<T>): Promise<T | FieldError> {
  try {
    return await run()
  } catch (error) {
    if (error instanceof FieldError) return error
    throw error
  }
}

/** A record without its key may be the one that is missing: it is not taken for gone. */
function unnamed(of: Field, name: string): FieldError {
  return new FieldError(
    `${of.label}: ${expressionText(of.text)} returned nothing for a record of the answer, so it can't be told whether '${name.slice(0, 80)}' is gone`,
  )
}

interface Together {
  readonly max: number
  readonly key: Field
  readonly of: Field
}

function compileTogether({ max, key, of }: TogetherDefinition, compiler: Compiler, at: string): Together {
  return {
    max,
    key: compiler.expression(key, 'fetch.together.key', at),
    of: compiler.expression(of, 'fetch.together.of', at),
  }
}

/** What every request of a mapper has. */
export interface RequestDefaults {
  readonly query: Field
  readonly headers: Field
}

export function compileDefaults(fetch: MapperFetchDefinition | undefined, compiler: Compiler): RequestDefaults {
  const templateOf = (key: 'query' | 'headers') => compiler.template(fetch?.[key] ?? {}, key, 'fetch')
  return { query: templateOf('query'), headers: templateOf('headers') }
}

type MakeRequest = (context: unknown, scope: Scope, isRecord: boolean) => Promise<FetchRequest>

/** A request of a mapper, made anew for each context and scope. */
export function compileRequest(
  { url, method, query, headers, body }: RequestDefinition,
  label: string,
  defaults: RequestDefaults,
  compiler: Compiler,
  at: string,
): MakeRequest {
  const fields = {
    url: compiler.whole(url, `${label}.url`, at),
    query: compiler.template(query ?? {}, `${label}.query`, at),
    headers: compiler.template(headers ?? {}, `${label}.headers`, at),
    body: body === undefined ? literal(undefined, `${label}.body`) : compiler.template(body, `${label}.body`, at),
  }
  return async function makeRequest(context, scope, isRecord) {
    const mapOf = async (own: Field, shared: Field) => ({
      ...((await shared.evaluate(context, scope)) as object),
      ...((await own.evaluate(context, scope)) as object),
    })
    const path = pathIn(await fields.url.evaluate(context, scope), fields.url)
    const search = queryIn(await mapOf(fields.query, defaults.query), fields.query)
    return {
      method,
      url: search === '' ? path : `${path}${path.includes('?') ? '&' : '?'}${search}`,
      headers: headersIn(await mapOf(fields.headers, defaults.headers), fields.headers),
      body: await fields.body.evaluate(context, scope),
      isRecord,
    }
  }
}

/** A path below the base url. The client makes sure of it; here a mapper is told of its mistake. */
function pathIn(value: unknown, field: Field): string {
  const text = value === '' ? '' : textIn(value, field)
  if (text === undefined) throw nothing(field)
  if (/^([a-z][a-z0-9+.-]*:|[\\/]{2})/i.test(text)) {
    throw new FieldError(
      `${field.label}: ${expressionText(field.text)} must be a path below the base url, not a whole url`,
    )
  }
  const problem = pathProblem(text)
  if (problem !== null) {
    throw new FieldError(
      `${field.label}: ${expressionText(field.text)} gave '${text.slice(0, 100)}', which ${problem}: it could lead to another resource`,
    )
  }
  return text === '' || /^[/?]/.test(text) ? text : `/${text}`
}

function queryIn(members: Readonly<Record<string, unknown>>, field: Field): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(members)) {
    for (const one of [value].flat()) {
      const text = textIn(one, field)
      if (text !== undefined) search.append(name, text)
    }
  }
  return search.toString()
}

function headersIn(members: Readonly<Record<string, unknown>>, field: Field): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(members)) {
    const text = textIn(value, field)
    if (text === undefined) continue
    if (!/^[\t\x20-\x7e]*$/.test(text)) throw new FieldError(`${field.label}.${name}: a header is plain ASCII text`)
    headers[name.toLowerCase()] = text
  }
  return headers
}

/** Nothing if a source's vars are not as they must be: that is told elsewhere. */
function baseUrlOf(field: Field, vars: Readonly<Record<string, unknown>>): unknown {
  try {
    return field.evaluate(null, { vars })
  } catch (error) {
    if (error instanceof FieldError) return undefined
    throw error
  }
}

/** How the mapper reaches its CMS, with the vars of a source. */
export function fetchNeedsOf(
  fetch: MapperFetchDefinition | undefined,
  vars: Readonly<Record<string, unknown>>,
  compiler: Compiler,
): FetchNeeds {
  const field = fetch?.base_url === undefined ? null : compiler.expression(fetch.base_url, 'base_url', 'fetch')
  const base = field === null ? undefined : baseUrlOf(field, vars)
  return {
    baseUrl: typeof base === 'string' && base !== '' ? base.replace(/\/+$/, '') : null,
    token: fetch?.token ?? null,
  }
}
