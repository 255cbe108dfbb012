import type { FastifyInstance, FastifyReply } from 'fastify'

/** Answers are data: no browser shall take one for a page, run or frame it, keep it, or tell others where it came from. */
export const securityHeaders: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
}

/** Every answer carries them, errors included; a route may set its own. */
export function installSecurityHeaders(app: FastifyInstance): void {
  // With a callback: a promise more for each request is a measurable part of taking a webhook.
  app.addHook('onRequest', (_request, reply, done) => {
    protect(reply)
    done()
  })
}

export function protect(reply: FastifyReply): FastifyReply {
  return reply.headers(securityHeaders)
}
