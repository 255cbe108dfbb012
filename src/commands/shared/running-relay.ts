import { messageOf, RelayError } from '../../domain/errors.ts'
import { deadlineAfter, headerIn, readText } from '../../http-client/answer.ts'
import type { Answered } from '../../http-client/client.ts'
import { readNetworkError } from '../../http-client/network-error.ts'
import { openPool } from '../../http-client/pool.ts'
import { readRoot } from '../../http-client/url.ts'
import type { RelayAccess } from './relay-access.ts'
import { noAnswer, refusalError } from './relay-refusal.ts'

export interface StreamOptions {
  readonly headers: Readonly<Record<string, string>>
  readonly signal: AbortSignal
  /** A longer pause breaks the stream off. */
  readonly silenceMs: number
}

/**
 * The admin API of a running relay. Paths begin behind `/api/v1`. All throw RelayError: `unavailable` for what may pass, `unauthorized`
 * and `not_found` as the relay has it, `invalid` for the rest.
 */
export interface RunningRelay extends AsyncDisposable {
  readonly url: string
  /** The `data` of its answer. */
  get(path: string): Promise<unknown>
  post(path: string, body: object): Promise<unknown>
  /** The text of an event stream, piece by piece, once the relay has begun it. */
  stream(path: string, options: StreamOptions): Promise<AsyncIterable<string>>
}

const connectTimeoutMs = 10_000
const getTimeoutMs = 10_000
/** What is asked for may be a queue of reloads. */
const postTimeoutMs = 120_000
const maxBytes = 16 * 1024 * 1024

interface Request {
  readonly method: 'GET' | 'POST'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly signal: AbortSignal
  readonly headersTimeout?: number
  readonly bodyTimeout?: number
}

/** Opens sockets to a relay, through the proxy that the environment names. Throws RelayError `invalid` for a proxy that is no URL. */
export async function openRunningRelay({ url, token, env }: RelayAccess): Promise<RunningRelay> {
  const { origin, path: prefix } = readRoot(url, '--url ')
  const pool = await openPool({ origin, connections: 1, timeoutMs: postTimeoutMs, connectTimeoutMs, env })

  function request(path: string, { headers, ...rest }: Request): Promise<Answered> {
    const own = { authorization: `Bearer ${token}`, 'user-agent': 'cms-relay' }
    return pool.request({ origin, path: `${prefix}/api/v1${path}`, headers: { ...own, ...headers }, ...rest })
  }

  async function ask(path: string, timeoutMs: number, sent: Omit<Request, 'signal'>) {
    using deadline = deadlineAfter(timeoutMs)
    try {
      const answer = await request(path, { ...sent, signal: deadline.signal })
      const text = await readText(answer.body, maxBytes)
      return (isGood(answer) ? dataIn(text) : null) ?? refuse(answer, text)
    } catch (error) {
      if (error instanceof RelayError) throw error
      throw noAnswer(url, deadline.isLate() ? `no whole answer within ${timeoutMs} ms` : troubleOf(error))
    }
  }

  function refuse(answer: Answered, text: string): never {
    throw refusalError({ url, text, ...headOf(answer) })
  }

  return {
    url,
    get: (path) => ask(path, getTimeoutMs, { method: 'GET' }),
    post(path, body) {
      const headers = { 'content-type': 'application/json' }
      return ask(path, postTimeoutMs, { method: 'POST', headers, body: JSON.stringify(body) })
    },
    async stream(path, { headers, signal, silenceMs }) {
      const timeouts = { headersTimeout: silenceMs, bodyTimeout: silenceMs }
      const all = { accept: 'text/event-stream', ...headers }
      try {
        const answer = await request(path, { method: 'GET', headers: all, signal, ...timeouts })
        if (isGood(answer) && isStream(answer)) return piecesOf(url, answer)
        return refuse(answer, await readText(answer.body, maxBytes))
      } catch (error) {
        if (error instanceof RelayError) throw error
        throw noAnswer(url, troubleOf(error))
      }
    },
    [Symbol.asyncDispose]: () => pool.destroy(),
  }
}

async function* piecesOf(url: string, { body }: Answered): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  try {
    for await (const chunk of body) yield decoder.decode(chunk as Buffer, { stream: true })
  } catch (error) {
    throw new RelayError('unavailable', `the stream from ${url} broke off: ${troubleOf(error)}`, { cause: error })
  }
}

const isGood = ({ statusCode }: Answered) => statusCode >= 200 && statusCode < 300

const isStream = ({ headers }: Answered) => headerIn(headers['content-type'])?.startsWith('text/event-stream') ?? false

function headOf({ statusCode: status, headers }: Answered) {
  return { status, location: headerIn(headers['location']) }
}

/** Null for what is not the relay's envelope. */
function dataIn(text: string): unknown {
  try {
    return (JSON.parse(text) as { data?: unknown } | null)?.data ?? null
  } catch {
    return null
  }
}

function troubleOf(error: unknown): string {
  return readNetworkError(error).message || messageOf(error)
}
