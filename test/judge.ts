import type { IncomingMessage, ServerResponse } from 'node:http'
import { Ajv2020 } from 'ajv/dist/2020.js'
import type { FastifyInstance, LightMyRequestResponse } from 'fastify'
import { expect, onTestFinished } from 'vitest'
import type { Document } from '../src/api/openapi.ts'

type Json = Record<string, unknown>

interface Operation {
  readonly responses: Readonly<
    Record<string, { readonly content: Readonly<Record<string, { readonly schema: Json }>> }>
  >
}

export interface Answered {
  readonly method: string
  readonly url: string
  readonly status: number
  readonly type: string
  readonly text: string
}

/** Says what is wrong with an answer by the document that describes the API; null if nothing is. Fields that it does not name are wrong. */
export type Judge = (answer: Answered) => string | null

export function createJudge(document: Document): Judge {
  const strict = closed(document) as Document
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true })
  ajv.addSchema({ $id: 'api', ...strict })
  const routes = Object.entries(document.paths).flatMap(([path, operations]) => {
    const pattern = new RegExp(`^${path.replace(/\{path\}/g, '.*').replace(/\{\w+\}/g, '[^/]+')}$`)
    return Object.entries(operations).map(([method, operation]) => ({ method, path, pattern, operation }))
  })
  // A path without parameters goes before one that has some.
  routes.sort((a, b) => a.path.split('{').length - b.path.split('{').length)

  return ({ method, url, status, type, text }) => {
    const asked = method === 'HEAD' ? 'get' : method.toLowerCase()
    const path = url.split('?', 1)[0] ?? ''
    const at = `${method} ${path.slice(0, 80)} ${status}`
    const found = routes.find((route) => route.method === asked && route.pattern.test(path))
    if (!found)
      return status === 404 || status === 400
        ? problemsOf('#/components/schemas/Error', text, method, at)
        : `${at}: no such route`
    const { responses } = found.operation as unknown as Operation
    const key = [String(status), `${String(status)[0]}XX`].find((one) => Object.hasOwn(responses, one))
    if (key === undefined) return `${at}: the document has no such status`
    const { content } = responses[key]!
    const mediaType = type.split(';', 1)[0]!
    if (Object.hasOwn(content, '*/*')) return null
    if (!Object.hasOwn(content, mediaType)) return `${at}: ${mediaType} is none of ${Object.keys(content).join(', ')}`
    if (!mediaType.endsWith('json')) return null
    const pointer = ['paths', found.path, asked, 'responses', key, 'content', mediaType, 'schema']
      .map(escaped)
      .join('/')
    return problemsOf(`#/${pointer}`, text, method, at)
  }

  function problemsOf(pointer: string, text: string, method: string, at: string): string | null {
    if (method === 'HEAD') return null
    const validate = ajv.getSchema(`api${pointer}`)
    if (!validate) return `${at}: no schema at ${pointer}`
    if (validate(JSON.parse(text))) return null
    return `${at}: ${ajv.errorsText(validate.errors)}\n${text.slice(0, 600)}`
  }
}

function escaped(part: string): string {
  return encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))
}

/** A copy in which no object has fields that its schema does not name. */
function closed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(closed)
  if (typeof value !== 'object' || value === null) return value
  const copy = Object.fromEntries(Object.entries(value).map(([name, member]) => [name, closed(member)]))
  const isOpen = copy['type'] === 'object' && 'properties' in copy && !('additionalProperties' in copy)
  return isOpen ? { ...copy, additionalProperties: false } : copy
}

let judge: Judge | undefined

/** From now on each answer of the app must be one that the document describes, or the test fails. */
export async function judgeAnswers(app: FastifyInstance): Promise<void> {
  const wrong: string[] = []
  const inject = app.inject.bind(app) as (options: unknown) => Promise<LightMyRequestResponse>
  judge ??= createJudge((await inject('/openapi.json')).json())
  const see = (answer: Answered) => wrong.push(...[judge!(answer)].filter((mistake) => mistake !== null))

  app.inject = (async (options: string | { readonly url: string; readonly method?: string }) => {
    const { url, method = 'GET' } = typeof options === 'string' ? { url: options } : options
    const answer = await inject(options)
    const { statusCode: status, body: text } = answer
    see({ method, url, status, type: String(answer.headers['content-type'] ?? ''), text })
    return answer
  }) as never

  app.server.prependListener('request', ({ method = '', url = '' }: IncomingMessage, response: ServerResponse) => {
    const parts: Buffer[] = []
    const { write, end } = response
    const keep = (chunk: unknown) => {
      if (typeof chunk === 'string' || chunk instanceof Uint8Array) parts.push(Buffer.from(chunk))
    }
    response.write = (...args: unknown[]) => {
      keep(args[0])
      return write.apply(response, args as never)
    }
    response.end = (...args: unknown[]) => {
      keep(args[0])
      const type = String(response.getHeader('content-type') ?? headerOf(response, 'content-type'))
      see({ method, url, status: response.statusCode, type, text: Buffer.concat(parts).toString() })
      return end.apply(response, args as never)
    }
  })

  onTestFinished(() => expect(wrong).toEqual([]))
}

/** A header that was handed to `writeHead` alone: Node keeps no list of those. */
function headerOf(response: ServerResponse, name: string): string {
  const head = (response as unknown as { readonly _header: string | null })._header ?? ''
  return new RegExp(`^${name}: (.*)\\r$`, 'im').exec(head)?.[1] ?? ''
}
