import { globSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { runHere } from '../commands/run-here.ts'
import { type Ended, runCommand, shopHeaders, startServe } from '../e2e/process.ts'
import { createFolder } from '../folder.ts'
import { product } from '../support.ts'

/** Values that nobody but the relay and whom they are for may ever see. */
const canaries = {
  CONNECTOR_TOKEN: 'con_canary.c4nary-connector/secret+9',
  ADMIN_TOKEN: 'c4nary-admin-token/with+signs',
  SHOP_SECRET: 'shop-webhook-secret',
  PATH_SECRET: 'c4nary-path-secret-123',
  QUERY_SECRET: 'c4nary-query/secret+1',
  BODY_SECRET: 'c4nary-body"secret\\1',
  HEADER_SECRET: 'c4nary-header-secret-1',
  CMS_TOKEN: 'c4nary-cms-token-12345',
  CMS_QUERY: 'c4nary-cms-query/12345',
  CMS_HEADER: 'c4nary-cms-header+12345',
}
/** The part of the connector token that is a secret. */
const secrets = Object.values(canaries).map((text) => text.replace(/^con_canary\./, ''))

/** A secret as it may be written: as it is, in JSON, in a url, in hex, and in base64 at each of its three offsets. */
function formsOf(secret: string): readonly string[] {
  const bytes = Buffer.from(secret)
  const base64 = [0, 1, 2].map((offset) => {
    const shifted = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64')
    return shifted.slice(offset === 0 ? 0 : 4, Math.floor((offset + bytes.length) / 3) * 4)
  })
  return [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret), bytes.toString('hex'), ...base64]
}

function expectNoSecret(text: string, where: string): void {
  for (const secret of secrets) {
    for (const form of formsOf(secret)) expect(text.includes(form), `${form} in ${where}`).toBe(false)
  }
}

test('a secret is found in each of its forms', () => {
  const secret = canaries.ADMIN_TOKEN
  const written = [secret, encodeURIComponent(secret), Buffer.from(secret).toString('hex')]
  for (const user of ['', 'a', 'ab', 'abc']) written.push(Buffer.from(`${user}${secret}`).toString('base64'))
  for (const text of written) expect(() => expectNoSecret(`x ${text} y`, 'here'), text).toThrow()
})

/** A server that quotes all that it is sent, and the token that it knows. */
async function startParrot(): Promise<string> {
  const server = createServer((request: IncomingMessage, response) => {
    const heard = { url: request.url, headers: request.headers, token: canaries.CONNECTOR_TOKEN }
    request.resume().on('end', () => {
      const error = { code: 'validation.failed', message: JSON.stringify(heard), retryable: false }
      const status = request.url?.startsWith('/cms') ? 500 : 422
      response.writeHead(status, { 'content-type': 'application/json', 'x-request-id': canaries.CONNECTOR_TOKEN })
      response.end(JSON.stringify({ ok: false, error, heard }))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

function configFor(parrot: string, folder: string): unknown {
  const common = { destination: 'main', vars: { origin: 'https://example.com' } }
  const generic = (scheme: object, name: string) => ({
    mapper: 'generic',
    verify: scheme,
    secret: `\${${name}}`,
    ...common,
  })
  return {
    server: { host: '127.0.0.1', admin_token: '${ADMIN_TOKEN}' },
    log: { level: 'trace' },
    destinations: {
      main: {
        token: '${CONNECTOR_TOKEN}',
        website_id: 'site_1',
        site_domain: 'example.com',
        base_url: `${parrot}/v1/ingest`,
        default_language: 'en',
        delivery: { debounce: '10ms', max_wait: '10ms', timeout: '2s' },
        retry: { base: '20ms', cap: '50ms' },
      },
    },
    sources: {
      shop: { mapper: 'shopify', secret: `\${file:${folder}/shop-secret}`, ...common },
      path: generic({ scheme: 'path' }, 'PATH_SECRET'),
      query: generic({ scheme: 'query' }, 'QUERY_SECRET'),
      body: generic({ scheme: 'body' }, 'BODY_SECRET'),
      header: generic({ scheme: 'header', header: 'x-hook' }, 'HEADER_SECRET'),
      cms: {
        mapper: 'directus',
        destination: 'main',
        secret: '${HEADER_SECRET}',
        vars: { origin: 'https://example.com', media_origin: parrot },
        models: { articles: { type: 'post', url: '"https://example.com/" & $string(id)' } },
        fetch: {
          base_url: `${parrot}/cms`,
          token: '${CMS_TOKEN}',
          query: { key: '${CMS_QUERY}' },
          headers: { 'x-more': '${CMS_HEADER}' },
          allow_private: true,
        },
      },
    },
  }
}

const record = { event: 'post.updated', type: 'post', id: 7, url: '/a', title: 'A marker', html: '<p>a</p>' }

test('promise 11: no secret in log, database, metrics, answers, crash reports or what commands print', {
  timeout: 60_000,
}, async () => {
  const folder = createFolder()
  writeFileSync(join(folder, 'relay.yaml'), JSON.stringify(configFor(await startParrot(), folder)))
  writeFileSync(join(folder, 'shop-secret'), canaries.SHOP_SECRET)
  const { SHOP_SECRET: _file, ...env } = canaries
  const reports = { NODE_OPTIONS: `--report-on-signal --report-signal=SIGWINCH --report-directory=${folder}` }
  const relay = await startServe({ cwd: folder, env: { ...env, ...reports } })
  const answers: string[] = []

  async function ask(path: string, init: RequestInit = {}, expected?: number): Promise<string> {
    const answer = await fetch(`${relay.origin}${path}`, init)
    const text = await answer.text()
    if (expected !== undefined) expect(answer.status, `${path}: ${text}`).toBe(expected)
    answers.push(
      `${path.split('?')[0]?.startsWith('/webhooks') ? 'webhook' : path}\n${JSON.stringify([...answer.headers])}\n${text}`,
    )
    return text
  }
  const post = (path: string, body: string, headers: Record<string, string>, expected: number) =>
    ask(path, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } }, expected)

  // Secrets where they belong, and then where they do not.
  const shop = JSON.stringify(product(1, { title: 'A marker' }))
  await post('/webhooks/shop', shop, shopHeaders(shop), 202)
  await post(`/webhooks/path/${canaries.PATH_SECRET}`, JSON.stringify(record), {}, 202)
  await post(`/webhooks/query?token=${encodeURIComponent(canaries.QUERY_SECRET)}`, JSON.stringify(record), {}, 202)
  await post('/webhooks/body', JSON.stringify({ ...record, secret: canaries.BODY_SECRET }), {}, 202)
  await post('/webhooks/header', JSON.stringify(record), { 'x-hook': canaries.HEADER_SECRET }, 202)
  const thin = JSON.stringify({ event: 'items.update', collection: 'articles', keys: ['7'], payload: {} })
  await post('/webhooks/cms', thin, { authorization: `Bearer ${canaries.HEADER_SECRET}` }, 202)
  const everywhere = Object.fromEntries(secrets.map((secret, index) => [`x-${index}`, secret]))
  await post(`/webhooks/shop?a=${encodeURIComponent(secrets.join(' '))}`, secrets.join(' '), everywhere, 401)
  await post(`/webhooks/${encodeURIComponent(canaries.PATH_SECRET)}`, '{}', everywhere, 404)
  answers.pop() // it names the source that was asked for, to who has asked
  await post('/webhooks/header', '{"a":', { ...everywhere, 'x-hook': canaries.HEADER_SECRET }, 400)

  const authorization = `Bearer ${canaries.ADMIN_TOKEN}`
  const api = (path: string, method = 'GET', expected = 200) =>
    ask(`/api/v1${path}`, { method, headers: { authorization } }, expected)
  await vi.waitFor(async () => {
    expect(await api('/attempts')).toContain('validation.failed')
    expect(await api('/events?source=cms')).toContain('the API answered 500')
    expect(await api('/items?status=dead')).toContain('validation.failed')
  }, 10_000)
  const events = JSON.parse(await api('/events')).data as { id: string }[]
  const items = JSON.parse(await api('/items')).data as { id: string }[]
  for (const { id } of events) await api(`/events/${id}`)
  for (const { id } of items) await api(`/items/${encodeURIComponent(id)}`)
  for (const path of ['/destinations', '/destinations/main', '/sources', '/mappers', '/batches', '/attempts'])
    await api(path)
  await api('/nothing', 'GET', 404)
  await ask('/api/v1/events', { headers: { authorization: `Bearer ${canaries.CMS_TOKEN}` } }, 401)
  for (const path of ['/metrics', '/healthz', '/readyz']) await ask(path, {}, 200)

  relay.kill('SIGWINCH')
  const report = await vi.waitFor(() => {
    const [file] = globSync('report.*.json', { cwd: folder })
    const text = readFileSync(join(folder, file ?? 'none'), 'utf8')
    expect(JSON.parse(text)).toHaveProperty('javascriptStack')
    return text
  }, 10_000)
  const { stdout, stderr } = await relay.stop('SIGKILL') // so that what is in the write-ahead log stays there

  const data = globSync('data/*', { cwd: folder })
  expect(data.some((file) => file.endsWith('-wal') && statSync(join(folder, file)).size > 0)).toBe(true)
  const database = data.map((file) => readFileSync(join(folder, file), 'latin1')).join('\n')
  const backedUp = await runCommand(['backup', 'backup.db'], { cwd: folder, env })
  expect(backedUp).toMatchObject({ code: 0, stderr: '' })
  const backup = readFileSync(join(folder, 'backup.db'), 'latin1')
  const run = (name: string) => runCommand([name], { cwd: folder, env })
  const here = (...args: string[]) => runHere(args, { ...env, RELAY_STORE: `sqlite:${join(folder, 'data/relay.db')}` })
  const printed: Pick<Ended, 'code' | 'stdout' | 'stderr'>[] = await Promise.all(['check', 'status'].map(run))
  for (const name of ['check', 'status'])
    printed.push(await here(name, '--json', '--config', join(folder, 'relay.yaml')))
  writeFileSync(join(folder, 'broken.yaml'), brokenConfig)
  const broken = await here('check', '--config', join(folder, 'broken.yaml'))
  expect(broken).toMatchObject({ code: 1, stderr: expect.stringContaining('destinations.main') })

  // What is looked through is what was written.
  expect(database).toContain('A marker')
  expect(backup).toContain('A marker')
  expect(stdout).toContain('webhook.refused')
  expect(answers.join('\n')).toContain('A marker')
  expect(printed.map(({ code }) => code)).toEqual([0, 0, 0, 0])

  expectNoSecret(stdout + stderr, 'the log')
  expectNoSecret(database, 'the database')
  expectNoSecret(backup, 'a backup')
  expectNoSecret(report, 'the report of a crash')
  for (const answer of answers) expectNoSecret(answer, `an answer to ${answer.split('\n', 1)[0]}`)
  for (const { stdout: out, stderr: err } of [...printed, broken]) expectNoSecret(out + err, 'what a command prints')
})

/** Every secret in a place where it is a mistake. */
const brokenConfig = `
server: { admin_token: "\${ADMIN_TOKEN}", port: "\${ADMIN_TOKEN}" }
destinations:
  main: { token: "\${HEADER_SECRET}", website_id: [ "\${CMS_TOKEN}" ], site_domain: "\${QUERY_SECRET}", base_url: "\${CMS_QUERY}" }
sources:
  a: { mapper: "\${PATH_SECRET}", destination: "\${CONNECTOR_TOKEN}", secret: "\${BODY_SECRET}" }
`
