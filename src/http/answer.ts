import type { FastifyReply } from 'fastify'
import { type OkEnvelope, ok } from '../api/envelope.ts'
import type { Answer } from '../mapping/mapper.ts'
import { securityHeaders } from './security-headers.ts'

export type Sent = FastifyReply | undefined

/** Answers a sender as a mapper says; without a body of its own, with ours. */
export function sendAnswer(
  reply: FastifyReply,
  { status, contentType, body }: Answer,
  requestId: string,
  own: OkEnvelope = ok({ event_id: null, status: 'ping' }, requestId),
): FastifyReply {
  reply.code(status)
  if (body === undefined) return reply.send(own)
  const type = contentType ?? (typeof body === 'string' ? 'text/plain' : 'application/json')
  const isText = typeof body === 'string' && type !== 'application/json'
  return reply.type(`${type}; charset=utf-8`).send(isText ? body : JSON.stringify(body))
}

/**
 * What nearly every webhook is answered: 202, and `ok({ event_id, status })` with the request's id. Gives what the handler is to
 * return: nothing if Fastify has nothing more to do, for it would wait for a reply.
 */
export function sendAccepted(reply: FastifyReply, eventId: string, status: 'accepted' | 'duplicate'): Sent {
  const { id } = reply.request
  // A server that stops has more to say, and Fastify's hooks say it.
  if (reply.server.isStopping()) return reply.code(202).send(ok({ event_id: eventId, status }, id))
  // Without Fastify's way to an answer: its hooks and its headers are a measurable part of an accept. Ids of ours need no escapes.
  const text = `{"ok":true,"data":{"event_id":"${eventId}","status":"${status}"},"meta":{"requestId":"${id}"}}`
  reply.hijack()
  reply.raw.writeHead(202, headersFor(text.length))
  reply.raw.end(text)
}

/** By length of the text, of which there are a few. */
const acceptedHeaders: string[][] = []

/** Names and values in turns, as Node writes them quickest. */
function headersFor(length: number): string[] {
  acceptedHeaders[length] ??= Object.entries({
    ...securityHeaders,
    'content-type': 'application/json; charset=utf-8',
    'content-length': String(length),
  }).flat()
  return acceptedHeaders[length]
}
