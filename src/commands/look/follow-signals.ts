import { RelayError } from '../../domain/errors.ts'
import { createEventReader, type ServerSentEvent } from '../../http-client/server-sent-events.ts'
import type { RunningRelay } from '../shared/running-relay.ts'

export interface Follow {
  readonly relay: Pick<RunningRelay, 'stream'>
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
async function readStream({ relay, query, signal }: Follow, { lastId, onEvent, onOpen }: Stream): Promise<void> {
  const headers: Record<string, string> = lastId === '' ? {} : { 'last-event-id': lastId }
  const pieces = await relay.stream(`/signals?${new URLSearchParams(query)}`, { headers, signal, silenceMs })
  onOpen()
  const read = createEventReader()
  for await (const piece of pieces) {
    for (const event of read(piece)) await onEvent(event)
  }
}
