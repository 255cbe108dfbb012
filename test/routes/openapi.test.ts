import { createHash } from 'node:crypto'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { FastifyInstance, RouteOptions } from 'fastify'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type Document, pathOf } from '../../src/api/openapi.ts'
import { createApps } from '../../src/app.ts'
import { createJudge } from '../judge.ts'
import { adminToken, startRelay } from '../support.ts'

const baseUrl = 'http://127.0.0.1:9/v1/ingest'

/** `GET /path` of each route that Fastify is given while it runs. */
async function routesOf(act: () => Promise<unknown>): Promise<readonly RouteOptions[]> {
  const routes: RouteOptions[] = []
  const see = (message: unknown) => {
    const { fastify } = message as { readonly fastify: FastifyInstance }
    fastify.addHook('onRoute', (route) => void routes.push(route))
  }
  subscribe('fastify.initialization', see)
  await act()
  unsubscribe('fastify.initialization', see)
  return routes
}

async function describedApi(): Promise<Document> {
  const { app } = await startRelay({ baseUrl })
  return (await app.inject('/openapi.json')).json()
}

const operationsOf = ({ paths }: Document) =>
  Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, operation })),
  )

describe('the description of the API', () => {
  test('has every route that is registered, and no other', async () => {
    const { relay, app } = await startRelay({ baseUrl })
    const registered = await routesOf(async () => {
      for (const one of await createApps(relay, app.logger)) onTestFinished(() => one.close())
    })
    const names = registered
      .flatMap(({ method, url }) => [method].flat().map((one) => `${one} ${pathOf(url)}`))
      .filter((name) => !name.startsWith('HEAD '))
    const described = operationsOf((await app.inject('/openapi.json')).json())
    expect(described.map(({ name }) => name).sort()).toEqual(names.sort())
    expect(names.length).toBeGreaterThan(25)
  })

  test('says of each route which role it needs, as the route itself does', async () => {
    const { relay, app } = await startRelay({ baseUrl })
    const registered = await routesOf(async () => {
      for (const one of await createApps(relay, app.logger)) onTestFinished(() => one.close())
    })
    const roleOf = new Map(registered.map(({ method, url, config }) => [`${method} ${pathOf(url)}`, config?.role]))
    const described = operationsOf((await app.inject('/openapi.json')).json())
    for (const [index, { name, operation }] of described.entries()) {
      expect(operation['x-role'], name).toBe(roleOf.get(name))
      const isOpen = operation['x-role'] === 'public' || operation['x-role'] === 'source'
      expect(operation['security'], name).toEqual(isOpen ? [] : [{ token: [] }])
      if (isOpen) continue
      const [method = '', path = ''] = name.split(' ')
      const url = path.replace(/\{\w+\}/g, 'x')
      const answer = await app.inject({ method: method as 'GET', url, remoteAddress: `10.0.0.${index}` })
      expect(answer.statusCode, `${name} without a token`).toBe(401)
    }
  })

  test('is OpenAPI 3.1 whose names and references are sound', async () => {
    const document = await describedApi()
    expect(document.openapi).toBe('3.1.0')
    const operations = operationsOf(document)
    const ids = operations.map(({ operation }) => operation['operationId'])
    expect(new Set(ids).size).toBe(ids.length)
    const text = JSON.stringify(document)
    const references = [...text.matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map(([, name = '']) => name)
    expect(references.length).toBeGreaterThan(20)
    expect(references.filter((name) => !Object.hasOwn(document.components.schemas, name))).toEqual([])
    expect(text).not.toContain('$defs')
    expect(Object.keys(document.components.schemas).filter((name) => !/^[A-Z]\w+$/.test(name))).toEqual([])
    for (const { name, operation } of operations) expect(operation['summary'], name).toMatch(/\S{3}/)
  })

  test('says what a query and a body may hold', async () => {
    const { paths } = await describedApi()
    const list = paths['/api/v1/events']?.['get']
    expect(list?.['parameters']).toContainEqual(
      expect.objectContaining({ name: 'limit', in: 'query', schema: expect.objectContaining({ maximum: 200 }) }),
    )
    const replay = paths['/api/v1/events/replay']?.['post']
    expect(replay).toMatchObject({
      requestBody: {
        content: {
          'application/json': {
            schema: { additionalProperties: false, properties: { dry_run: { type: 'boolean', default: false } } },
          },
        },
      },
    })
  })
})

describe('the reference page', () => {
  test('shows every operation and schema, and each of its links leads somewhere', async () => {
    const { app } = await startRelay({ baseUrl })
    const page = (await app.inject('/docs')).body
    const document: Document = (await app.inject('/openapi.json')).json()
    const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id = '']) => id)
    expect(new Set(ids).size).toBe(ids.length)
    const names = operationsOf(document).map(({ operation }) => String(operation['operationId']))
    const schemas = Object.keys(document.components.schemas).map((name) => `schema-${name}`)
    expect(ids).toEqual(expect.arrayContaining([...names, ...schemas]))
    const targets = [...page.matchAll(/ href="#([^"]+)"/g)].map(([, target = '']) => target)
    expect(targets.filter((target) => !ids.includes(target))).toEqual([])
  })

  test('loads nothing and runs nothing: its policy allows its one style, and all other answers keep theirs', async () => {
    const { app } = await startRelay({ baseUrl })
    const { body, headers } = await app.inject('/docs')
    const [, style = ''] = /<style>(.*?)<\/style>/s.exec(body) ?? []
    const hash = createHash('sha256').update(style).digest('base64')
    expect(headers['content-security-policy']).toBe(
      `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    )
    expect(body).not.toMatch(/<script|<link|<img|\bsrc=|\bstyle=|\bon\w+=|https?:|url\(/)
    for (const url of ['/openapi.json', '/healthz', '/nothing']) {
      const policy = (await app.inject(url)).headers['content-security-policy']
      expect(policy, url).toBe("default-src 'none'; frame-ancestors 'none'; sandbox")
    }
  })
})

describe('an answer is judged', () => {
  const good = {
    id: 'evt_1',
    source: 'demo',
    delivery_id: null,
    topic: null,
    status: 'pending',
    reason: null,
    error: null,
    mapper: null,
    mapper_version: null,
    received_at: '2026-03-01T12:00:00.000Z',
    settled_at: null,
    replays: 0,
    bytes: 1,
  }
  const answer = (rows: readonly object[], status = 200) => ({
    method: 'GET',
    url: '/api/v1/events?limit=1',
    status,
    type: 'application/json; charset=utf-8',
    text: JSON.stringify({ ok: true, data: rows, meta: { cursor: null, requestId: 'r' } }),
  })

  test('wrong with a field too many, one too few, one of another type, and a status that is not described', async () => {
    const judge = createJudge(await describedApi())
    expect(judge(answer([good]))).toBeNull()
    expect(judge(answer([{ ...good, colour: 'red' }]))).toContain('additional')
    const { bytes: _bytes, ...less } = good
    expect(judge(answer([less]))).toContain('bytes')
    expect(judge(answer([{ ...good, replays: '0' }]))).toContain('replays')
    expect(judge(answer([good], 201))).toContain('no such status')
    expect(judge({ ...answer([good]), type: 'text/html' })).toContain('text/html')
    expect(judge({ ...answer([good]), url: '/api/v2/events' })).toContain('no such route')
  })

  test('whether it was injected or asked for over a socket', async () => {
    const { app, send } = await startRelay({ baseUrl })
    await send('demo', { event: 'post.deleted', type: 'post', id: 1 })
    const origin = await app.listen({ host: '127.0.0.1', port: 0 })
    const asked = await fetch(`${origin}/api/v1/events`, { headers: { authorization: `Bearer ${adminToken}` } })
    expect(((await asked.json()) as { data: unknown[] }).data).toHaveLength(1)
  })
})
