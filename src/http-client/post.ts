import { isIP } from 'node:net'
import type { Dispatcher } from 'undici'
import { RelayError } from '../domain/errors.ts'
import { readRetryAfter } from '../domain/retry.ts'
import { refusalOf } from './address.ts'
import { deadlineAfter, headerIn } from './answer.ts'
import { AddressRefused, guardedLookup } from './guarded-lookup.ts'
import { readNetworkError } from './network-error.ts'
import { openPool } from './pool.ts'

export interface PostClientOptions {
  readonly url: string
  /** Whether it may be at a private or loopback address. Link-local and reserved ones are never asked. */
  readonly allowPrivate: boolean
  /** For a whole request, to the end of the answer's headers. */
  readonly timeoutMs: number
  readonly now: () => number
}

/** What came of one request. No message holds the path or query of the url, which may be a credential. */
export type PostResult = { readonly durationMs: number } & (
  | { readonly kind: 'answer'; readonly status: number; readonly retryAfterMs: number | null }
  | { readonly kind: 'refused' | 'no_answer'; readonly message: string }
)

export interface PostClient {
  /** One POST of JSON. Never retries, never redirects, never throws for trouble; what the answer says in its body is not read. */
  send(body: string, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<PostResult>
  close(): Promise<void>
}

/** An answer's body is taken so far, to keep the socket; beyond it the socket is given up. */
const maxAnswerBytes = 64 * 1024

/** Posts to one url, over one socket that is kept alive. Throws RelayError `invalid` for a url that is never asked. */
export function createPostClient({ url: text, allowPrivate, timeoutMs, now }: PostClientOptions): PostClient {
  const url = readUrl(text, allowPrivate)
  let opening: Promise<Dispatcher> | null = null

  function pool(): Promise<Dispatcher> {
    opening ??= openPool({
      origin: url.origin,
      connections: 1,
      timeoutMs,
      connectTimeoutMs: timeoutMs,
      lookup: guardedLookup(allowPrivate),
    })
    return opening
  }

  return {
    async send(body, headers, signal) {
      const startedAt = performance.now()
      const took = () => performance.now() - startedAt
      using deadline = deadlineAfter(timeoutMs, signal)
      try {
        const answer = await (await pool()).request({
          method: 'POST',
          origin: url.origin,
          path: url.pathname + url.search,
          body,
          signal: deadline.signal,
          headers: { 'content-type': 'application/json', 'user-agent': 'cms-relay', ...headers },
        })
        // Whether the body comes to its end says nothing more: it was received.
        await answer.body.dump({ limit: maxAnswerBytes, signal: deadline.signal }).catch(() => {})
        const retryAfterMs = readRetryAfter(headerIn(answer.headers['retry-after']), now())
        return { kind: 'answer', status: answer.statusCode, retryAfterMs, durationMs: took() }
      } catch (error) {
        if (error instanceof AddressRefused) return { kind: 'refused', message: error.message, durationMs: took() }
        const message = deadline.isLate() ? `no answer within ${timeoutMs} ms` : readNetworkError(error).message
        return { kind: 'no_answer', message, durationMs: took() }
      }
    },
    async close() {
      await (await opening)?.close()
    },
  }
}

function readUrl(text: string, allowPrivate: boolean): URL {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol)) throw new RelayError('invalid', 'must be an http(s) url')
  if (url.username || url.password) throw new RelayError('invalid', 'must have no user name or password')
  // A socket looks up names only.
  const reason = isIP(url.hostname.replace(/^\[|\]$/g, '')) === 0 ? null : refusalOf(url.hostname, allowPrivate)
  if (reason !== null) throw new RelayError('invalid', `nothing is sent there: ${reason}`)
  return url
}
