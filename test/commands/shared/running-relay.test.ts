import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, request as requestTo, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { findAccess } from '../../../src/commands/shared/relay-access.ts'
import { openRunningRelay } from '../../../src/commands/shared/running-relay.ts'
import { outlookOfApi } from '../../../src/commands/try/send/outlook.ts'
import { createFolder } from '../../folder.ts'
import { adminToken, startRelay } from '../../support.ts'
import { runHere } from '../run-here.ts'

const nowhere = 'http://127.0.0.1:9/v1/ingest'

async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close().closeAllConnections())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** A relay behind a proxy: http://relay.test/cms leads to it, as an egress proxy and a reverse proxy with a path have it. */
async function startBehindProxy() {
  const relay = await startRelay({ baseUrl: nowhere })
  const own = await relay.app.listen({ host: '127.0.0.1', port: 0 })
  const seen: string[] = []
  function forward(incoming: IncomingMessage, answer: ServerResponse): void {
    const { pathname, search } = new URL(incoming.url!)
    seen.push(`${incoming.method} http://${incoming.headers.host}${pathname}`)
    const { method = 'GET', headers } = incoming
    const sent = requestTo(own + pathname.replace(/^\/cms/, '') + search, { method, headers }, (given) => {
      answer.writeHead(given.statusCode!, given.headers).flushHeaders()
      given.pipe(answer)
    })
    answer.on('close', () => sent.destroy())
    incoming.pipe(sent.on('error', () => {}))
  }
  const env = { HTTP_PROXY: await listen(createServer(forward)) }
  const flags = ['--url', 'http://relay.test/cms/', '--token', adminToken] as const
  return { env, flags, seen, relay }
}

/** A server that gives the same answer to all. */
function answering(status: number, text: string, headers: Record<string, string> = {}): Promise<string> {
  return listen(createServer((_request, response) => void response.writeHead(status, headers).end(text)))
}

const envelope = (message: string) => JSON.stringify({ ok: false, error: { message } })

describe('a relay that is asked through the proxy of the environment, below a path', () => {
  test('reloads', async () => {
    const { env, flags, seen } = await startBehindProxy()
    const ran = await runHere(['reload', '--dry-run', ...flags], env)
    expect(ran).toMatchObject({ code: 0, stdout: expect.stringContaining('nothing has changed'), stderr: '' })
    expect(seen).toEqual(['POST http://relay.test/cms/api/v1/reload'])
  })

  test('is followed by tail', async () => {
    const { env, flags, seen, relay } = await startBehindProxy()
    const running = runHere(['tail', ...flags, '--type', 'event.received'], env)
    await vi.waitFor(
      async () => {
        await relay.send('demo', { event: 'a' })
        expect(vi.mocked(process.stdout.write).mock.calls.join('')).toContain('event.received')
      },
      { timeout: 15_000, interval: 50 },
    )
    process.emit('SIGINT')
    expect(await running).toMatchObject({ code: 0, stderr: '' })
    expect(seen).toEqual(['GET http://relay.test/cms/api/v1/signals'])
  })

  test('takes what send sends, and is asked what became of it', async () => {
    const { env, flags, seen, relay } = await startBehindProxy()
    const input = join(createFolder(), 'body.json')
    const post = { event: 'post.published', type: 'post', id: 1, url: 'https://elsewhere.example/a', title: 'A' }
    writeFileSync(input, JSON.stringify(post))
    const running = runHere(['send', '--source', 'demo', '--input', input, '--wait', '--json', ...flags], env)
    await vi.waitFor(() => expect(seen.length).toBeGreaterThan(1), { timeout: 15_000 })
    await relay.map()
    const { code, stdout } = await running
    expect({ code, sent: JSON.parse(stdout) }).toMatchObject({
      code: 1,
      sent: { url: 'http://relay.test/cms/webhooks/demo', event: { status: 'failed' } },
    })
    expect(seen.slice(0, 2)).toEqual([
      'POST http://relay.test/cms/webhooks/demo',
      expect.stringMatching(/^GET http:\/\/relay\.test\/cms\/api\/v1\/events\/evt_\d+$/),
    ])
  })

  test('knows no event; a server without the admin API can not tell', async () => {
    const url = await answering(404, envelope('no route'))
    const elsewhere = outlookOfApi(await openRunningRelay({ url, token: 't', env: {} }))
    await expect(elsewhere.readEvent('evt_1')).rejects.toThrow(/server\.admin/)
    await elsewhere.close()
    const { app } = await startRelay({ baseUrl: nowhere })
    const known = await app.listen({ host: '127.0.0.1', port: 0 })
    const there = outlookOfApi(await openRunningRelay({ url: known, token: adminToken, env: {} }))
    expect(await there.readEvent('evt_99')).toBeNull()
    await there.close()
  })

  test('is not asked if the proxy is no URL', async () => {
    const access = { url: 'http://relay.test', token: adminToken, env: { HTTP_PROXY: 'proxy:3128' } }
    await expect(openRunningRelay(access)).rejects.toThrow(/^HTTP_PROXY must be a URL/)
  })
})

describe('a refusal says what answers, and the cure', () => {
  const page = '<html>Sign in</html>'
  test.each([
    [
      401,
      envelope('the bearer token is wrong'),
      'unauthorized',
      /^the relay at URL answers 401: the bearer token is wrong; .*--token.*SIGHUP$/,
    ],
    [
      404,
      envelope('no route GET /'),
      'not_found',
      /^the relay at URL answers 404: no route GET \/; .*server\.admin_token.*--url/,
    ],
    [409, envelope('held'), 'invalid', /^the relay at URL answers 409: held$/],
    [429, envelope('too many'), 'unavailable', /^the relay at URL answers 429: too many$/],
    [503, envelope('stopping'), 'unavailable', /^the relay at URL answers 503: stopping; its log tells why$/],
    [200, page, 'invalid', /^what answers 200 at URL is not cms-relay: check --url, and the proxy/],
    [401, page, 'invalid', /^what answers 401 at URL is not cms-relay: check --url/],
    [404, page, 'invalid', /^what answers 404 at URL is not cms-relay: check --url/],
    [407, page, 'invalid', /^what answers 407 at URL is not cms-relay: the proxy of .* wants a user name/],
    [502, page, 'unavailable', /^what answers 502 at URL is not cms-relay: check --url/],
  ])('%i %s', async (status, text, code, words) => {
    const url = await answering(status, text)
    await using relay = await openRunningRelay({ url, token: 't', env: {} })
    const stream = { headers: {}, signal: AbortSignal.timeout(5_000), silenceMs: 5_000 }
    for (const asked of [relay.get('/a'), relay.post('/a', {}), relay.stream('/a', stream)]) {
      const error = await asked.catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({ code })
      expect((error as Error).message.replace(url, 'URL')).toMatch(words)
    }
  })

  test('a redirect is not followed: the token is for one address', async () => {
    const url = await answering(301, '', { location: 'https://relay.example.com/x?secret=1' })
    await using relay = await openRunningRelay({ url, token: 't', env: {} })
    await expect(relay.get('/a')).rejects.toThrow(
      /is not cms-relay: it redirects to https:\/\/relay\.example\.com, and --url takes the address itself$/,
    )
  })

  test('nobody listens', async () => {
    for (const command of [['reload'], ['tail']]) {
      const ran = await runHere([...command, '--url', 'http://127.0.0.1:9', '--token', 'x'])
      expect(ran).toMatchObject({ code: 1, stdout: '' })
      expect(ran.stderr).toMatch(
        /^cms-relay: no relay answers at http:\/\/127\.0\.0\.1:9: start it with `cms-relay serve`, or .*--url.*ECONNREFUSED/,
      )
    }
  })

  test('a proxy that does not answer is named as a cause, for what is not on this machine', async () => {
    const ran = (url: string) => runHere(['reload', '--url', url, '--token', 'x'], { HTTP_PROXY: 'http://127.0.0.1:9' })
    expect((await ran('http://relay.test')).stderr).toMatch(
      /; check the network and its proxy, .*HTTP_PROXY.*ECONNREFUSED/,
    )
    expect((await ran('http://localhost:9')).stderr).not.toContain('proxy')
  })

  test('a stream that falls silent breaks off, and may be asked for again', async () => {
    const url = await listen(
      createServer((_request, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': here\n\n')
      }),
    )
    await using relay = await openRunningRelay({ url, token: 't', env: {} })
    const pieces = await relay.stream('/a', { headers: {}, signal: AbortSignal.timeout(5_000), silenceMs: 50 })
    await expect(Array.fromAsync(pieces)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/^the stream from .* broke off: UND_ERR_BODY_TIMEOUT/),
    })
  })

  test('--url that is no address of a relay is wrong use', async () => {
    for (const url of ['relay.test', 'ftp://relay.test', 'http://a:b@relay.test', 'http://relay.test/?a=1']) {
      for (const command of [['reload'], ['tail'], ['send', '--source', 'demo']]) {
        const ran = await runHere([...command, '--url', url])
        expect(ran).toMatchObject({ code: 2, stderr: expect.stringContaining('such as http://127.0.0.1:8080') })
      }
    }
  })
})

describe('address and token', () => {
  function configured(server: object): string {
    const file = join(createFolder(), 'relay.yaml')
    const main = { token: 'c.s', website_id: 's', site_domain: 'example.com', base_url: nowhere }
    writeFileSync(file, JSON.stringify({ server, destinations: { main } }))
    return file
  }
  const find = async (options: Parameters<typeof findAccess>[0]) => {
    const { url, token } = await findAccess(options)
    return `${token} at ${url}`
  }

  test('are those of the flags, then of the environment, then of the configuration', async () => {
    const config = configured({ port: 8099, admin_token: 'a-token-of-the-file' })
    const inEnv = { RELAY_ADMIN_TOKEN: 'a-token-of-the-environment' }
    const url = 'http://relay.test/cms'
    expect(await find({ url, token: 'of-the-flag', config: 'none.yaml', env: inEnv })).toBe(`of-the-flag at ${url}`)
    expect(await find({ url, config: 'none.yaml', env: inEnv })).toBe(`a-token-of-the-environment at ${url}`)
    expect(await find({ config, env: inEnv })).toBe('a-token-of-the-environment at http://127.0.0.1:8099')
    expect(await find({ config, env: {} })).toBe('a-token-of-the-file at http://127.0.0.1:8099')
    expect(await find({ config, token: 'of-the-flag', env: {} })).toBe('of-the-flag at http://127.0.0.1:8099')
    expect(await find({ config: configured({ admin: { host: '::', port: 8090 } }), token: 't', env: {} })).toBe(
      't at http://[::1]:8090',
    )
    await expect(find({ config: configured({}), env: {} })).rejects.toThrow(
      /^no server\.admin_token is configured: set one/,
    )
  })

  test('in sandbox mode: the usual port, and a token that only the flag or the environment can tell', async () => {
    expect(await find({ token: 't', env: {} })).toBe('t at http://127.0.0.1:8080')
    expect(await find({ env: { RELAY_ADMIN_TOKEN: 'a-token-of-my-own', PORT: '8123' } })).toBe(
      'a-token-of-my-own at http://127.0.0.1:8123',
    )
    for (const command of [['tail'], ['reload', '--url', 'http://127.0.0.1:9']]) {
      expect(await runHere(command)).toMatchObject({ code: 2, stderr: expect.stringContaining('makes its token up') })
    }
    const there = await runHere(['reload', '--token', 't'], { PORT: '9' })
    expect(there).toMatchObject({ code: 1, stderr: expect.stringContaining('no relay answers at http://127.0.0.1:9') })
  })
})
