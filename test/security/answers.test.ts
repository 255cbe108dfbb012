import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { securityHeaders } from '../../src/http/security-headers.ts'
import { adminToken, product, startRelay } from '../support.ts'

const nowhere = 'http://127.0.0.1:9/v1/ingest'
const project = join(import.meta.dirname, '../..')

describe('every answer', () => {
  test.each([
    ['POST', '/webhooks/shop', 202],
    ['POST', '/webhooks/demo', 400],
    ['POST', '/webhooks/none', 404],
    ['GET', '/webhooks/demo', 404],
    ['GET', '/healthz', 200],
    ['GET', '/readyz', 200],
    ['GET', '/metrics', 200],
    ['GET', '/api/v1/events', 200],
    ['GET', '/api/v1/nothing', 404],
    ['GET', '/nothing', 404],
    ['GET', '/%', 400],
  ] as const)('%s %s says that it is no page: %i', async (method, url, status) => {
    const { app, sendShop } = await startRelay({ baseUrl: nowhere })
    const headers = { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' }
    const answer = url.endsWith('/shop')
      ? await sendShop('products/update', product(1))
      : await app.inject({ method, url, headers, ...(method === 'POST' && { payload: '{"a":' }) })
    expect(answer.statusCode).toBe(status)
    expect(answer.headers).toMatchObject(securityHeaders)
    expect(answer.headers).not.toHaveProperty('server')
    expect(answer.headers).not.toHaveProperty('x-powered-by')
  })

  test('is free of what a stranger may have put into its url: no header of theirs, no line of theirs in the log', async () => {
    const { app, lines } = await startRelay({ baseUrl: nowhere })
    const evil = '%0d%0aset-cookie:%20a=b%0a{"level":"info","msg":"forged"}\u2028'
    const answers = await Promise.all([
      app.inject({
        method: 'POST',
        url: `/webhooks/${encodeURI(evil)}`,
        payload: '{}',
        headers: { 'content-type': 'a/b' },
      }),
      app.inject({ url: `/api/v1/events/${encodeURI(evil)}`, headers: { authorization: `Bearer ${adminToken}` } }),
      app.inject({ url: `/${encodeURI(evil)}` }),
    ])
    for (const answer of answers) {
      expect(answer.statusCode).toBe(404)
      expect(answer.headers).not.toHaveProperty('set-cookie')
      expect(answer.json()).toMatchObject({ ok: false })
    }
    expect(lines.length).toBeGreaterThan(0)
    for (const line of lines) {
      expect(line.trimEnd()).not.toMatch(/[\n\r\u2028]/)
      expect(JSON.parse(line).msg).not.toBe('forged')
    }
  })
})

describe('the admin token', () => {
  const guess = (test: Awaited<ReturnType<typeof startRelay>>, token: string) =>
    test.app.inject({ url: '/api/v1/sources', headers: { authorization: `Bearer ${token}` } })

  test('passes only whole and only as a bearer token', async () => {
    const test = await startRelay({ baseUrl: nowhere })
    const texts = ['', adminToken.slice(0, -1), `${adminToken}x`, adminToken.toUpperCase(), `${adminToken} x`, '\u0000']
    for (const text of texts) expect((await guess(test, text)).statusCode, text).toBe(401)
    for (const authorization of [adminToken, `Basic ${btoa(`:${adminToken}`)}`]) {
      expect((await test.app.inject({ url: '/api/v1/sources', headers: { authorization } })).statusCode).toBe(401)
    }
    expect((await test.app.inject(`/api/v1/sources?access_token=${adminToken}`)).statusCode).toBe(401)
  })
})

test('every route of the admin API, as the router knows them, asks for the token before it reads anything', async () => {
  const { app } = await startRelay({ baseUrl: nowhere })
  const routes = routesOf(app.printRoutes({ commonPrefix: false })).filter(({ path }) => path.startsWith('/api/v1/'))
  expect(routes.length).toBeGreaterThan(25)
  expect(routes).toContainEqual({ method: 'POST', path: '/api/v1/events/purge' })
  expect(routes).toContainEqual({ method: 'GET', path: '/api/v1/signals' })
  for (const { method, path } of routes) {
    const url = path.replaceAll(/:\w+/g, 'x')
    const answer = await app.inject({
      method: method as 'GET',
      url,
      headers: { 'content-type': 'application/json', authorization: 'Bearer wrong' },
      remoteAddress: `10.0.0.${routes.findIndex((one) => one.path === path)}`,
      ...(method === 'POST' && { payload: '{"a":' }),
    })
    expect(answer.statusCode, `${method} ${path}`).toBe(401)
  }
})

test('every route of the admin API leaves a trace, but for lists that hold no content', async () => {
  const { app, signals } = await startRelay({ baseUrl: nowhere })
  const routes = routesOf(app.printRoutes({ commonPrefix: false })).filter(({ path }) => path.startsWith('/api/v1/'))
  const quiet: string[] = []
  for (const { method, path } of routes) {
    if (path === '/api/v1/signals') continue // has no end
    const before = signals.length
    const headers = { authorization: `Bearer ${adminToken}` }
    await app.inject({ method: method as 'GET', url: path.replaceAll(/:\w+/g, 'x'), headers })
    const isTold = signals.slice(before).some((signal) => signal.kind === 'admin.done' && signal.who === 'admin')
    if (!isTold) quiet.push(`${method} ${path.slice('/api/v1'.length)}`)
  }
  const lists = [
    '/events',
    '/items',
    '/batches',
    '/attempts',
    '/destinations',
    '/destinations/:name',
    '/sources',
    '/mappers',
  ]
  expect(quiet.sort()).toEqual(lists.flatMap((path) => [`GET ${path}`, `HEAD ${path}`]).sort())
})

/** The leaves of the tree that the router prints: each line is below the last one that is less indented. */
function routesOf(tree: string): readonly { readonly method: string; readonly path: string }[] {
  const above: string[] = []
  return [...tree.matchAll(/^([│ ]*)[├└]── (\S+) \(([A-Z, ]+)\)$/gm)].flatMap(
    ([, indent = '', part = '', methods = '']) => {
      above.length = indent.length / 4
      const path = above.join('') + part
      above.push(part)
      return methods.split(', ').map((method) => ({ method, path }))
    },
  )
}

describe('the container', () => {
  const dockerfile = readFileSync(join(project, 'Dockerfile'), 'utf8')
  const { relay } = parse(readFileSync(join(project, 'compose.yaml'), 'utf8')).services

  test('runs as nobody special, and may write to its volume alone', () => {
    const final = dockerfile.slice(dockerfile.lastIndexOf('\nFROM '))
    expect(final.match(/^(?:USER|CMD) .*/gm)?.[0]).toBe('USER 1000:1000')
    expect(final.match(/--chown=\S+ \S+/g)).toEqual(['--chown=1000:1000 /app/data'])
    expect(relay).toMatchObject({ read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] })
    expect(relay).not.toHaveProperty('privileged')
    expect(relay.volumes).toEqual(['./relay.yaml:/app/relay.yaml:ro', 'data:/app/data'])
    expect(relay.ulimits).toEqual({ core: 0 })
  })

  test('is made of locked packages that run no scripts', () => {
    expect(dockerfile).toContain('npm ci --omit=dev --ignore-scripts')
    const lock = JSON.parse(readFileSync(join(project, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { integrity?: string; hasInstallScript?: boolean; dev?: boolean }>
    }
    const packages = Object.entries(lock.packages).filter(([path]) => path !== '')
    expect(packages.length).toBeGreaterThan(50)
    const loose = packages.filter(([, one]) => !one.integrity?.startsWith('sha512-'))
    expect(loose.map(([path]) => path)).toEqual([])
    expect(packages.filter(([, one]) => one.hasInstallScript && !one.dev).map(([path]) => path)).toEqual([])
  })
})
