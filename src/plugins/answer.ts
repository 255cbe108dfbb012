import type { FastifyReply } from 'fastify'
import type { Answer } from '../mapping/mapper.ts'
import { type OkEnvelope, ok } from './envelope.ts'
import { securityHeaders } from './security-headers.ts'

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

/** What nearly every webhook is answered: `own` as JSON with 202. */
export function sendAccepted(reply: FastifyReply, own: OkEnvelope): FastifyReply {
  // A server that stops has more to say, and Fastify's hooks say it.
  if (reply.server.isStopping()) return reply.code(202).send(own)
  // Without Fastify's way to an answer: its hooks and its headers are a measurable part of an accept.
  const text = JSON.stringify(own)
  reply.hijack()
  reply.raw.writeHead(202, {
    ...securityHeaders,
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
  })
  reply.raw.end(text)
  return reply
}
