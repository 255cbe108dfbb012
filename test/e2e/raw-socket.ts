import { connect, type Socket } from 'node:net'
import { expect, onTestFinished, vi } from 'vitest'

/** A bare connection, for what no client library would send. */
export interface RawSocket {
  readonly socket: Socket
  write(text: string | Buffer): void
  /** Everything that has come in so far. */
  received(): string
  /** Resolves once what has come in matches. */
  until(pattern: RegExp, timeout?: number): Promise<string>
  /** Resolves once the other side has ended the connection. */
  readonly closed: Promise<void>
}

export async function openSocket(origin: string): Promise<RawSocket> {
  const { hostname, port } = new URL(origin)
  const socket = connect({ host: hostname, port: Number(port) })
  onTestFinished(() => void socket.destroy())
  let received = ''
  socket.on('data', (chunk) => {
    received += chunk.toString('latin1')
  })
  const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()))
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject))
  socket.on('error', () => {}) // a reset is an end like another
  return {
    socket,
    write: (text) => void socket.write(text),
    received: () => received,
    closed,
    async until(pattern, timeout = 5_000) {
      await vi.waitFor(() => expect(received).toMatch(pattern), { timeout, interval: 5 })
      return received
    },
  }
}

/** A request as text. `body` sets Content-Length, unless a header does. */
export function requestText(path: string, headers: Record<string, string>, body?: string): string {
  const all = {
    host: 'relay',
    ...(body !== undefined && { 'content-length': String(Buffer.byteLength(body)) }),
    ...headers,
  }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  return `POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body ?? ''}`
}

/** A body in chunks of the size given, as `Transfer-Encoding: chunked` has it. */
export function chunked(body: string, size: number): string {
  const chunks = []
  for (let at = 0; at < body.length; at += size) {
    const chunk = body.slice(at, at + size)
    chunks.push(`${Buffer.byteLength(chunk).toString(16)}\r\n${chunk}\r\n`)
  }
  return `${chunks.join('')}0\r\n\r\n`
}
