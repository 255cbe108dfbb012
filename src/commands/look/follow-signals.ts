import { RelayError } from '../../domain/errors.ts'
import { createEventReader, type ServerSentEvent } from '../../http-client/server-sent-events.ts'

export interface Follow {
  /** Where the relay answers operators. */
  readonly origin: string
  readonly token: string
  /** What is wanted, as `GET /api/v1/signals` takes it. */
  readonly query: Readonly<Record<string, string>>
  /** Ends it. */
  readonly signal: AbortSignal
  readonly onEvent: (event: ServerSentEvent) => Promise<void>
  /** Signals come from now on; called after each break. */
  readonly onOpen: () => void
  /** The stream has ended, and is asked for again after a wait. */
  readonly onLost: (reason: string) => void
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>
}

const firstWaitMs = 1_000
const longestWaitMs = 30_000
/** The relay says something every 15 seconds. */
const silenceMs = 45_000

/**
 * Follows what happens at a running relay until the signal aborts. After a break it goes on behind the last event that it has
 * seen. Throws RelayError if the relay can't be reached at first, or refuses.
 */
export async function followSignals(follow: Follow): Promise<void> {
  const { signal, onEvent, onOpen, onLost, wait } = follow
  let lastId = ''
  let wasOpen = false
  let waitMs = firstWaitMs

  const stream: Omit<Stream, 'lastId'> = {
    async onEvent(event) {
      lastId = event.id
      await onEvent(event)
    },
    onOpen() {
      wasOpen = true
      waitMs = firstWaitMs
      onOpen()
    },
  }
  while (!signal.aborted) {
    try {
      await readStream(follow, { ...stream, lastId })
      if (!signal.aborted) onLost('the relay has ended the stream')
    } catch (error) {
      if (signal.aborted) return
      if (!wasOpen || !(error instanceof RelayError) || error.code !== 'unavailable') throw error
      onLost(error.message)
    }
    await wait(waitMs, signal)
    waitMs = Math.min(waitMs * 2, longestWaitMs)
  }
}

interface Stream extends Pick<Follow, 'onEvent' | 'onOpen'> {
  /** Of the last event that was seen; empty at first. */
  readonly lastId: string
}

/** Reads one stream to its end. Throws RelayError `unavailable` if it breaks, or can't be had for now. */
async function readStream(follow: Follow, { lastId, onEvent, onOpen }: Stream): Promise<void> {
  const silence = new AbortController()
  const timer = setTimeout(() => silence.abort(), silenceMs)
  try {
    const answer = await ask(follow, lastId, AbortSignal.any([follow.signal, silence.signal]))
    onOpen()
    const read = createEventReader()
    for await (const piece of piecesOf(answer, follow)) {
      timer.refresh()
      for (const event of read(piece)) await onEvent(event)
    }
  } finally {
    clearTimeout(timer)
  }
}

async function ask({ origin, token, query }: Follow, lastId: string, signal: AbortSignal): Promise<Response> {
  const url = new URL(`/api/v1/signals?${new URLSearchParams(query)}`, origin)
  const resume = lastId === '' ? {} : { 'last-event-id': lastId }
  const headers = { authorization: `Bearer ${token}`, accept: 'text/event-stream', ...resume }
  const answer = await fetch(url, { headers, signal }).catch((cause: unknown) => {
    throw new RelayError('unavailable', `no relay answers at ${origin}`, { cause })
  })
  if (answer.ok) return answer
  throw refusalOf(origin, answer.status, await answer.text())
}

async function* piecesOf({ body }: Response, { origin }: Follow): AsyncGenerator<string> {
  try {
    if (body) yield* body.pipeThrough(new TextDecoderStream())
  } catch (cause) {
    throw new RelayError('unavailable', `the stream from ${origin} broke off`, { cause })
  }
}

function refusalOf(origin: string, status: number, text: string): RelayError {
  const isForNow = status === 429 || status >= 500
  const code = isForNow ? 'unavailable' : status === 401 ? 'unauthorized' : status === 404 ? 'not_found' : 'invalid'
  return new RelayError(code, `the relay at ${origin} answers ${status}${messageIn(text)}`)
}

function messageIn(text: string): string {
  try {
    return `: ${String(JSON.parse(text).error.message).slice(0, 300)}`
  } catch {
    return ''
  }
}
