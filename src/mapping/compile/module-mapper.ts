import { messageOf } from '../../domain/errors.ts'
import { isObject } from '../../json/kind.ts'
import type { ModuleDefinition, Wanted } from '../definition/define-mapper.ts'
import { issuesOf } from '../definition/issues.ts'
import type { Draft, DraftFields, Mapper } from '../mapper.ts'
import { usualHeaders, withHeaders } from '../webhook/kept-headers.ts'
import { provenPart, type Webhook } from '../webhook/webhook.ts'
import { type Field, FieldError, literal } from './field.ts'
import { createFindings } from './findings.ts'
import { idIn, typeIn, versionIn } from './identity.ts'
import { unprovenFindings } from './unproven.ts'

const itemKeys = new Set('type id url canonical_url title language updated_at html text json attributes'.split(' '))

/** A mapper from a module. What the module throws, or gives that is not an item, is a problem of the event. */
export function moduleMapper(
  module: ModuleDefinition,
  { vars, version }: { readonly vars: Readonly<Record<string, unknown>>; readonly version: string },
): Mapper {
  const names = [...new Set([...usualHeaders, ...module.headers])]
  /** A module sees at receipt what it will see when the event is replayed: what is kept. A ping is not an event. */
  const shown = (webhook: Webhook) => withHeaders(webhook, names)

  const nameOf = (read: ((webhook: Webhook) => unknown) | undefined, webhook: Webhook): string | null => {
    const value = attempt(() => read?.(webhook))
    return typeof value === 'number' || (typeof value === 'string' && value !== '') ? String(value) : null
  }
  /** What the module makes of a webhook without what its proof does not cover; null: the topic is among what it covers. */
  function believedOf(proven: Webhook, topic: string | null): ReadonlySet<string> | null {
    const provenTopic = nameOf(module.event?.topic, proven)
    if (provenTopic === topic) return null
    const texts = new Set<string>()
    try {
      for (const wanted of wantedOf(module, proven, { webhook: proven, topic: provenTopic, vars })) {
        texts.add(textOf(draftOf(wanted)))
      }
    } catch (error) {
      if (!(error instanceof FieldError)) throw error // what can't be mapped without the topic believes nothing
    }
    return texts
  }

  return {
    name: module.name,
    version,
    accepted: module.accepted,
    fetch: null, // a module's function is given its webhook and nothing else
    check: null,
    hasUnsignedPings: module.hasUnsignedPings ?? false,
    needsBodyForNames: true,
    readsIdOfRequest: module.event?.id !== undefined,
    headers: new Set(names),
    readEvent(sent) {
      const webhook = shown(sent)
      return { id: nameOf(module.event?.id, webhook), topic: nameOf(module.event?.topic, webhook) }
    },
    readPing(webhook) {
      return attempt(() => module.ping?.(webhook)) ?? null
    },
    async map(sent) {
      const webhook = shown(sent)
      const findings = createFindings(module.name)
      try {
        const topic = nameOf(module.event?.topic, webhook)
        const proven = provenPart(webhook)
        const believed = proven === webhook ? null : believedOf(proven, topic)
        for (const [index, wanted] of wantedOf(module, proven, { webhook: proven, topic, vars }).entries()) {
          try {
            const draft = draftOf(wanted)
            const isBelieved = believed === null || believed.has(textOf(draft))
            if (isBelieved) findings.add(draft)
            else unprovenFindings(findings, proven.proof!, isShown(wanted)).add(draft)
          } catch (error) {
            findings.problem(`map, element ${index}`, error)
          }
        }
      } catch (error) {
        findings.problem('map', error)
      }
      return findings.result(`mapper '${module.name}' makes nothing of this webhook`)
    },
  }
}

/** What a module's function gives; undefined if it throws. */
function attempt<T>(run: () => T): T | undefined {
  try {
    return run()
  } catch {
    return undefined
  }
}

function wantedOf(
  module: ModuleDefinition,
  webhook: Webhook,
  context: Parameters<ModuleDefinition['map']>[1],
): readonly unknown[] {
  const parsed = module.input.safeParse(webhook.body)
  if (!parsed.success) {
    const causes = issuesOf(parsed.error).map(({ path, message }) => `${path || 'body'}: ${message}`)
    throw new FieldError(`input: ${causes.join('; ').slice(0, 500)}`)
  }
  let wanted: unknown
  try {
    wanted = module.map(parsed.data, context)
  } catch (error) {
    throw new FieldError(`threw: ${messageOf(error).slice(0, 300)}`, { cause: error })
  }
  if (wanted instanceof Promise) {
    wanted.catch(() => {})
    throw new FieldError('must give its items at once, not a promise')
  }
  if (!Array.isArray(wanted)) throw new FieldError('must give a list of item(…) and tombstone(…)')
  return wanted
}

/** What a draft says, to be compared with another. */
function textOf(draft: Draft): string {
  return JSON.stringify(draft)
}

function isShown(wanted: unknown): boolean {
  return isObject(wanted) && wanted['shown'] === true
}

const field = (label: string): Field => literal(undefined, label)

function draftOf(wanted: unknown): Draft {
  if (!isWanted(wanted)) throw new FieldError('is neither an item(…) nor a tombstone(…)')
  if (wanted.kind === 'delete') {
    const { type, id, version, certain } = readIdentity(wanted)
    return { kind: 'delete', record: 'map', type, id, version, certain }
  }
  const { type, id, version } = readIdentity({ ...wanted, ...wanted.fields })
  const unknown = Object.keys(wanted.fields).filter((key) => !itemKeys.has(key))
  if (unknown.length > 0) throw new FieldError(`item '${id}': unknown key ${unknown.join(', ')}`)
  return { kind: 'upsert', record: 'map', version, fields: { ...plainJson(wanted.fields, id), type, id } }
}

function isWanted(value: unknown): value is Wanted {
  return isObject(value) && (value['kind'] === 'delete' || (value['kind'] === 'upsert' && isObject(value['fields'])))
}

function readIdentity(value: { type?: unknown; id?: unknown; version?: unknown; certain?: unknown }) {
  return {
    type: typeIn(value.type, field('type')),
    id: idIn(value.id, field('id')),
    version: versionIn(value.version, field('version')),
    certain: value.certain !== false,
  }
}

/** As it will be sent: dates as text, nothing that JSON does not know. */
function plainJson(fields: DraftFields, id: string): DraftFields {
  try {
    return JSON.parse(JSON.stringify(fields)) as DraftFields
  } catch (error) {
    throw new FieldError(`item '${id}': is not JSON: ${messageOf(error)}`, { cause: error })
  }
}
