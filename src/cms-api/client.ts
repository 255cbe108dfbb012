import type { FetchRequest } from '../domain/fetch.ts'
import { readRetryAfter } from '../domain/retry.ts'
import { deadlineAfter, headerIn, readDate, readText } from '../http-client/answer.ts'
import { AddressRefused, guardedLookup, type ResolveHost } from '../http-client/guarded-lookup.ts'
import { type NoAnswerReason, readNetworkError } from '../http-client/network-error.ts'
import { type ConnectionPool, openPool, type PooledAnswer } from '../http-client/pool.ts'
import { readBaseUrl, redirectBelow, urlBelow } from './base-url.ts'

export interface FetchClientOptions {
  /** Root of the API: nothing outside of it is asked. */
  readonly baseUrl: string
  /** Credentials and all else that every request has. They stand over what a request says. */
  readonly query: Readonly<Record<string, string>>
  readonly headers: Readonly<Record<string, string>>
  /** Whether the API may be at a private or loopback address. */
  readonly allowPrivate: boolean
  /** For a whole request, redirects included, to the last byte of the answer. */
  readonly timeoutMs: number
  readonly maxBytes: number
  /** Most sockets. */
  readonly connections: number
  readonly resolveHost?: ResolveHost | undefined
  readonly now: () => number
}

/** What came of one request. */
export type FetchResult = { readonly durationMs: number } & (
  | { readonly kind: 'answer'; readonly status: number; readonly text: string; readonly retryAfterMs: number | null }
  /** Never asked: it would lead to where nothing is asked. */
  | { readonly kind: 'refused'; readonly message: string }
  | { readonly kind: 'no_answer'; readonly reason: NoAnswerReason; readonly message: string }
)

export interface FetchClient {
  /** One request. Never retries and never throws for trouble; no message holds a credential. */
  send(request: FetchRequest, signal?: AbortSignal): Promise<FetchResult>
  close(): Promise<void>
}

const maxRedirects = 3
const connectTimeoutMs = 10_000

/** Asks one API, over sockets of its own that are kept alive. Throws RelayError `invalid` for a base url that is none. */
export function createFetchClient(options: FetchClientOptions): FetchClient {
  const { timeoutMs, maxBytes, allowPrivate, now } = options
  const base = readBaseUrl(options.baseUrl, allowPrivate)
  const secrets = [...Object.values(options.query), ...Object.values(options.headers)].filter(
    (text) => text.length >= 8,
  )
  let opening: Promise<ConnectionPool> | null = null
  let closing: Promise<void> | undefined

  /** Opened with the first request. */
  function pool(): Promise<ConnectionPool> {
    opening ??= openPool({
      origin: base.origin,
      connections: options.connections,
      timeoutMs,
      connectTimeoutMs: Math.min(timeoutMs, connectTimeoutMs),
      lookup: guardedLookup(allowPrivate, options.resolveHost),
    })
    return opening
  }

  function redact(message: string): string {
    return secrets.reduce((text, secret) => text.replaceAll(secret, '[secret]'), message)
  }

  function withCredentials(url: URL): URL {
    for (const [name, value] of Object.entries(options.query)) url.searchParams.set(name, value)
    return url
  }

  async function dispatch(url: URL, { method, headers, body }: FetchRequest, signal: AbortSignal) {
    const { pathname, search } = withCredentials(url)
    return (await pool()).request({
      method,
      origin: base.origin,
      path: pathname + search,
      signal,
      body: body === undefined ? null : JSON.stringify(body),
      headers: {
        accept: 'application/json',
        'user-agent': 'cms-relay',
        ...headers,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...options.headers,
      },
    })
  }

  async function attempt(request: FetchRequest, signal: AbortSignal) {
    let url = urlBelow(base, request.url)
    if (url === null) throw new AddressRefused('the url leads out of the base url')
    for (let redirects = 0; ; redirects++) {
      const { statusCode: status, headers, body } = await dispatch(url, request, signal)
      const location = headerIn(headers['location'])
      if (isRedirect(status) && location !== undefined && request.method === 'GET') {
        await body.dump({ limit: maxErrorBytes, signal })
        const next = redirectBelow(base, location, url)
        if (next === null) throw new AddressRefused(`a redirect (${status}) leads out of the base url`)
        if (redirects === maxRedirects) throw new AddressRefused(`more than ${maxRedirects} redirects`)
        url = next
        continue
      }
      const retryAfterMs = readRetryAfter(
        headerIn(headers['retry-after']),
        readDate(headerIn(headers['date'])) ?? now(),
      )
      return { kind: 'answer', status, text: await readAnswer(status, headers, body, signal), retryAfterMs } as const
    }
  }

  /** What an error says in its body is for nobody: it may quote the request. */
  async function readAnswer(
    status: number,
    headers: PooledAnswer['headers'],
    body: PooledAnswer['body'],
    signal: AbortSignal,
  ): Promise<string> {
    if (status >= 200 && status < 300) {
      const encoding = headerIn(headers['content-encoding']) ?? 'identity'
      if (encoding === 'identity') return readText(body, maxBytes)
      await body.dump({ limit: maxErrorBytes, signal })
      throw Object.assign(new Error('the answer is compressed, which was not asked for'), { code: 'HPE_ENCODING' })
    }
    await body.dump({ limit: maxErrorBytes, signal })
    return ''
  }

  return {
    async send(request, signal) {
      const startedAt = performance.now()
      using deadline = deadlineAfter(timeoutMs, signal)
      try {
        return { ...(await attempt(request, deadline.signal)), durationMs: performance.now() - startedAt }
      } catch (error) {
        const durationMs = performance.now() - startedAt
        if (error instanceof AddressRefused) return { kind: 'refused', message: redact(error.message), durationMs }
        if (deadline.isLate()) {
          const message = `no whole answer within ${timeoutMs} ms`
          return { kind: 'no_answer', reason: 'timeout', message, durationMs }
        }
        const { reason, message } = readNetworkError(error)
        return { kind: 'no_answer', reason, message: redact(message), durationMs }
      }
    },
    close() {
      closing ??= opening ? opening.then((opened) => opened.close()) : Promise.resolve()
      return closing
    },
  }
}

/** An answer that is not wanted is read so far, to keep its socket; beyond it the socket is given up. */
const maxErrorBytes = 64 * 1024

function isRedirect(status: number): boolean {
  return status === 301 || status === 302 || status === 303 || status === 307 || status === 308
}
