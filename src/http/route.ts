import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { z } from 'zod'
import { envelopeOf, ok } from '../api/envelope.ts'
import { readInput } from '../api/input.ts'
import type { Operation, Role } from '../api/operation.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    readonly role?: Role
    /** A GET that answers with no body of a webhook and no content of an item: it leaves no trace. */
    readonly holdsNoContent?: boolean
  }
}

/** One row of the table that registers the routes and describes them. */
export interface Route extends Operation {
  readonly holdsNoContent?: boolean | undefined
  /** False: a HEAD request is not answered. */
  readonly hasHead?: boolean
  // biome-ignore lint/suspicious/noExplicitAny: each handler knows the generics of its own request
  readonly handler: (request: FastifyRequest<any>, reply: FastifyReply) => unknown
}

type ParamsOf<Path extends string> = Path extends `${string}:${infer Name}/${infer Rest}`
  ? { readonly [K in Name]: string } & ParamsOf<Rest>
  : Path extends `${string}:${infer Name}`
    ? { readonly [K in Name]: string }
    : unknown

type OutputOf<S> = S extends z.ZodType ? z.output<S> : undefined

interface Asked<Path extends string, Query, Body> {
  readonly params: ParamsOf<Path>
  readonly query: OutputOf<Query>
  readonly body: OutputOf<Body>
  readonly request: FastifyRequest
}

/** What a handler answers: the data of the envelope, of a list the next page's cursor, and its status if the route has several. */
interface Result<Data> {
  readonly data: Data
  readonly cursor?: string | null
  readonly status?: number
}

interface RouteOptions<Path extends string, Query, Body, Data>
  extends Omit<Operation, 'path' | 'query' | 'body' | 'answers' | 'errors'> {
  readonly path: Path
  readonly query?: Query
  readonly body?: Body
  /** What the envelope holds. */
  readonly answer: z.ZodType<Data>
  /** Statuses of good answers; the first is meant if the handler says nothing. 200 by default. */
  readonly statuses?: readonly [number, ...number[]]
  readonly errors?: readonly number[]
  readonly holdsNoContent?: boolean
  readonly handle: (asked: Asked<Path, Query, Body>) => Promise<Result<Data>>
}

const meanings: Readonly<Record<number, string>> = {
  200: 'Done, or what was asked for.',
  202: 'Accepted: it happens soon.',
}

/** A row whose query and body are read by schemas, and whose answer is in the envelope. */
export function route<
  Path extends string,
  Data,
  Query extends z.ZodObject | undefined = undefined,
  Body extends z.ZodObject | undefined = undefined,
>({ handle, answer, ...row }: RouteOptions<Path, Query, Body, Data>): Route {
  const { query, body, statuses = [200], errors = [] } = row
  const schema = envelopeOf(answer)
  const info = (status: number) => ({ description: meanings[status] ?? '', type: 'application/json', schema })
  return {
    ...row,
    errors: query || body ? [400, ...errors] : errors,
    answers: Object.fromEntries(statuses.map((status) => [status, info(status)])),
    async handler(request, reply) {
      const {
        data,
        cursor = null,
        status = statuses[0],
      } = await handle({
        params: request.params as ParamsOf<Path>,
        query: (query && readInput(query, request.query, 'query')) as OutputOf<Query>,
        body: (body && readInput(body, request.body, 'body')) as OutputOf<Body>,
        request,
      })
      return reply.code(status).send(ok(data, request.id, Array.isArray(data) ? { cursor } : {}))
    },
  }
}

/** Registers rows in a scope. */
export function addRoutes(app: FastifyInstance, rows: readonly Route[]): void {
  for (const { method, path, role, handler, hasHead = true, holdsNoContent = false } of rows) {
    app.route({ method, url: path, handler, exposeHeadRoute: hasHead, config: { role, holdsNoContent } })
  }
}
