import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

/** What to answer: a status with a body, or what to do to the connection. */
export type CmsAnswer =
  | { readonly status?: number; readonly body?: unknown; readonly headers?: Record<string, string> }
  | ((response: ServerResponse, request: IncomingMessage) => void)

export interface CmsRequest {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

export interface ScriptedCms {
  readonly origin: string
  readonly port: number
  readonly requests: CmsRequest[]
  /** Decides the answer of each request from now on. */
  answer(script: (request: CmsRequest) => CmsAnswer | Promise<CmsAnswer>): void
}

/** The API of a CMS that answers by script, over real HTTP on loopback. Closed when the test ends. */
export async function startScriptedCms(
  script: (request: CmsRequest) => CmsAnswer | Promise<CmsAnswer> = () => ({ body: {} }),
): Promise<ScriptedCms> {
  const requests: CmsRequest[] = []
  let current = script
  const server = createServer(async (incoming, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of incoming) chunks.push(chunk as Buffer)
    const { method = '', url = '', headers } = incoming
    const request = { method, url, headers, body: Buffer.concat(chunks).toString('utf8') }
    requests.push(request)
    const answer = await current(request)
    if (typeof answer === 'function') return answer(response, incoming)
    const { status = 200, body, headers: own = {} } = answer
    response.writeHead(status, { 'content-type': 'application/json', ...own })
    response.end(typeof body === 'string' ? body : JSON.stringify(body ?? null))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return {
    origin: `http://127.0.0.1:${port}`,
    port,
    requests,
    answer(next) {
      current = next
    },
  }
}
