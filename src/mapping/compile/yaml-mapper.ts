import { joinKeys, type Scope } from '../../../packages/jsonata-compile/index.ts'
import { isObject, kindOf } from '../../json/kind.ts'
import type { MapperDefinition, PingDefinition } from '../definition/definition.ts'
import type { ModelDefinitions } from '../definition/models.ts'
import {
  type Answer,
  type EventNames,
  type Fetched,
  type Mapper,
  nothingFetched,
  type OnSilence,
  type Ping,
} from '../mapper.ts'
import { provenPart, type Webhook } from '../webhook/webhook.ts'
import { compileCheck } from './check.ts'
import { compileDefaults, fetchNeedsOf } from './fetch.ts'
import { type Compiler, expressionText, type Field, FieldError, isTruthy } from './field.ts'
import { createFindings } from './findings.ts'
import { createMismatch } from './mismatch.ts'
import { type CompiledRecord, compileRecord } from './record.ts'
import { type Names, scopeOf } from './scope.ts'
import { readsRequest } from './unproven.ts'

export interface YamlMapperOptions {
  readonly source: string
  readonly vars: Readonly<Record<string, unknown>>
  readonly models: ModelDefinitions
  readonly version: string
  readonly timeLimitMs: number
  readonly compiler: Compiler
  readonly modelCompiler: Compiler
}

/** Compiles a definition. Mistakes go to the compilers' issues; the mapper is fit for use only if there are none. */
export function compileMapper(definition: MapperDefinition, options: YamlMapperOptions): Mapper {
  const { name } = definition
  const { compiler, vars, version } = options
  const eventId = definition.event.id === undefined ? null : compiler.expression(definition.event.id, 'event.id')
  const eventTopic =
    definition.event.topic === undefined ? null : compiler.expression(definition.event.topic, 'event.topic')
  const pings = definition.pings.map((ping, index) => compilePing(ping, compiler, `pings[${index}]`))
  const requestDefaults = compileDefaults(definition.fetch, compiler)
  const records = definition.records.map((record, index) =>
    compileRecord(record, { ...options, requestDefaults, at: `records[${index}]` }),
  )
  const check = definition.check && compileCheck(definition.check, { vars, defaults: requestDefaults, compiler })
  const fetches = definition.records.some(({ fetch }) => fetch !== undefined)
  const explain = createMismatch(definition.records, options.timeLimitMs)
  const noTopic = eventTopic
    ? `the webhook, which has no topic (${expressionText(eventTopic.text)} returned nothing)`
    : 'the webhook'

  const usesDigest = /\$digest\b/.test(JSON.stringify([definition, options.models]))
  const namesFor = (webhook: Webhook): Names => (usesDigest ? { vars, digest: webhook.digest } : { vars })
  const needsBodyForNames = [eventId, eventTopic, ...pings].some((part) => part?.needsBody)

  /** What names and pings see of a webhook: not a body that they do not need, for it may not be parsed yet. */
  function namingOf(webhook: Webhook): readonly [body: unknown, scope: Scope] {
    const body = needsBodyForNames ? webhook.body : null
    return [body, scopeOf(webhook, namesFor(webhook), body)]
  }

  async function firstPing(webhook: Webhook): Promise<Ping | null> {
    const [body, scope] = namingOf(webhook)
    for (const ping of pings) {
      const answer = await ping.read(webhook.method, body, scope)
      if (answer !== null) return answer
    }
    return null
  }

  async function map(webhook: Webhook, fetched: Fetched = nothingFetched, onSilence?: OnSilence) {
    const findings = createFindings(name)
    const outer = namesFor(webhook)
    const scope = scopeOf(webhook, outer)
    let topic: string | null = null
    try {
      let value = eventTopic?.evaluate(webhook.body, scope)
      if (value instanceof Promise) value = await value
      topic = nameIn(value)
    } catch (error) {
      findings.problem('event', error)
    }
    const names = topic === null ? outer : { ...outer, topic }
    const inner = scopeOf(webhook, names)
    const proven = provenPart(webhook)
    const isAllProven = proven === webhook
    const isTopicProven = isAllProven || topic === null || (await isTopicOf(proven, topic, outer))
    const provenScope = isAllProven ? inner : scopeOf(proven, names)
    for (const record of records) {
      try {
        let matches: unknown = record.match === null ? true : record.match.evaluate(webhook.body, inner)
        if (matches instanceof Promise) matches = await matches
        if (!isTruthy(matches)) continue
        const isUnproven =
          !isAllProven && (await isChosenUnproven(record, proven, isTopicProven, isTopicProven ? names : outer))
        const unproven = isUnproven ? (proven.proof ?? null) : null
        // A guard lets nothing out, whatever it reads.
        const call = record.isGuard
          ? { webhook, names, scope: inner, fetched, unproven: null }
          : { webhook: proven, names, scope: provenScope, fetched, unproven, onSilence }
        if (await record.collect(call, findings)) break
      } catch (error) {
        findings.problem(`record '${record.name}'`, error)
        if (record.isGuard) break
      }
    }
    if (!findings.isEmpty()) return findings.result('')
    const nothing = topic === null ? noTopic : `topic '${topic.slice(0, 120)}'`
    const nearest = await explain(webhook.body, inner)
    const reason = `no record of mapper '${name}' matches ${nothing}${nearest && `: ${nearest}`}`
    const isTopicLost = topic === null && eventTopic !== null && readsRequest(eventTopic.text)
    if (isObject(webhook.body) && !isTopicLost) return findings.result(reason)
    // Authentic, and nothing that anybody has thought of: somebody has to look at it.
    if (isTopicLost)
      findings.problem('event', new FieldError(`what says what has happened did not come with the webhook: ${reason}`))
    else findings.problem('body', new FieldError(`is ${kindOf(webhook.body)}, not an object, and ${reason}`))
    return findings.result('')
  }

  /** Whether the topic is the same without what the proof does not cover. */
  async function isTopicOf(proven: Webhook, topic: string, names: Names): Promise<boolean> {
    if (eventTopic === null || !readsRequest(eventTopic.text)) return true
    return (await readName(eventTopic, proven.body, scopeOf(proven, names))) === topic
  }

  /** Whether a record that matches would not, or not be what it is, without what the proof does not cover. */
  async function isChosenUnproven(
    { match, isChosenBy, readsTopic }: CompiledRecord,
    proven: Webhook,
    isTopicProven: boolean,
    names: Names,
  ): Promise<boolean> {
    if (readsTopic && !isTopicProven) return true
    if (match === null || !(isChosenBy.request || (isChosenBy.topic && !isTopicProven))) return false
    try {
      return !isTruthy(await match.evaluate(proven.body, scopeOf(proven, names)))
    } catch (error) {
      if (error instanceof FieldError) return true
      throw error
    }
  }

  return {
    name,
    version,
    needsBodyForNames,
    readsIdOfRequest: eventId !== null && readsRequest(eventId.text),
    accepted: definition.accepted && answerOf(definition.accepted),
    fetch: fetches ? fetchNeedsOf(definition.fetch, vars, compiler) : null,
    check: (fetches && check) || null,
    headers: joinKeys(compiler.headers, options.modelCompiler.headers),
    hasUnsignedPings: definition.pings.some(({ unsigned }) => unsigned),
    readEvent(webhook) {
      const [body, scope] = namingOf(webhook)
      const id = readName(eventId, body, scope)
      const topic = readName(eventTopic, body, scope)
      return id instanceof Promise || topic instanceof Promise ? namesOnceKnown(id, topic) : { id, topic }
    },
    readPing: (webhook) => (pings.length === 0 ? null : firstPing(webhook)),
    map,
  }
}

type Name = EventNames['id']

/** A delivery id or topic is text or a number; anything else is none. */
function nameIn(value: unknown): Name {
  if (typeof value === 'number') return String(value)
  return typeof value === 'string' && value.trim() !== '' ? value : null
}

/** Null if the expression fails: the event is kept all the same, and `map` reports the failure. */
function readName(field: Field | null, body: unknown, scope: Scope): Name | Promise<Name> {
  if (field === null) return null
  try {
    const value = field.evaluate(body, scope)
    return value instanceof Promise ? value.then(nameIn).catch(nullFor) : nameIn(value)
  } catch (error) {
    return nullFor(error)
  }
}

function nullFor(error: unknown): null {
  if (error instanceof FieldError) return null
  throw error
}

async function namesOnceKnown(...names: readonly (Name | Promise<Name>)[]): Promise<EventNames> {
  const [id = null, topic = null] = await Promise.all(names)
  return { id, topic }
}

function answerOf({ status, content_type: contentType, body }: NonNullable<MapperDefinition['accepted']>): Answer {
  return { status, contentType, body }
}

/** Senders, even unsigned ones, have a say in it: one line, and not a long one. */
function noteIn(value: unknown): string | undefined {
  return typeof value === 'string' ? value.replace(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu, '').slice(0, 500) : undefined
}

interface CompiledPing {
  readonly needsBody: boolean
  read(method: string, body: unknown, scope: Scope): Promise<Ping | null>
}

function compilePing(ping: PingDefinition, compiler: Compiler, at: string): CompiledPing {
  const { method, status, content_type: contentType, unsigned } = ping
  const matches = compiler.expression(ping.match, 'match', at)
  const answer = compiler.template(ping.body, 'body', at)
  const note = ping.note === undefined ? null : compiler.expression(ping.note, 'note', at)
  async function read(given: string, content: unknown, scope: Scope): Promise<Ping | null> {
    if (method !== (given === 'HEAD' ? 'GET' : given)) return null
    try {
      if (!isTruthy(await matches.evaluate(content, scope))) return null
      const body = await answer.evaluate(content, scope)
      return {
        status,
        contentType,
        body,
        unsigned,
        note: note ? noteIn(await note.evaluate(content, scope)) : undefined,
      }
    } catch (error) {
      if (error instanceof FieldError) return null // not one that this expression can read
      throw error
    }
  }

  const needsBody = method === 'POST' && [matches, answer, note].some((field) => field?.needsBody)
  return { needsBody, read }
}
