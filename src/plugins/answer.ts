import type { FastifyReply } from 'fastify'
import type { Answer } from '../mapping/mapper.ts'
import { type OkEnvelope, ok } from './envelope.ts'

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
