import { createServer, type ServerResponse } from 'node:http'
import { onTestFinished } from 'vitest'
import type { Clock } from './support.ts'

/** A call as it arrived. */
export interface Call {
  readonly path: string
  readonly key: string
  readonly nonce: string
  readonly timestampSec: number
  readonly text: string
  /** Ids of the items or tombstones, in order. */
  readonly ids: readonly string[]
}

/** What to answer: a status with a body, or what to do to the connection. Undefined: everything is accepted. */
export type Answer =
  | { readonly status: number; readonly body?: unknown; readonly headers?: Record<string, string> }
  | ((response: ServerResponse) => void)
  | undefined

export interface ScriptedIngest {
  readonly baseUrl: string
  readonly calls: Call[]
  /** Decides the answer of each call from now on. */
  answer(script: (call: Call) => Answer | Promise<Answer>): void
}

export const accepted = (ids: readonly string[]) => ({
  status: 200,
  body: {
    ok: true,
    data: { accepted: ids.length, skipped: 0, failed: 0, results: ids.map((id) => ({ id, status: 'accepted' })) },
    meta: { requestId: 'req' },
  },
})

export const refused = (status: number, code: string, retryable = false) => ({
  status,
  body: { ok: false, error: { code, message: `refused: ${code}`, status, retryable, requestId: 'req', details: {} } },
})

/** An ingest API that answers by script, over real HTTP. Closed when the test ends. */
export async function startScriptedIngest(clock: Pick<Clock, 'now'>): Promise<ScriptedIngest> {
  const calls: Call[] = []
  let script: (call: Call) => Answer | Promise<Answer> = () => undefined
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const text = Buffer.concat(chunks).toString('utf8')
    const body = JSON.parse(text)
    const ids: string[] = body.ids ?? (body.item ? [body.item] : (body.items ?? [])).map(({ id }: { id: string }) => id)
    const header = (name: string) => String(request.headers[name] ?? '')
    const call: Call = {
      path: request.url ?? '',
      key: header('idempotency-key'),
      nonce: header('x-nonce'),
      timestampSec: Number(header('x-timestamp')),
      text,
      ids,
    }
    calls.push(call)
    response.setHeader('date', new Date(clock.now()).toUTCString())
    const answer: Exclude<Answer, undefined> = (await script(call)) ?? accepted(ids)
    if (typeof answer === 'function') return answer(response)
    const type = answer.status >= 400 ? 'application/problem+json' : 'application/json'
    const payload = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body)
    response.writeHead(answer.status, { 'content-type': type, ...answer.headers }).end(payload)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as { port: number }
  return {
    baseUrl: `http://127.0.0.1:${port}/v1/ingest`,
    calls,
    answer(next) {
      script = next
    },
  }
}
