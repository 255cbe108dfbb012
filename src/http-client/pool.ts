import type { LookupFunction } from 'node:net'
import type { Dispatcher } from 'undici'
import { RelayError } from '../domain/errors.ts'
import { isLoopback } from './loopback.ts'

export interface PoolOptions {
  /** Scheme, host and port of all requests. */
  readonly origin: string
  /** Most sockets. */
  readonly connections: number
  /** For the headers of an answer, and for each pause in its body. */
  readonly timeoutMs: number
  readonly connectTimeoutMs: number
  /** Resolves names of direct connections. A proxy resolves names itself. */
  readonly lookup?: LookupFunction | undefined
  /** Where `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` are read, in upper or lower case. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined
}

/**
 * Keep-alive sockets to one origin, directly or through the proxy that the environment names. Loopback is never asked through a
 * proxy. HTTP/1.1 only: under HTTP/2 one socket would carry many calls, and `connections` would bound nothing.
 * Requests name their `origin`. Throws RelayError `invalid` for a proxy that is no URL.
 */
export async function openPool(options: PoolOptions): Promise<Dispatcher> {
  const { origin, connections, timeoutMs, connectTimeoutMs, lookup, env = process.env } = options
  const proxies = proxiesFor(origin, env)
  // Read late: a relay that starts can take webhooks before it has read what it asks with.
  const { EnvHttpProxyAgent, Pool } = await import('undici')
  const settings = {
    connections,
    pipelining: 1,
    allowH2: false,
    connect: { timeout: connectTimeoutMs, ...(lookup && { lookup }) },
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
  }
  if (proxies === null) return new Pool(origin, settings)
  return new EnvHttpProxyAgent({ ...settings, ...proxies, proxyTls: { timeout: connectTimeoutMs } })
}

interface Proxies {
  readonly httpProxy: string
  readonly httpsProxy: string
  readonly noProxy: string
}

/** The proxies of an environment, or null if an origin is asked directly whatever else the environment says. */
function proxiesFor(origin: string, env: Readonly<Record<string, string | undefined>>): Proxies | null {
  const read = (name: string) => env[name.toLowerCase()] || env[name] || ''
  const [httpProxy, httpsProxy] = [read('HTTP_PROXY'), read('HTTPS_PROXY')]
  if (!httpProxy && !httpsProxy) return null
  if (isLoopback(new URL(origin).hostname)) return null
  checkProxy('HTTP_PROXY', httpProxy)
  checkProxy('HTTPS_PROXY', httpsProxy)
  return { httpProxy, httpsProxy, noProxy: read('NO_PROXY') }
}

/** The value itself is not repeated: it may hold a password. */
function checkProxy(name: string, value: string): void {
  if (value === '' || /^(https?|socks5?):$/.test(URL.parse(value)?.protocol ?? '')) return
  throw new RelayError('invalid', `${name} must be a URL such as http://proxy.example.com:3128`)
}

/** Whether the environment names a proxy that is none. Throws RelayError `invalid`, at start rather than with the first call. */
export function checkProxies(env: Readonly<Record<string, string | undefined>>): void {
  proxiesFor('https://example.com', env)
}
