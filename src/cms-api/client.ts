import type { FetchRequest } from '../domain/fetch.ts'
import { readRetryAfter } from '../domain/retry.ts'
import { headerIn, readDate, readText } from '../http-client/answer.ts'
import { type Answered, createHttpClient, type NoAnswer, refusedOf, type SendRequest } from '../http-client/client.ts'
import { AddressRefused, guardedLookup, type ResolveHost } from '../http-client/guarded-lookup.ts'
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
  | NoAnswer
)

export interface FetchClient {
  /** One request. Never retries and never throws for trouble; no message holds a credential. */
  send(request: FetchRequest, signal?: AbortSignal): Promise<FetchResult>
  close(): Promise<void>
}

const maxRedirects = 3

/** Asks one API, over sockets of its own that are kept alive. Throws RelayError `invalid` for a base url that is none. */
export function createFetchClient(options: FetchClientOptions): FetchClient {
  const { timeoutMs, maxBytes, allowPrivate, now } = options
  const base = readBaseUrl(options.baseUrl, allowPrivate)
  const secrets = [...Object.values(options.query), ...Object.values(options.headers)].filter(
    (text) => text.length >= 8,
  )
  const { origin } = base
  const lookup = guardedLookup(allowPrivate, options.resolveHost)
  const client = createHttpClient({ origin, connections: options.connections, timeoutMs, lookup })

  function redact(message: string): string {
    return secrets.reduce((text, secret) => text.replaceAll(secret, '[secret]'), message)
  }

  function withCredentials(url: URL): URL {
    for (const [name, value] of Object.entries(options.query)) url.searchParams.set(name, value)
    return url
  }

  function dispatch(send: SendRequest, url: URL, { method, headers, body }: FetchRequest) {
    const { pathname, search } = withCredentials(url)
    return send({
      method,
      path: pathname + search,
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

  async function attempt(send: SendRequest, request: FetchRequest, signal: AbortSignal) {
    let url = urlBelow(base, request.url)
    if (url === null) throw new AddressRefused('the url leads out of the base url')
    for (let redirects = 0; ; redirects++) {
      const answer = await dispatch(send, url, request)
      const { statusCode: status, headers, body } = answer
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
      return { kind: 'answer', status, text: await readAnswer(answer, signal), retryAfterMs } as const
    }
  }

  /** What an error says in its body is for nobody: it may quote the request. */
  async function readAnswer({ statusCode: status, headers, body }: Answered, signal: AbortSignal): Promise<string> {
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
    async send(request, cut) {
      const result = await client.ask((send, signal) => attempt(send, request, signal).catch(refusedOf), cut)
      return result.kind === 'answer' ? result : { ...result, message: redact(result.message) }
    },
    close: client.close,
  }
}

/** An answer that is not wanted is read so far, to keep its socket; beyond it the socket is given up. */
const maxErrorBytes = 64 * 1024

function isRedirect(status: number): boolean {
  return status === 301 || status === 302 || status === 303 || status === 307 || status === 308
}
