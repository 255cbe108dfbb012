import { randomUUID } from 'node:crypto'
import Fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { noCompilers } from '../http/no-compilers.ts'
import { checkCall } from '../ingest/server/checks.ts'
import { errorEnvelope, okEnvelope, Refusal } from '../ingest/server/refusal.ts'
import { bodySha256Of, readToken } from '../ingest/signer.ts'
import { siteHostOf, siteHostsOf } from '../ingest/site-domain.ts'
import { type CallPath, paths } from '../ingest/wire.ts'
import { applyCall } from './apply.ts'
import { createCallLog, type SandboxCall, type SandboxLog } from './call-log.ts'
import { openSandboxState, type SandboxItem } from './state.ts'
import { viewRoutes } from './views.ts'

export type { SandboxCall, SandboxLog } from './call-log.ts'
export type { SandboxItem } from './state.ts'

export interface SandboxOptions {
  readonly token: string
  readonly websiteId: string
  readonly siteDomain: string
  /** Further hosts of the site. */
  readonly aliases?: readonly string[]
  readonly now?: () => number
  /** Root of the API's paths. */
  readonly path?: string
  /** A file, to remember items and keys over restarts. */
  readonly state?: string
  readonly log?: SandboxLog
}

export interface Sandbox {
  /** Does not listen. Has no authentication on its pages: loopback only. */
  readonly app: FastifyInstance
  /** Last received first. */
  items(): readonly SandboxItem[]
  /** The last 200, latest first. */
  calls(): readonly SandboxCall[]
  close(): Promise<void>
}

const bodyLimit = 10 * 1024 * 1024
const noBytes = Buffer.alloc(0)

/**
 * An ingest API that judges every call as the real one would: signature, clock, nonce, idempotency, schema, checksum,
 * host. Source: ingest contract, all of it.
 */
export function createSandbox({
  now = Date.now,
  path = '/v1/ingest',
  state: file = ':memory:',
  log,
  ...options
}: SandboxOptions): Sandbox {
  readToken(options.token)
  const siteDomain = siteHostOf(options.siteDomain)
  const hosts = siteHostsOf(options.siteDomain, options.aliases ?? [])
  const state = openSandboxState(file)
  const calls = createCallLog(now, log)
  const app = Fastify({
    schemaController: { compilersFactory: noCompilers },
    bodyLimit,
    genReqId: () => `req_${randomUUID()}`,
    routerOptions: { maxParamLength: 4096 },
    forceCloseConnections: true,
  })

  app.addHook('onRequest', async (_request, reply) => {
    reply.header('date', new Date(now()).toUTCString())
  })
  app.setNotFoundHandler((request) => {
    throw new Refusal(404, 'request.not_found', `no ${request.method} here`)
  })
  app.setErrorHandler((error: FastifyError | Refusal, request, reply) => {
    const refusal = refusalOf(error)
    calls.note(request, { status: refusal.status, verdict: refusal.code, message: refusal.message })
    return answer(reply, refusal.status, errorEnvelope(refusal, request.id), 'application/problem+json')
  })

  app.register(async (api) => {
    // The signature covers the bytes as sent, so here nothing parses the body.
    api.removeAllContentTypeParsers()
    api.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
    for (const name of Object.keys(paths) as CallPath[]) {
      api.post<{ Body: Buffer | undefined }>(path + paths[name], (request, reply) => judge(name, request, reply))
    }
  })
  app.register(viewRoutes, { state, calls, websiteId: options.websiteId, siteDomain, path })

  function judge(
    name: CallPath,
    request: FastifyRequest<{ Body: Buffer | undefined }>,
    reply: FastifyReply,
  ): FastifyReply {
    const body = request.body ?? noBytes
    const at = now()
    const signed = { method: request.method, path: request.url.split('?', 1)[0]!, headers: request.headers, body }
    const takeNonce = (nonce: string) => state.takeNonce(nonce, at)
    const key = checkCall(signed, {
      token: options.token,
      websiteId: options.websiteId,
      siteDomain,
      nowMs: at,
      takeNonce,
    })

    const fingerprint = `${name} ${bodySha256Of(body)}`
    const known = state.answerOf(key)
    if (known && known.fingerprint !== fingerprint) {
      throw new Refusal(409, 'idempotency.key_reused', 'Idempotency-Key was used for another body')
    }
    if (known) {
      calls.note(request, { status: 200, verdict: 'replayed' })
      return answer(reply.header('idempotent-replayed', 'true'), 200, known.body)
    }
    const json = parseJson(body)
    const connectorType = String(request.headers['x-connector-type'])
    const context = { state, websiteId: options.websiteId, hosts, connectorType, at }
    const { applied, stored } = state.transaction(() => {
      const applied = applyCall(name, json, context)
      const stored = okEnvelope(applied, request.id)
      state.keepAnswer(key, { fingerprint, body: stored }, at)
      return { applied, stored }
    })
    const { results, ...items } = applied
    for (const { id, status, error } of results) {
      log?.info({ id, status, error, call: name, requestId: request.id }, 'sandbox.item')
    }
    calls.note(request, { status: 200, verdict: 'accepted', items })
    return answer(reply, 200, stored)
  }

  return {
    app,
    items: () => state.items(),
    calls: () => calls.list(),
    async close() {
      await app.close()
      state.close()
    },
  }
}

function answer(reply: FastifyReply, status: number, body: string, type = 'application/json'): FastifyReply {
  return reply.code(status).header('content-type', `${type}; charset=utf-8`).send(body)
}

function refusalOf(error: FastifyError | Refusal): Refusal {
  if (error instanceof Refusal) return error
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return new Refusal(413, 'validation.body_too_large', `body is larger than ${bodyLimit} bytes`)
  }
  const status = error.statusCode ?? 500
  return status < 500
    ? new Refusal(status, 'validation.failed', error.message)
    : new Refusal(500, 'internal', 'internal error')
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body))
  } catch {
    throw new Refusal(400, 'validation.failed', 'body is not JSON')
  }
}
