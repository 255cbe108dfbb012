import type { LookupFunction } from 'node:net'
import type { Dispatcher } from 'undici'
import { deadlineAfter } from './answer.ts'
import { AddressRefused } from './guarded-lookup.ts'
import { type NetworkTrouble, readNetworkError } from './network-error.ts'
import { openPool, type PoolOptions } from './pool.ts'

export interface HttpClientOptions {
  readonly origin: string
  /** Most sockets; a further request waits for one, within its time. */
  readonly connections: number
  /** For all that one `ask` does, to the last byte that it reads. */
  readonly timeoutMs: number
  readonly lookup?: LookupFunction
  /** Names the proxies; left out, that of the process. */
  readonly env?: PoolOptions['env']
}

export type NoAnswer = { readonly kind: 'no_answer' } & NetworkTrouble
export type Answered = Dispatcher.ResponseData

export type SendRequest = (
  request: Pick<Dispatcher.RequestOptions, 'method' | 'path' | 'headers' | 'body'>,
) => Promise<Answered>

export interface HttpClient {
  /** What `work` makes of its requests, or why there is no answer. Never throws; `cut` gives up early. */
  ask<T>(
    work: (send: SendRequest, signal: AbortSignal) => Promise<T>,
    cut?: AbortSignal,
  ): Promise<(T | NoAnswer) & { readonly durationMs: number }>
  /** Waits for the requests under way, then closes the sockets. */
  close(): Promise<void>
}

const connectTimeoutMs = 10_000

/** Asks one origin over sockets that are kept alive, opened with the first request. */
export function createHttpClient({ origin, connections, timeoutMs, lookup, env }: HttpClientOptions): HttpClient {
  let opening: Promise<Dispatcher> | null = null
  let closing: Promise<void> | undefined

  function pool(): Promise<Dispatcher> {
    const connectTimeout = Math.min(timeoutMs, connectTimeoutMs)
    opening ??= openPool({ origin, connections, timeoutMs, connectTimeoutMs: connectTimeout, lookup, env })
    return opening
  }

  return {
    async ask(work, cut) {
      const startedAt = performance.now()
      using deadline = deadlineAfter(timeoutMs, cut)
      const { signal } = deadline
      const result = await work(
        async (request) => (await pool()).request({ ...request, origin, signal }),
        signal,
      ).catch((error: unknown): NoAnswer => {
        const late = { reason: 'timeout', message: `no whole answer within ${timeoutMs} ms` } as const
        return { kind: 'no_answer', ...(deadline.isLate() ? late : readNetworkError(error)) }
      })
      return { ...result, durationMs: performance.now() - startedAt }
    },
    close() {
      closing ??= opening ? opening.then((opened) => opened.close()) : Promise.resolve()
      return closing
    },
  }
}

/** What came of a request that leads to where nothing is asked. Throws any other error again. */
export function refusedOf(error: unknown): { readonly kind: 'refused'; readonly message: string } {
  if (error instanceof AddressRefused) return { kind: 'refused', message: error.message }
  throw error
}
