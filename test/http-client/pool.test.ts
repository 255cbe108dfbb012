import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { readNetworkError } from '../../src/http-client/network-error.ts'
import { checkProxies, openPool, type PoolOptions } from '../../src/http-client/pool.ts'

interface Proxy {
  readonly url: string
  /** What it was asked for: `GET http://…` for plain requests, `CONNECT host:port` for tunnels. */
  readonly seen: readonly string[]
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close().closeAllConnections())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** A proxy that answers plain requests itself, and refuses tunnels with 403. */
async function startProxy(): Promise<Proxy> {
  const seen: string[] = []
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url} ${request.headers['proxy-authorization'] ?? ''}`.trim())
    response.end('by the proxy')
  })
  server.on('connect', (request, socket) => {
    seen.push(`CONNECT ${request.url}`)
    socket.end('HTTP/1.1 403 Forbidden\r\n\r\n')
  })
  return { url: await listen(server), seen }
}

async function ask(origin: string, env: PoolOptions['env'], lookup?: PoolOptions['lookup']): Promise<string> {
  const pool = await openPool({ origin, connections: 2, timeoutMs: 2_000, connectTimeoutMs: 2_000, env, lookup })
  onTestFinished(() => pool.destroy())
  const { body } = await pool.request({ origin, method: 'GET', path: '/a?b=1' })
  return body.text()
}

describe('an origin', () => {
  test('is asked directly where the environment names no proxy', async () => {
    const origin = await listen(createServer((_request, response) => response.end('itself')))
    expect(await ask(origin, {})).toBe('itself')
  })

  test.each(['HTTP_PROXY', 'http_proxy'])('is asked through %s, with the password of its URL', async (name) => {
    const proxy = await startProxy()
    const url = proxy.url.replace('//', '//user:pa%20ss@')
    expect(await ask('http://api.example.com', { [name]: url })).toBe('by the proxy')
    const credentials = Buffer.from('user:pa ss').toString('base64')
    expect(proxy.seen).toEqual([`GET http://api.example.com/a?b=1 Basic ${credentials}`])
  })

  test('of https is asked through a tunnel of HTTPS_PROXY; a proxy that refuses it never saw the call', async () => {
    const proxy = await startProxy()
    const error = await ask('https://api.example.com', { HTTPS_PROXY: proxy.url }).catch((thrown: unknown) => thrown)
    expect(proxy.seen).toEqual(['CONNECT api.example.com:443'])
    expect(readNetworkError(error)).toEqual({
      reason: 'connect',
      message: 'the proxy refused to connect (status 403)',
    })
  })

  test.each(['*', '.example.com', 'example.com', 'api.example.com', 'other.test, api.example.com'])(
    'that NO_PROXY=%s names is asked directly',
    async (noProxy) => {
      const proxy = await startProxy()
      const target = await listen(createServer((_request, response) => response.end('itself')))
      const origin = target.replace('127.0.0.1', 'api.example.com')
      const env = { HTTP_PROXY: proxy.url, NO_PROXY: noProxy }
      const lookup: PoolOptions['lookup'] = (_host, _options, done) => done(null, [{ address: '127.0.0.1', family: 4 }])
      expect(await ask(origin, env, lookup)).toBe('itself')
      expect(proxy.seen).toEqual([])
    },
  )

  test('on loopback is never asked through a proxy', async () => {
    const proxy = await startProxy()
    const origin = await listen(createServer((_request, response) => response.end('itself')))
    expect(await ask(origin, { HTTP_PROXY: proxy.url })).toBe('itself')
    expect(await ask(origin.replace('127.0.0.1', 'localhost'), { HTTP_PROXY: proxy.url })).toBe('itself')
    expect(proxy.seen).toEqual([])
  })
})

test.each(['proxy.example.com:3128', 'ftp://proxy', 'user:secret@proxy'])(
  'a proxy that is no URL is a mistake that names the variable and not its value: %s',
  (value) => {
    for (const name of ['HTTP_PROXY', 'https_proxy']) {
      expect(() => checkProxies({ [name]: value })).toThrow(
        `${name.toUpperCase()} must be a URL such as http://proxy.example.com:3128`,
      )
    }
  },
)
