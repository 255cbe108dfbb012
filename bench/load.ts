import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { SignedWebhook } from './shop.ts'

export interface LoadOptions {
  readonly port: number
  readonly connections: number
  /** The next webhook; null where there is none any more. */
  readonly next: () => SignedWebhook | null
  /** Stop sending after this long. Milliseconds. */
  readonly forMs?: number
}

export interface LoadResult {
  readonly answered: number
  readonly perSecond: number
  /** Of each webhook, from sending it to the end of its answer. Milliseconds. */
  readonly latenciesMs: readonly number[]
}

let lastDelivery = 0
const run = `${process.pid}-${Date.now()}`

/**
 * Sends webhooks over kept-alive connections, one under way on each, and counts the answers with 202; any other answer
 * is an error. Written on bare sockets, so that the generator is never slower than what it measures.
 */
export async function sendLoad({
  port,
  connections,
  next,
  forMs = Number.POSITIVE_INFINITY,
}: LoadOptions): Promise<LoadResult> {
  const sockets = await Promise.all(Array.from({ length: connections }, () => open(port)))
  const latenciesMs: number[] = []
  const start = performance.now()
  try {
    await Promise.all(
      sockets.map((socket) =>
        converse(
          socket,
          () => (performance.now() - start < forMs ? next() : null),
          (ms) => latenciesMs.push(ms),
        ),
      ),
    )
  } finally {
    for (const socket of sockets) socket.destroy()
  }
  const answered = latenciesMs.length
  return { answered, perSecond: (answered / (performance.now() - start)) * 1000, latenciesMs }
}

/** Sends webhooks at an even pace, each on the first free connection, whatever the answers take. */
export async function sendPaced(
  options: Omit<LoadOptions, 'forMs'> & { readonly perSecond: number; readonly forMs: number },
): Promise<void> {
  const { port, connections, perSecond, forMs, next } = options
  const free = await Promise.all(Array.from({ length: connections }, () => open(port)))
  const all = [...free]
  const start = performance.now()
  const underWay = new Set<Promise<void>>()
  for (let sent = 0; sent < (perSecond * forMs) / 1000; ) {
    const due = Math.floor(((performance.now() - start) * perSecond) / 1000)
    for (; sent < due && free.length > 0; sent += 1) {
      const socket = free.pop()!
      const call = converse(socket, onlyOnce(next()), () => {}).then(() => void free.push(socket))
      underWay.add(call)
      call.finally(() => underWay.delete(call))
    }
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  await Promise.all(underWay)
  for (const socket of all) socket.destroy()
}

function onlyOnce<T>(value: T): () => T | null {
  let given = false
  return () => {
    if (given) return null
    given = true
    return value
  }
}

async function open(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  await once(socket, 'connect')
  return socket
}

function converse(socket: Socket, next: () => SignedWebhook | null, onAnswer: (ms: number) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    let sentAt = 0
    let received = ''
    const send = (): boolean => {
      const webhook = next()
      if (!webhook) return false
      lastDelivery += 1
      sentAt = performance.now()
      socket.write(`${webhook.before}${run}-${lastDelivery}${webhook.after}`, 'latin1')
      return true
    }
    const finish = (error?: Error) => {
      socket.off('data', onData).off('error', finish).off('close', onClose)
      if (error) reject(error)
      else resolve()
    }
    const onClose = () => finish(new Error('the server closed the connection'))
    const onData = (chunk: Buffer) => {
      received += chunk.toString('latin1')
      const headEnd = received.indexOf('\r\n\r\n')
      if (headEnd < 0) return
      const length = Number(/\r\ncontent-length: (\d+)/i.exec(received)?.[1])
      if (received.length < headEnd + 4 + length) return
      if (received.slice(9, 12) !== '202') return finish(new Error(`answered ${received.slice(9)}`))
      received = ''
      onAnswer(performance.now() - sentAt)
      if (!send()) finish()
    }
    socket.on('data', onData).once('error', finish).once('close', onClose)
    if (!send()) finish()
  })
}
