import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { ErrorEnvelope } from '../api/envelope.ts'
import { type ErrorCode, messageOf, RelayError } from '../domain/errors.ts'
import { astrayPost } from './astray.ts'

// The compiler asks for a status when a code is added.
export const statusOf: Record<ErrorCode, number> = {
  invalid: 400,
  unauthorized: 401,
  not_found: 404,
  conflict: 409,
  too_large: 413,
  unsupported: 415,
  rate_limited: 429,
  unavailable: 503,
  overloaded: 503,
}

/** A 503 always says when to try again. */
const usualRetryAfterMs = 5_000

const codeOf = new Map<number, ErrorCode>(Object.entries(statusOf).map(([code, status]) => [status, code as ErrorCode]))

/** An expected failure, from any code; null for a bug. Fastify's own refusals carry a status below 500. */
export function expectedError(error: unknown): RelayError | null {
  if (error instanceof RelayError) return error
  const { statusCode, message } = error as Partial<FastifyError>
  if (typeof statusCode !== 'number' || statusCode < 400 || statusCode >= 500) return null
  return new RelayError(codeOf.get(statusCode) ?? 'invalid', message ?? 'bad request')
}

/** Answers errors in the envelope. A bug is logged here, once, and says nothing of itself to the caller. */
export function installErrors(app: FastifyInstance): void {
  app.setNotFoundHandler((request, reply) => {
    const path = pathOf(request.url)
    const astray = request.method === 'POST' ? astrayPost(path) : null
    if (astray) app.relay.emit(astray)
    return sendError(reply, request, new RelayError('not_found', `no route ${request.method} ${path}`))
  })
  app.setErrorHandler((error, request, reply) => {
    const expected = expectedError(error)
    if (!expected) app.logger.error({ err: error, requestId: request.id }, 'request.failed')
    return sendError(reply, request, expected)
  })
}

/** Answers an error in the envelope; null is a bug. */
export function sendError(reply: FastifyReply, request: FastifyRequest, error: RelayError | null): FastifyReply {
  const status = error ? statusOf[error.code] : 500
  const envelope: ErrorEnvelope = {
    ok: false,
    error: {
      code: error?.code ?? 'internal',
      message: error ? messageOf(error) : 'internal error',
      status,
      retryable: status === 429 || status >= 500,
      requestId: request.id,
      details: error?.details ?? {},
    },
  }
  const retryAfterMs = error?.retryAfterMs ?? (status === 503 ? usualRetryAfterMs : null)
  if (retryAfterMs !== null) reply.header('retry-after', Math.max(1, Math.ceil(retryAfterMs / 1000)))
  return reply.code(status).type('application/problem+json').send(JSON.stringify(envelope))
}

function pathOf(url: string): string {
  return (url.split('?', 1)[0] ?? '').slice(0, 200)
}

const unreadable: Readonly<Record<string, readonly [status: number, reason: string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'Request Header Fields Too Large'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout'],
}

/** The whole answer, as text, to what is not a request that could be read. */
export function unreadableAnswer({ code = '' }: NodeJS.ErrnoException): string {
  const [status, reason] = unreadable[code] ?? [400, 'Bad Request']
  const body = JSON.stringify({
    ok: false,
    error: { code: 'invalid', message: reason, status, retryable: status === 408, requestId: null, details: {} },
  })
  const head = [
    `HTTP/1.1 ${status} ${reason}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${body.length}`,
    'Connection: close',
  ]
  return `${head.join('\r\n')}\r\n\r\n${body}`
}
