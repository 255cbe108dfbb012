import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import { checksumOf, type IngestItem } from '../../src/domain/ingest-item.ts'
import { createIngestClient, type IngestClient, type IngestClientOptions } from '../../src/ingest/client/client.ts'

export const token = 'con_01HZX.s3cr3t-Base64url_text'
export const websiteId = 'site_123'
export const siteDomain = 'example.com'
export const nowMs = 1_750_000_000_000

export function itemOf(id: string, fields: Partial<IngestItem> = {}): IngestItem {
  const content = {
    type: 'post' as const,
    url: `https://example.com/${encodeURIComponent(id)}`,
    html: `<p>${id}</p>`,
    ...fields,
  }
  return { id, ...content, checksum: fields.checksum ?? checksumOf(content) }
}

export interface TestServer {
  readonly url: string
  /** Sockets opened so far. */
  sockets(): number
}

/** A real HTTP server on loopback, closed with the test. */
export async function startServer(listener: RequestListener): Promise<TestServer> {
  const server = createServer(listener)
  let sockets = 0
  server.on('connection', () => {
    sockets += 1
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/ingest`, sockets: () => sockets }
}

/** A server that speaks TCP and decides for itself what of HTTP it keeps to. */
export async function startTcpServer(onData: (socket: Socket, call: number) => void): Promise<string> {
  const open = new Set<Socket>()
  let calls = 0
  const server = createTcpServer((socket) => {
    open.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => open.delete(socket))
    socket.on('data', (bytes) => {
      if (bytes.includes('POST /')) onData(socket, ++calls)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    for (const socket of open) socket.destroy()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

export function startClient(baseUrl: string, options: Partial<IngestClientOptions> = {}): IngestClient {
  const client = createIngestClient({
    baseUrl,
    token,
    websiteId,
    siteDomain,
    connectorType: 'api',
    connectorVersion: '1.0.0',
    timeoutMs: 5_000,
    connections: 2,
    now: () => nowMs,
    ...options,
  })
  onTestFinished(() => client.close())
  return client
}

export async function bytesOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks)
}
