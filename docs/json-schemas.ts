// JSON Schemas of relay.yaml and of mapper files, for editors: made from the schemas that the relay checks with.
import { z } from 'zod'
import { configSchema } from '../src/config/schema.ts'
import { isObject } from '../src/json/kind.ts'
import { definitionSchema, patchSchema } from '../src/mapping/definition/definition.ts'
import { verifySchema } from '../src/verify/verifier.ts'

type Json = Record<string, unknown>

const draft = { io: 'input', unrepresentable: 'any', target: 'draft-7' } as const

/** `${NAME}` stands for a value of any kind, since what it is can be told only when it is filled in. */
const reference = { type: 'string', pattern: '\\$\\{', description: 'A value from the environment or from a file.' }

/** The schema of relay.yaml. `mappers`: names that editors offer; others may be the user's own. */
export function relaySchema(mappers: readonly string[]): Json {
  const { $schema, $defs, definitions, ...root } = z.toJSONSchema(configSchema, draft) as Json
  const properties = mapValues(root['properties'] as Json, withReferences)
  const source = at(properties, 'sources', 'anyOf', 0, 'additionalProperties', 'anyOf', 0, 'properties')
  source['mapper'] = { ...(source['mapper'] as Json), anyOf: [{ enum: mappers }, { type: 'string', minLength: 1 }] }
  delete (source['mapper'] as Json)['type']
  const scheme = at(source, 'verify', 'anyOf', 1, 'properties')
  scheme['scheme'] = { anyOf: [{ enum: schemesOf() }, { $ref: '#/definitions/reference' }] }
  return {
    $schema,
    title: 'relay.yaml',
    description: 'The configuration of cms-relay.',
    ...root,
    properties,
    definitions: { ...($defs as Json), ...(definitions as Json), reference },
  }
}

/** The schema of a mapper file: a whole mapper, or what differs from another. */
export function mapperSchema(): Json {
  const { $schema, anyOf, ...rest } = z.toJSONSchema(z.union([patchSchema, definitionSchema]), draft) as Json
  const [patch, whole] = anyOf as readonly Json[]
  return {
    $schema,
    title: 'A mapper of cms-relay',
    description: 'What becomes of the webhooks of one CMS.',
    ...rest,
    if: { required: ['extends'] },
    // biome-ignore lint/suspicious/noThenProperty: it is JSON Schema's word
    then: patch,
    else: whole,
  }
}

function schemesOf(): readonly string[] {
  const { oneOf = [] } = z.toJSONSchema(verifySchema, draft) as { oneOf?: readonly { properties: { scheme: Json } }[] }
  return oneOf.map(({ properties }) => String(properties.scheme['const']))
}

/** A schema that takes a reference in the place of what it describes, at every depth. */
function withReferences(schema: unknown): Json {
  const { description, default: preset, ...form } = schema as Json
  const outer = { ...(description !== undefined && { description }), ...(preset !== undefined && { default: preset }) }
  if (Object.keys(form).length === 0 || isAnyText(form)) return { ...outer, ...form }
  const choices = (form['anyOf'] ?? form['oneOf']) as readonly Json[] | undefined
  const inner = (choices ?? [form]).map(insideOf)
  return { ...outer, anyOf: [...inner, { $ref: '#/definitions/reference' }] }
}

function insideOf(schema: Json): Json {
  const { properties, additionalProperties, items, anyOf } = schema
  return {
    ...schema,
    ...(isObject(properties) && { properties: mapValues(properties, withReferences) }),
    ...(isObject(additionalProperties) && { additionalProperties: withReferences(additionalProperties) }),
    ...(isObject(items) && { items: withReferences(items) }),
    ...(Array.isArray(anyOf) && { anyOf: anyOf.map((one) => insideOf(one as Json)) }),
  }
}

function isAnyText({ type, pattern, format, enum: choices, const: only }: Json): boolean {
  return type === 'string' && pattern === undefined && format === undefined && !choices && only === undefined
}

function mapValues(map: Json, change: (value: unknown) => unknown): Json {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, change(value)]))
}

function at(schema: Json, ...path: readonly (string | number)[]): Json {
  return path.reduce<unknown>((inner, key) => (inner as Json)[key as string], schema) as Json
}
