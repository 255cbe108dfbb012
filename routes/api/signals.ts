import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { readInput } from '../../src/api/input.ts'
import { signalSchema } from '../../src/api/signals.ts'
import { RelayError } from '../../src/domain/errors.ts'
import { signalTypes } from '../../src/domain/signal-type.ts'
import type { Route } from '../../src/http/route.ts'
import type { Entry, SignalStream } from '../../src/observe/stream.ts'

const list = z.string().transform((text) => text.split(','))
const names = list.pipe(z.array(z.string().min(1)).max(50))

const signalQuery = z.strictObject({
  type: list.pipe(z.array(z.enum(signalTypes))).optional(),
  source: names.optional(),
  destination: names.optional(),
})

/** Readers at once: each holds a socket. */
const maxReaders = 16
const heartbeatMs = 15_000
/** How long a reader may take for what is left when the relay stops. */
const endingMs = 1_000

/** `GET /signals`: what happens, as server-sent events. */
export function signals(app: FastifyInstance): readonly Route[] {
  const { stream } = app.relay
  const readers = new Set<SignalReader>()
  app.addHook('preClose', async () => {
    for (const reader of readers) reader.end()
  })

  function handler(request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const wanted = wantedBy(readInput(signalQuery, request.query, 'query'))
    if (readers.size >= maxReaders) {
      throw new RelayError('rate_limited', `${maxReaders} streams are open already`, { retryAfterMs: heartbeatMs })
    }
    const lastId = request.headers['last-event-id']
    const reader = createReader(stream, wanted, typeof lastId === 'string' && lastId !== '' ? lastId : null)
    readers.add(reader)
    reader.once('close', () => readers.delete(reader))
    return reply
      .type('text/event-stream; charset=utf-8')
      .header('cache-control', 'no-store')
      .header('x-accel-buffering', 'no')
      .header('connection', 'close') // or the server, when it stops, would wait for the next request
      .send(reader)
  }

  return [
    {
      method: 'GET',
      path: '/api/v1/signals',
      name: 'streamSignals',
      tag: 'signals',
      role: 'viewer',
      summary: 'What happens, as it happens: server-sent events',
      query: signalQuery,
      answers: {
        200: {
          description: 'Each event is a signal, or `stream.gap` if some are gone; it ends when the relay stops.',
          type: 'text/event-stream',
          schema: signalSchema,
        },
      },
      errors: [400],
      holdsNoContent: true,
      hasHead: false, // it would read a stream that has no end
      handler,
    },
  ]
}

function wantedBy(query: z.output<typeof signalQuery>): (entry: Entry) => boolean {
  const isIn = (list: readonly string[] | undefined, value: unknown) =>
    list === undefined || (typeof value === 'string' && list.includes(value))
  return ({ type, signal }) =>
    isIn(query.type, type) &&
    isIn(query.source, 'source' in signal ? signal.source : null) &&
    isIn(query.destination, 'destination' in signal ? signal.destination : null)
}

interface SignalReader extends Readable {
  /** Says that there is no more; after a moment also to a reader that does not read. */
  end(): void
}

/**
 * The signals that come from now on, or after the one with `lastId`, as fast as the reader takes them. It holds no queue of its own,
 * only its place in the stream: one that is so slow that its place is gone, or that takes nothing from one heartbeat to the
 * next but one, is cut off.
 */
function createReader(stream: SignalStream, wanted: (entry: Entry) => boolean, lastId: string | null): SignalReader {
  const known = lastId === null ? stream.newest() : stream.seqOf(lastId)
  const isGap = known === null || known < stream.beforeOldest()
  let place = isGap ? stream.beforeOldest() : known
  let isAsked = false
  let isScheduled = false
  let unread = 0

  const reader = Object.assign(
    new Readable({
      read() {
        unread = 0
        isAsked = true
        pump()
      },
      destroy(error, done) {
        stopListening()
        clearInterval(heart)
        clearTimeout(ending)
        done(error)
      },
    }),
    { end },
  )

  function pump(): void {
    while (isAsked && !reader.destroyed && !reader.readableEnded) {
      const entry = stream.after(place)
      if (entry === null) return
      if (entry === 'lost') return void reader.destroy()
      place = entry.seq
      if (wanted(entry)) isAsked = reader.push(eventText(stream.idOf(entry.seq), entry.type, stream.textOf(entry)))
    }
  }

  /** Not within what has happened: that must not wait for its readers. */
  function schedule(): void {
    if (isScheduled) return
    isScheduled = true
    setImmediate(() => {
      isScheduled = false
      if (ending === undefined) pump()
      if (stream.after(place) === 'lost') reader.destroy()
    })
  }

  function beat(): void {
    if (ending !== undefined) return
    if (reader.readableLength > 0) unread += 1
    if (unread >= 2) return void reader.destroy()
    if (reader.readableLength === 0) reader.push(': heartbeat\n\n')
  }

  let ending: NodeJS.Timeout | undefined
  function end(): void {
    if (reader.destroyed) return
    pump()
    ending = setTimeout(() => reader.destroy(), endingMs)
    reader.push(null)
  }

  const stopListening = stream.listen(schedule)
  const heart = setInterval(beat, heartbeatMs)
  reader.push(`retry: 3000\n: from ${stream.idOf(place)} on\n\n`)
  if (isGap) reader.push(eventText(stream.idOf(place), 'stream.gap', JSON.stringify({ after: lastId })))
  return reader
}

function eventText(id: string, type: string, data: string): string {
  return `id: ${id}\nevent: ${type}\ndata: ${data}\n\n`
}
