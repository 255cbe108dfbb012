import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Sink {
  readonly baseUrl: string
  /** Called for each item that has arrived, at the moment its acknowledgement is written. */
  onItem: (item: { readonly id: string; readonly title: string }) => void
  readonly calls: () => number
  /** Whether the next call fails with 500, untaken; none does until it is set. */
  fails: () => boolean
  close(): void
}

/** An ingest API that takes everything, or all but what it is told to fail. */
export async function startSink(): Promise<Sink> {
  let calls = 0
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      calls += 1
      if (sink.fails()) {
        response.writeHead(500, { 'content-type': 'application/problem+json' })
        return void response.end(JSON.stringify({ ok: false, error: { code: 'internal', retryable: true } }))
      }
      const body = JSON.parse(Buffer.concat(chunks).toString())
      const items = body.items ?? (body.item ? [body.item] : body.ids.map((id: string) => ({ id, title: '' })))
      const results = items.map(({ id }: { id: string }) => ({ id, status: 'accepted' }))
      const data = { accepted: results.length, skipped: 0, failed: 0, results }
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ ok: true, data, meta: { requestId: `req_${calls}` } }))
      for (const item of items) sink.onItem(item)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const sink: Sink = {
    baseUrl: `http://127.0.0.1:${port}/v1/ingest`,
    onItem: () => {},
    calls: () => calls,
    fails: () => false,
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
  return sink
}
