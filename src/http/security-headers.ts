import type { FastifyInstance, FastifyReply } from 'fastify'

/** Answers are data: no browser shall take one for a page, run or frame it, keep it, or tell others where it came from. */
export const securityHeaders: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
}

/** Every answer that Fastify sends carries them, errors included; a route may set its own. */
export function installSecurityHeaders(app: FastifyInstance): void {
  app.addHook('onSend', (_request, reply, payload, done) => {
    protect(reply)
    done(null, payload)
  })
}

export function protect(reply: FastifyReply): FastifyReply {
  for (const name in securityHeaders) if (!reply.hasHeader(name)) reply.header(name, securityHeaders[name])
  return reply
}
