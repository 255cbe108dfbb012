import { z } from 'zod'
import { errorSchema } from './envelope.ts'
import { type AnswerInfo, type Operation, tags } from './operation.ts'

type Json = Readonly<Record<string, unknown>>

/** An OpenAPI 3.1 document, as far as we make one. */
export interface Document {
  readonly openapi: string
  readonly info: Json
  readonly paths: Readonly<Record<string, Readonly<Record<string, Json>>>>
  readonly components: { readonly schemas: Readonly<Record<string, Json>>; readonly securitySchemes: Json }
  readonly [name: string]: unknown
}

const paramTexts: Readonly<Record<string, string>> = {
  id: 'Its id.',
  name: 'Its name.',
  source: 'Name of the source.',
  path: 'Any path, slashes included: it is the same to the relay.',
}

const errorTexts: Readonly<Record<number, string>> = {
  400: 'The request makes no sense; `details.issues` says where.',
  401: 'The token or signature is missing or wrong.',
  404: 'It is not there.',
  409: 'It can not be done as things are.',
  413: 'Too large.',
  415: 'Of a type or encoding that is not known.',
  429: 'Too often: try again after `Retry-After`.',
  500: 'A bug: the log has it under the `requestId`.',
  503: 'Not now: try again after `Retry-After`.',
}

/** Describes the API as OpenAPI 3.1. `x-role` says which role a route needs. */
export function describeApi(operations: readonly Operation[], version: string): Document {
  const schemas: Record<string, Json> = {}
  const schemaOf = (schema: z.ZodType, io: 'input' | 'output'): Json => toSchema(schema, io, schemas)
  const error = contentOf('application/problem+json', schemaOf(errorSchema, 'output'))
  const paths: Record<string, Record<string, Json>> = {}
  for (const operation of operations) {
    const path = pathOf(operation.path)
    paths[path] ??= {}
    paths[path][operation.method.toLowerCase()] = operationOf(operation)
  }

  function operationOf(operation: Operation): Json {
    const { name, tag, role, summary, query, body, answers } = operation
    return {
      operationId: name,
      tags: [tag],
      summary,
      'x-role': role,
      security: isOpen(operation) ? [] : [{ token: [] }],
      parameters: [...pathParams(operation.path), ...(query ? queryParams(schemaOf(query, 'input')) : [])],
      ...(body && { requestBody: bodyOf(body) }),
      responses: {
        ...Object.fromEntries(Object.entries(answers).map(([status, answer]) => [status, responseOf(answer)])),
        ...Object.fromEntries(
          errorsOf(operation).map((status) => [status, { description: errorTexts[status] ?? '', ...error }]),
        ),
      },
    }
  }

  function bodyOf(body: z.ZodObject | 'bytes'): Json {
    if (body === 'bytes') return { required: false, ...contentOf('*/*', {}) }
    return { required: !body.safeParse({}).success, ...contentOf('application/json', schemaOf(body, 'input')) }
  }

  function responseOf({ description, type, schema }: AnswerInfo): Json {
    const isText = type.startsWith('text/')
    const shape = isText ? { type: 'string' } : schema ? schemaOf(schema, 'output') : {}
    // What a stream of events is made of has no place of its own in OpenAPI 3.1.
    const item = isText && schema ? { 'x-item': schemaOf(schema, 'output') } : {}
    return { description, content: { [type]: { schema: shape, ...item } } }
  }

  return {
    openapi: '3.1.0',
    info: { title: 'cms-relay', version, license: { name: 'MIT', identifier: 'MIT' } },
    servers: [{ url: '/' }],
    tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
    paths,
    components: {
      schemas,
      securitySchemes: { token: { type: 'http', scheme: 'bearer', description: '`server.admin_token`.' } },
    },
  }
}

/** A path as OpenAPI writes it. */
export function pathOf(path: string): string {
  return path.replace('*', ':path').replace(/:(\w+)/g, '{$1}')
}

function isOpen({ role }: Operation): boolean {
  return role === 'public' || role === 'source'
}

/** Statuses of errors: its own, and those that any route of its kind has. */
function errorsOf(operation: Operation): readonly number[] {
  const { role, method, errors } = operation
  const ofRole = role === 'public' ? [] : role === 'source' ? [400, 401, 404, 429] : [401, 404, 429]
  const ofBody = method === 'GET' ? [] : [400, 413, 415]
  const ofPath = operation.path.includes(':') ? [400] : []
  return [...new Set([...errors, ...ofRole, ...ofBody, ...ofPath, 500, 503])].sort((a, b) => a - b)
}

function contentOf(type: string, schema: Json): Json {
  return { content: { [type]: { schema } } }
}

function pathParams(path: string): readonly Json[] {
  return [...pathOf(path).matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    description: paramTexts[name] ?? '',
    schema: { type: 'string' },
  }))
}

function queryParams({ properties = {} }: { readonly properties?: Readonly<Record<string, Json>> }): readonly Json[] {
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: 'query',
    ...(description !== undefined && { description }),
    schema,
  }))
}

/** The JSON Schema of a schema; those that have an id go to `named`, and are referred to. Throws if two have one id. */
function toSchema(schema: z.ZodType, io: 'input' | 'output', named: Record<string, Json>): Json {
  const { $schema: _dialect, ...made } = z.toJSONSchema(schema, {
    io,
    unrepresentable: 'any',
    override({ jsonSchema }) {
      if (jsonSchema.format === 'date-time') delete jsonSchema.pattern
      // Answers may get new fields.
      if (io === 'output' && jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties
      delete jsonSchema['id']
    },
  })
  const { $defs = {}, ...own } = inComponents(made)
  for (const [id, definition] of Object.entries($defs)) {
    const other = named[id]
    if (other && JSON.stringify(other) !== JSON.stringify(definition)) throw new Error(`two schemas are called ${id}`)
    named[id] = definition
  }
  return own
}

/** Any JSON is the one schema that refers to itself, which zod gives a number for a name. */
function inComponents(made: object): { readonly $defs?: Readonly<Record<string, Json>> } {
  const text = JSON.stringify(made).replaceAll('"#/$defs/', '"#/components/schemas/')
  return JSON.parse(text.replace(/(?<=["/])__schema0(?=")/g, 'Json'))
}
