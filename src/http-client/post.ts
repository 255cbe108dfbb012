import { readRetryAfter } from '../domain/retry.ts'
import { checkAddress } from './address.ts'
import { headerIn } from './answer.ts'
import { createHttpClient, refusedOf, type SendRequest } from './client.ts'
import { guardedLookup } from './guarded-lookup.ts'
import { readHttpUrl } from './url.ts'

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

type Headers = Readonly<Record<string, string>>

export interface PostClient {
  /** One POST of JSON. Never retries, never redirects, never throws for trouble; what the answer says in its body is not read. */
  send(body: string, headers: Headers, cut: AbortSignal): Promise<PostResult>
  close(): Promise<void>
}

/** An answer's body is taken so far, to keep the socket; beyond it the socket is given up. */
const maxAnswerBytes = 64 * 1024

/** Posts to one url, over one socket that is kept alive. Throws RelayError `invalid` for a url that is never asked. */
export function createPostClient({ url: text, allowPrivate, timeoutMs, now }: PostClientOptions): PostClient {
  const { origin, pathname, search } = readHttpUrl(text)
  checkAddress(origin, allowPrivate, 'nothing is sent there')
  const client = createHttpClient({ origin, connections: 1, timeoutMs, lookup: guardedLookup(allowPrivate) })

  async function post(send: SendRequest, body: string, headers: Headers, signal: AbortSignal) {
    const answer = await send({
      method: 'POST',
      path: pathname + search,
      body,
      headers: { 'content-type': 'application/json', 'user-agent': 'cms-relay', ...headers },
    })
    // Whether the body comes to its end says nothing more: it was received.
    await answer.body.dump({ limit: maxAnswerBytes, signal }).catch(() => {})
    const retryAfterMs = readRetryAfter(headerIn(answer.headers['retry-after']), now())
    return { kind: 'answer', status: answer.statusCode, retryAfterMs } as const
  }

  return {
    send: (body, headers, cut) => client.ask((send, signal) => post(send, body, headers, signal).catch(refusedOf), cut),
    close: client.close,
  }
}
